"""Large answers, written by pydantic itself: Flask's way takes them apart and escapes every letter that isn't English."""

from flask import Response
from pydantic import BaseModel
from pydantic_core import to_json


def out(answer: BaseModel, status: int = 200) -> Response:
    """The answer as JSON."""
    return Response(to_json(answer), status, content_type="application/json")
