"""What every response carries and every log line shows: the request's id, the time it took, and never a key."""

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
SECRET = re.compile(
    r"(?P<name>(?:\b|%3F|%26)(?:api_key|access_token|token|password)(?:=|%3D)|/hooks/\d+/)[^&\s\"'<>]+|\b(?P<kind>tx_|guest_)[A-Za-z0-9_-]{8,}",
    re.IGNORECASE,
)
CHATTERERS = ("httpx", "httpx2", "botocore", "urllib3")  # a line per request to a provider, thousands a minute
QUIET_PATHS = ("/health", "/static/")

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """The id of the request at work, empty outside of one."""
    return _request_id.get()


def scrub(line: str) -> str:
    """The line without the keys in it: clients send theirs as `?api_key=`."""
    return SECRET.sub(lambda found: f"{found['name'] or found['kind']}[hidden]", line)


class Formatter(logging.Formatter):
    """One line per record (and its traceback), with the request's id, scrubbed."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line = scrub(super().format(record))
        return f"{line} [{request_id()}]" if request_id() else line


def configure_logging(level: str) -> None:
    """Log to stderr, unless the process has its own arrangement (gunicorn's, a test's)."""
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter())
    logging.basicConfig(level=level, handlers=[handler])
    for name in CHATTERERS:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


class Tracing:
    """WSGI middleware around the whole application: X-Request-ID, X-Process-Time-Ms and one log line without the query."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        began_at = time.perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID", "")
        current = given if SANE_ID.fullmatch(given) else secrets.token_hex(8)
        _request_id.set(current)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            milliseconds = (time.perf_counter() - began_at) * 1000
            headers = [*headers, ("X-Request-ID", current), ("X-Process-Time-Ms", f"{milliseconds:.1f}")]
            _log(environ, status, milliseconds)
            return start_response(status, headers, exc_info)

        return self._application(environ, start)


def _log(environ: "WSGIEnvironment", status: str, milliseconds: float) -> None:
    path = environ.get("PATH_INFO", "")
    is_quiet = status.startswith("304") or path.startswith(QUIET_PATHS)
    level = logging.DEBUG if is_quiet and not status.startswith("5") else logging.INFO
    log.log(level, "%s %s %s in %.1f ms", environ.get("REQUEST_METHOD"), ascii(path)[1:-1], status[:3], milliseconds)
