"""Outbound HTTP that no SDK covers: a time limit on every answer, a cap on what is read, certificates verified, no redirects."""

import json
import os
import ssl
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from socket import SHUT_RDWR
from threading import Lock, Timer
from time import monotonic
from typing import TYPE_CHECKING, Any

from textor.errors import Unreachable

if TYPE_CHECKING:
    import httpx

REQUEST_SECONDS = 30.0
"""For connecting, for each piece sent and for the first byte of the answer."""
ANSWER_SECONDS = 120.0
"""For the head of an answer, and for the rest of it: a server that drips must not hold a worker for ever."""
MAX_BYTES = 64_000_000
IDLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. `headers` are found in any case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def retry_after(self) -> float | None:
        """Seconds until the server wants to be asked again, where it says so, as a number or as a date."""
        said = self.headers.get("retry-after", "").strip()
        if said.isascii() and said.isdigit():
            return float(said)
        try:
            then = parsedate_to_datetime(said)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        moment = then if then.tzinfo else then.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())


@dataclass(eq=False)
class _Line:
    """A client with its one connection, in the hands of one thread. The head of an answer is read inside of the library, which
    limits the time for each piece of it only: who drips has the connection cut."""

    client: "httpx.Client"
    seconds: float
    is_cut: bool = False
    _stream: Any = None
    _timer: Timer | None = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """What httpcore's extension of that name tells: `connection.connect_tcp.complete` and the like."""
        step = event.partition(".")[2]
        if step in {"connect_tcp.complete", "start_tls.complete"}:
            self._stream = info["return_value"]
        elif step == "receive_response_headers.started":
            self._timer = Timer(self.seconds, self._cut)
            self._timer.daemon = True
            self._timer.start()
        elif step.startswith("receive_response_headers.") and self._timer:
            self._timer.cancel()

    def _cut(self) -> None:
        self.is_cut = True
        socket = self._stream.get_extra_info("socket") if self._stream else None
        with suppress(OSError):
            if socket:
                socket.shutdown(SHUT_RDWR)


Lines = dict[int, list[_Line]]


@dataclass
class HttpClient:
    """Talks to one server. `name` is what sentences call it; `headers` go with every request and never into an error or a log.

    Connections are kept, some for each process. Proxies are taken from the environment, as the SDKs do.
    """

    name: str
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = REQUEST_SECONDS
    answer_seconds: float = ANSWER_SECONDS
    max_bytes: int = MAX_BYTES
    secret: str = field(default="", repr=False)
    """Our key: taken out of every answer, since some servers repeat what they refuse."""
    _idle: Lines = field(default_factory=dict, repr=False)
    """By process: a fork must not share connections."""
    _trusted: ssl.SSLContext | None = field(default=None, repr=False)
    _lock: Any = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        weakref.finalize(self, _close, self._idle)

    def send(self, method: str, path: str, **request: Any) -> Answer:
        """One request, whatever its status. `request` is httpx's: json, data, files, content, params, headers, timeout.

        `path` is joined to `base_url`; a whole address (where a provider says its result is) is asked without our headers.
        Raises Unreachable.
        """
        import httpx  # noqa: PLC0415 - on use

        is_elsewhere = path.lower().startswith(("http://", "https://"))
        request["headers"] = {**({} if is_elsewhere else self.headers), **request.get("headers", {})}
        try:
            with self._line(is_kept=not is_elsewhere) as line:
                return self._sent(line, method, path, request)
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            raise Unreachable(self._sentence(error)) from error

    def _sent(self, line: _Line, method: str, path: str, request: Mapping[str, Any]) -> Answer:
        import httpx  # noqa: PLC0415 - on use

        try:
            with line.client.stream(method, path, extensions={"trace": line.trace}, **request) as response:
                return Answer(response.status_code, response.headers, self._read(response))
        except httpx.HTTPError as error:
            raise Unreachable(self._too_late() if line.is_cut else self._sentence(error)) from error

    def _read(self, response: "httpx.Response") -> bytes:
        until, found = monotonic() + self.answer_seconds, bytearray()
        for block in response.iter_bytes():
            found += block
            if len(found) > self.max_bytes:
                raise Unreachable(f"{self.name} answered with more than {self.max_bytes // 1_000_000} MB.")
            if monotonic() > until:
                raise Unreachable(self._too_late())
        return bytes(found).replace(self.secret.encode(), b"")

    @contextmanager
    def _line(self, *, is_kept: bool) -> Iterator[_Line]:
        """One that was used before, if there is any. Who is asked once, elsewhere, gets one of its own, without our cookies."""
        idle = self._idle.setdefault(os.getpid(), []) if is_kept else []
        try:
            line = idle.pop()
        except IndexError:
            line = self._connect()
        line.is_cut = False
        try:
            yield line
        finally:
            if is_kept:
                idle.append(line)
            else:
                line.client.close()

    def _connect(self) -> _Line:
        import httpx  # noqa: PLC0415 - on use

        limits = httpx.Limits(max_connections=None, max_keepalive_connections=1, keepalive_expiry=IDLE_SECONDS)
        with self._lock:  # whom to trust takes a tenth of a second to read: once for all connections
            self._trusted = self._trusted or httpx.create_ssl_context()
        made = httpx.Client(base_url=self.base_url, timeout=self.seconds, limits=limits, verify=self._trusted)
        return _Line(made, self.answer_seconds)

    def _too_late(self) -> str:
        return f"{self.name} took too long to answer."

    def _sentence(self, error: Exception) -> str:
        import httpx  # noqa: PLC0415 - on use

        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return f"{self.name}'s certificate could not be verified."
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
            return f"{self.name} has no address that can be asked."
        if isinstance(error, httpx.LocalProtocolError | UnicodeEncodeError):
            return f"{self.name} can't be asked with such a key. Ask the operator to correct it."
        if isinstance(error, httpx.TimeoutException):
            return f"{self.name} did not answer in time."
        return f"{self.name} could not be reached."


def _close(idle: Lines) -> None:
    """What a forked child has inherited is its parent's."""
    for line in idle.pop(os.getpid(), []):
        line.client.close()
