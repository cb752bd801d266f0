"""What the API answers is for its caller alone: nothing on the way keeps it, unless the call says otherwise."""

from flask import Flask, Response, request

PATHS = ("/api", "/v1")


def prepare(app: Flask) -> None:
    """Say so on every answer of a family."""

    @app.after_request
    def kept_by_nobody(response: Response) -> Response:
        if request.path.startswith(PATHS):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
