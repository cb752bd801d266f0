"""The sound of Twilio's recordings, which its SDK knows nothing of: an address below the account's, asked with its credentials.

Redirects lead to stores of other hosts, which never see the credentials. Who asks for both channels of a recording that has one
is refused (error 16113), and asks again without.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING

from textor.errors import CallsError, NotFound, TooLarge

if TYPE_CHECKING:
    import httpx

REDIRECTS = {301, 302, 303, 307, 308}
MOST_REDIRECTS = 5
CONNECT_SECONDS, PIECE_SECONDS = 5.0, 30.0
BLOCK_BYTES = 65_536
NO_SUCH_CHANNELS = 400
PASSED_ON = ("content-type", "content-length", "content-range", "accept-ranges", "etag", "last-modified")

Sink = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Sound:
    """An answer that is being read: `blocks` until its end. `headers` are those that a player needs, in lower case."""

    status: int
    headers: Mapping[str, str]
    blocks: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Media:
    """Below `account_url`, with the account's credentials."""

    account_url: str
    credentials: tuple[str, str] = field(repr=False)

    def address(self, sid: str) -> str:
        """Where the sound of a recording is asked for."""
        return f"{self.account_url}/Recordings/{sid}.wav"

    def status(self, sid: str, seconds: float) -> int | None:
        """The HTTP status of asking for the sound now; None where none came in so many seconds. Reads its head alone."""
        try:
            with self.opened(sid, seconds=seconds, byte_range="bytes=0-0") as sound:
                return sound.status
        except CallsError:
            return None

    def download(self, sid: str, sink: Sink, *, seconds: float, max_bytes: int) -> str:
        """All of the sound, each voice in its channel where there are two; the media type that Twilio gives it.

        Raises NotFound, TooLarge, CallsError.
        """
        for channels in (2, None):
            with self.opened(sid, seconds=seconds, channels=channels) as sound:
                if sound.status == NO_SUCH_CHANNELS and channels:
                    continue
                _check(sound)
                _pour(sound, sink, max_bytes)
                return sound.headers.get("content-type", "").partition(";")[0].strip().lower()
        raise CallsError("Twilio does not give out the sound of this recording.")

    @contextmanager
    def opened(
        self, sid: str, *, seconds: float, byte_range: str = "", channels: int | None = None, kind: str = "wav"
    ) -> Iterator[Sound]:
        """The answer to asking for the sound, whatever its status; all of it must come in so many seconds. Raises CallsError."""
        import httpx  # noqa: PLC0415 - on use

        until = monotonic() + seconds
        timeout = httpx.Timeout(min(PIECE_SECONDS, seconds), connect=min(CONNECT_SECONDS, seconds))
        url = f"{self.account_url}/Recordings/{sid}.{kind}{f'?RequestedChannels={channels}' if channels else ''}"
        headers = {"Accept-Encoding": "identity"} | ({"Range": byte_range} if byte_range else {})
        try:
            with (
                httpx.Client(timeout=timeout, verify=_trusted()) as client,
                self._followed(client, url, headers, until) as response,
            ):
                told = {name: response.headers[name] for name in PASSED_ON if name in response.headers}
                yield Sound(response.status_code, told, _blocks(response, until))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CallsError("Twilio could not be reached, or broke off.", retryable=True) from error

    @contextmanager
    def _followed(self, client: "httpx.Client", url: str, headers: Mapping[str, str], until: float) -> "Iterator[httpx.Response]":
        import httpx  # noqa: PLC0415 - on use

        home, place = httpx.URL(url), httpx.URL(url)
        for _ in range(MOST_REDIRECTS + 1):
            _in_time(until)
            is_home = place.host == home.host and place.port in {home.port, None}
            auth = httpx.BasicAuth(*self.credentials) if is_home else None
            with client.stream("GET", place, headers=headers, auth=auth) as response:
                if response.status_code not in REDIRECTS:
                    yield response
                    return
                place = place.join(response.headers.get("location", ""))
        raise CallsError("Twilio redirects again and again.")


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates count takes a tenth of a second to read: once for all."""
    import httpx  # noqa: PLC0415 - on use

    return httpx.create_ssl_context()


def _blocks(response: "httpx.Response", until: float) -> Iterator[bytes]:
    for block in response.iter_raw(BLOCK_BYTES):
        _in_time(until)
        yield block


def _in_time(until: float) -> None:
    if monotonic() > until:
        raise CallsError("Twilio took too long to send the recording.", retryable=True)


def _check(sound: Sound) -> None:
    if sound.status in {404, 410}:
        raise NotFound("Recording not found")
    if sound.status in {401, 403}:
        raise CallsError("Twilio refuses this account the sound. Ask the operator to check TWILIO_AUTH_TOKEN.")
    if sound.status != 200:
        may_pass = sound.status in {408, 429} or sound.status >= 500
        raise CallsError(f"Twilio does not give out the sound (status {sound.status}).", retryable=may_pass)


def _pour(sound: Sound, sink: Sink, max_bytes: int) -> None:
    count = 0
    for block in sound.blocks:
        count += len(block)
        if count > max_bytes:
            raise TooLarge(f"File size exceeds {max_bytes // 1_000_000}MB limit")
        sink(block)
    said = sound.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:20]) != count:
        raise CallsError("Twilio broke off while it sent the recording.", retryable=True)
