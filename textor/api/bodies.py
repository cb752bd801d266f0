"""What comes and goes as JSON: how much, how deep, and nothing at all."""

from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider

SMALL_BYTES = 100_000


class Json(DefaultJSONProvider):
    """Thousands of brackets are no fault of ours: what nests deeper than Python reads is no JSON that anybody means."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return super().loads(s, **kwargs)
        except RecursionError as error:
            raise ValueError("nested too deep") from error


def prepare(app: Flask) -> None:
    """Read JSON so, everywhere."""
    app.json = Json(app)


def bound(calls: APIBlueprint, most_bytes: int = SMALL_BYTES) -> None:
    """Calls that take little: a body larger than this is 413, and never read whole."""

    @calls.before_request
    def bounded() -> None:
        request.max_content_length = most_bytes


def empty(status: int) -> Response:
    """An answer without a body, which therefore is of no kind."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response
