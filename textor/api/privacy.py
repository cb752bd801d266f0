"""What the API answers is for its caller alone: nothing on the way keeps it, unless the call says otherwise."""

from flask import Flask, Response, request

from textor.api import counting


def prepare(app: Flask) -> None:
    """Say so on every answer of a family."""

    @app.after_request
    def kept_by_nobody(response: Response) -> Response:
        if request.path.startswith(counting.PATHS):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
