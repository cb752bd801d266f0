"""Large answers, written by pydantic itself: Flask's way takes them apart and escapes every letter that isn't English."""

from flask import Response
from pydantic import BaseModel


def out(answer: BaseModel, status: int = 200) -> Response:
    """The answer as JSON."""
    return Response(answer.model_dump_json(by_alias=True), status, content_type="application/json")
