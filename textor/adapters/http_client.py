"""Outbound HTTP that no SDK covers: a time limit on every call, a cap on what is read, certificates verified, no redirects."""

import json
import os
import ssl
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from textor.errors import Unreachable

if TYPE_CHECKING:
    import httpx

REQUEST_SECONDS = 30.0
"""For connecting, for each piece sent and for the first byte of the answer."""
ANSWER_SECONDS = 120.0
"""For the whole answer, from its first byte on: a server that drips must not hold a worker for ever."""
MAX_BYTES = 64_000_000

Connections = dict[int, "httpx.Client"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. `headers` are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
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
        except ValueError:
            return None
        moment = then if then.tzinfo else then.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())


@dataclass
class HttpClient:
    """Talks to one server. `name` is what sentences call it; `headers` go with every request and never into an error or a log.

    Connections are kept, one set for each process. Proxies are taken from the environment, as the SDKs do.
    """

    name: str
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = REQUEST_SECONDS
    answer_seconds: float = ANSWER_SECONDS
    max_bytes: int = MAX_BYTES
    _connected: Connections = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        weakref.finalize(self, _close, self._connected)

    def send(self, method: str, path: str, **request: Any) -> Answer:
        """One request, whatever its status. `request` is httpx's: json, data, files, content, params, headers, timeout.

        `path` is joined to `base_url`; a whole address (where a provider says its result is) is asked without our headers.
        Raises Unreachable.
        """
        import httpx  # noqa: PLC0415 - on use

        try:
            client = self._client()
            own = {} if "://" in path else dict(self.headers)
            headers = {**own, **request.pop("headers", {})}
            with client.stream(method, path, headers=headers, **request) as response:
                return Answer(response.status_code, response.headers, self._read(response))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeEncodeError) as error:
            raise Unreachable(self._sentence(error)) from error

    def _read(self, response: "httpx.Response") -> bytes:
        until, found = monotonic() + self.answer_seconds, bytearray()
        for block in response.iter_bytes():
            found += block
            if len(found) > self.max_bytes:
                raise Unreachable(f"{self.name} answered with more than {self.max_bytes // 1_000_000} MB.")
            if monotonic() > until:
                raise Unreachable(f"{self.name} took too long to answer.")
        return bytes(found)

    def _client(self) -> "httpx.Client":
        """A fork must not share connections: each process has its own."""
        import httpx  # noqa: PLC0415 - on use

        known = self._connected.get(os.getpid())
        if known is None:
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=60)
            known = httpx.Client(base_url=self.base_url, timeout=self.seconds, limits=limits)
            known = self._connected.setdefault(os.getpid(), known)
        return known

    def _sentence(self, error: Exception) -> str:
        import httpx  # noqa: PLC0415 - on use

        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return f"{self.name}'s certificate could not be verified."
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
            return f"{self.name} has no address that can be asked."
        if isinstance(error, httpx.TimeoutException):
            return f"{self.name} did not answer in time."
        return f"{self.name} could not be reached."


def _close(connected: Connections) -> None:
    """What a forked child has inherited is its parent's."""
    client = connected.pop(os.getpid(), None)
    if client is not None:
        client.close()
