"""What comes and goes as JSON: how much, how deep, and nothing at all."""

import re
from typing import Any

from apiflask import APIBlueprint
from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider

from textor.doorstep import chunks

SMALL_BYTES = 100_000
LARGE = {413: "The body is far larger than this call needs."}


HALF_A_LETTER = re.compile(r"\\u[dD][89a-fA-F]")


class Json(DefaultJSONProvider):
    """Refuses, as no JSON at all, what Python reads and nobody means: thousands of brackets, and halves of letters, which no
    database, no hash and no file takes. Nothing at all is an object that says nothing."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        if not s:
            return {}
        try:
            found = super().loads(s, **kwargs)
            if HALF_A_LETTER.search(s if isinstance(s, str) else s.decode("latin-1")):
                self.dumps(found, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError; two halves that fit pass
            return found
        except RecursionError as error:
            raise ValueError("nested too deep") from error


def prepare(app: Flask) -> None:
    """Read JSON so, everywhere; and no body breaks anything by how it is sent."""
    app.json = Json(app)
    chunks.prepare(app)


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
