"""HTTP to addresses that strangers name: webhooks out, recordings by address. What `address_guard` refuses is never connected to.

A name is looked up once for each connection, which goes to the address that was checked; the certificate and the Host header stay
the name's. Each redirect is looked at anew. No proxy is taken from the environment: it would be the one to connect.
A deadline holds for everything together, so that one who drips holds nobody.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from textor.adapters import address_guard
from textor.adapters.address_guard import Resolve
from textor.adapters.http_client import Answer
from textor.errors import AddressRefused, TextorError, TooLarge, Unreachable

if TYPE_CHECKING:
    import httpcore
    import httpx

PATIENCE_SECONDS = 15.0
"""For each piece of an answer, within the deadline for the whole."""
REDIRECTS = {301, 302, 303, 307, 308}
MOST_REDIRECTS = 5
USER_AGENT = "Textor"

TOO_LATE = "The server took too long to answer."

Sink = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` for everything, from the look-up of the name to the last byte; `max_bytes` of the answer's body."""

    seconds: float
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a download came to. `url` is where it lay in the end; `media_type` is what the server says, not to be believed."""

    url: str
    media_type: str
    size_bytes: int


@dataclass
class GuardedHttp:
    """Asks servers that strangers name. With `private` those on this machine and its local network, too."""

    private: bool = False
    resolve: Resolve = address_guard.resolved
    trusted: ssl.SSLContext | None = field(default=None, repr=False)
    """Whose certificates count; None: those of the usual authorities."""
    _lock: Any = field(default_factory=Lock, repr=False)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], limits: Limits) -> Answer:
        """One request; redirects are not followed. Of the body as much is read as the limits allow, and no more.

        Raises AddressRefused, Unreachable.
        """
        import httpx  # noqa: PLC0415 - on use

        until = monotonic() + limits.seconds
        with self._asked("POST", self._parsed(url), until, headers, body) as response:
            found = b"".join(_up_to(response, limits.max_bytes))
            return Answer(response.status, httpx.Headers(response.headers), found)

    def download(self, url: str, sink: Sink, limits: Limits, headers: Mapping[str, str] | None = None) -> Found:
        """Fetch what lies there, piece by piece into `sink`. `headers` go to the host of `url` only.

        Raises AddressRefused, TooLarge, Unreachable (also where the answer isn't 200).
        """
        place, until = self._parsed(url), monotonic() + limits.seconds
        origin = _origin(place)
        for _ in range(MOST_REDIRECTS + 1):
            own = dict(headers or {}) if _origin(place) == origin else {}
            with self._asked("GET", place, until, own) as response:
                if response.status not in REDIRECTS:
                    return _received(response, place, sink, limits.max_bytes)
                place = self._next(response, place)
        raise Unreachable("The server redirects again and again.")

    def _parsed(self, url: str) -> "httpx.URL":
        return address_guard.parsed(url, private=self.private)

    def _next(self, response: "httpcore.Response", place: "httpx.URL") -> "httpx.URL":
        import httpx  # noqa: PLC0415 - on use

        location = _header(response, b"location")
        try:
            return self._parsed(str(place.join(location)))
        except httpx.InvalidURL as error:
            raise AddressRefused("The server redirects to an address that can't be asked.") from error

    @contextmanager
    def _asked(
        self, method: str, place: "httpx.URL", until: float, headers: Mapping[str, str], body: bytes = b""
    ) -> Iterator["httpcore.Response"]:
        import httpcore  # noqa: PLC0415 - on use

        target = httpcore.URL(scheme=place.raw_scheme, host=place.raw_host, port=place.port, target=place.raw_path)
        host = place.netloc.decode("ascii")  # by itself httpcore leaves the brackets of an IPv6 address away
        sent = {"Host": host, "User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity", **headers}
        backend: Any = _Backend(self, until)
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self._trust(), network_backend=backend) as pool,
                pool.stream(method, target, headers=list(sent.items()), content=body or None) as response,
            ):
                yield response
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, UnicodeError) as error:
            raise Unreachable(_sentence(error)) from error

    def _trust(self) -> ssl.SSLContext:
        import httpx  # noqa: PLC0415 - on use

        with self._lock:  # whom to trust takes a tenth of a second to read: once for all
            self.trusted = self.trusted or httpx.create_ssl_context()
        return self.trusted


@dataclass(frozen=True, slots=True)
class _Backend:
    """httpcore's network, with a guard before it and a clock behind."""

    http: GuardedHttp
    until: float

    def connect_tcp(self, host: str, port: int, **options: Any) -> "_Stream":
        """To the first address of the host that answers, of those that may be asked."""
        import httpcore  # noqa: PLC0415 - on use

        failed: Exception = httpcore.ConnectError()
        for address in self._addresses(host, port):
            options["timeout"] = _left(self.until, httpcore.ConnectTimeout)
            try:
                return _Stream(httpcore.SyncBackend().connect_tcp(address, port, **options), self.until)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def _addresses(self, host: str, port: int) -> list[str]:
        """The system's resolver knows no time limit: it is asked in a thread that nobody has to wait for."""
        import httpcore  # noqa: PLC0415 - on use

        said: list[list[str] | TextorError] = []

        def ask() -> None:
            try:
                said.append(address_guard.reachable(host, port, private=self.http.private, resolve=self.http.resolve))
            except TextorError as error:
                said.append(error)

        asking = Thread(target=ask, daemon=True)
        asking.start()
        asking.join(_left(self.until, httpcore.ConnectTimeout))
        if not said:
            raise httpcore.ConnectTimeout
        if isinstance(said[0], TextorError):
            raise said[0]
        return said[0]


@dataclass(frozen=True, slots=True)
class _Stream:
    """A connection of which every step ends with the deadline of the whole."""

    inner: "httpcore.NetworkStream"
    until: float

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        import httpcore  # noqa: PLC0415 - on use

        return self.inner.read(max_bytes, _left(self.until, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        import httpcore  # noqa: PLC0415 - on use

        for place in range(0, len(buffer), 16_384):
            self.inner.write(buffer[place : place + 16_384], _left(self.until, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Stream":
        import httpcore  # noqa: PLC0415 - on use

        seconds = _left(self.until, httpcore.ConnectTimeout)
        return _Stream(self.inner.start_tls(ssl_context, server_hostname, seconds), self.until)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)

    def close(self) -> None:
        self.inner.close()


def _left(until: float, too_late: type[Exception]) -> float:
    left = until - monotonic()
    if left <= 0:
        raise too_late
    return min(left, PATIENCE_SECONDS)


def _received(response: "httpcore.Response", place: "httpx.URL", sink: Sink, max_bytes: int) -> Found:
    if response.status != 200:
        raise Unreachable(f"The server answered with the status {response.status}.")
    said, size_bytes = _header(response, b"content-length"), 0
    if said.isdigit() and int(said[:20]) > max_bytes:
        raise _too_large(max_bytes)
    for block in response.iter_stream():
        size_bytes += len(block)
        if size_bytes > max_bytes:
            raise _too_large(max_bytes)
        sink(block)
    return Found(str(place), _header(response, b"content-type").partition(";")[0].strip().lower(), size_bytes)


def _up_to(response: "httpcore.Response", max_bytes: int) -> Iterator[bytes]:
    for block in response.iter_stream():
        yield block[:max_bytes]
        max_bytes -= len(block)
        if max_bytes <= 0:
            return


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"File size exceeds {max_bytes // 1_000_000}MB limit")


def _header(response: "httpcore.Response", name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")


def _origin(place: "httpx.URL") -> tuple[str, bytes, int]:
    return place.scheme, place.raw_host, place.port or address_guard.PORTS[place.scheme]


def _sentence(error: Exception) -> str:
    import httpcore  # noqa: PLC0415 - on use

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "The server's certificate could not be verified."
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore.TimeoutException):
        return TOO_LATE
    return "The server could not be reached." if isinstance(error, httpcore.ConnectError) else "The server broke off."
