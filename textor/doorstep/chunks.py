"""Bodies that come in pieces: where the server can't make out the pieces, the sender is at fault, not the application."""

from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, Any

from flask import Flask
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def prepare(app: Flask) -> None:
    """Answer 400 to them, at every address that reads its body."""
    app.wsgi_app = _Understood(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to wrap it


class _Understood:
    """WSGI middleware around the application."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = _Body(environ["wsgi.input"])
        return self._app(environ, start_response)


class _Body:
    """The server's stream. What it finds in it is told as an error of HTTP."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def read(self, size: int = -1) -> bytes:
        try:
            return self._raw.read(size)
        except ParseException as error:
            raise BadRequest from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)
