"""Calls to OpenAI, or to a host that speaks its language, through the official SDK: one request each, answered by JSON or by an
EngineError."""

import json
import os
import ssl
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from textor.adapters.stt import openai_refusals as refusals
from textor.adapters.stt.openai_refusals import sentence
from textor.adapters.stt.openai_uploads import Upload
from textor.errors import EngineError

if TYPE_CHECKING:
    from openai import APIResponse, OpenAI

CONNECT_SECONDS = 10.0
SEND_SECONDS = 60.0
"""For each piece of a recording that is sent."""
HEAR_SECONDS = 600.0
"""Until the answer begins: the recording is heard while the connection waits."""
ANSWER_SECONDS = 120.0
"""For the whole answer, from its first byte on: a server that drips must not hold a thread for ever."""
LOOK_SECONDS = 10.0
MAX_BYTES = 64_000_000
NO_KEY = "none-is-needed"
"""A host of one's own may ask for none; the SDK insists on something."""

Clients = dict[int, "OpenAI"]
Request = Callable[["OpenAI"], "AbstractContextManager[APIResponse[Any]]"]


@dataclass
class Calls:
    """Talks to one host, which sentences call `who`. One client for each process, shared by its threads."""

    key: str = field(repr=False)
    base_url: str
    who: str = "OpenAI"
    hear_seconds: float = HEAR_SECONDS
    answer_seconds: float = ANSWER_SECONDS
    max_bytes: int = MAX_BYTES
    _clients: Clients = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        weakref.finalize(self, _close, self._clients)

    def transcribe(self, upload: Upload, **fields: Any) -> object:
        """Send a recording and wait for what is heard in it. Raises EngineError, Refused where the host says no."""
        with upload.path.open("rb") as file:
            part = (upload.name, file, upload.mime)
            return self._ask(lambda client: client.audio.transcriptions.with_streaming_response.create(file=part, **fields))

    def models(self) -> object:
        """The models that the host has."""
        return self._ask(lambda client: client.models.with_streaming_response.list(timeout=LOOK_SECONDS))

    def _ask(self, request: Request) -> object:
        """The SDK validates no answer, so it hands out its bytes here, and they are read with care."""
        client = self._client()
        import httpx2  # noqa: PLC0415 - comes with the SDK
        from openai import APIConnectionError, APIStatusError  # noqa: PLC0415 - on use

        try:
            with request(client) as response:
                body = self._read(response)
        except APIStatusError as error:
            raise refusals.refused(self.who, error.response, self._without_key(error.body)) from error
        except (APIConnectionError, httpx2.HTTPError, httpx2.StreamError) as error:
            raise self._unreachable(error) from error
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:  # a proxy's page, most likely: it has heard nothing and costs nothing
            raise refusals.misunderstood(self.who, retryable=True) from error

    def _without_key(self, body: object) -> object:
        """Some servers repeat the key that they refuse."""
        return json.loads(json.dumps(body).replace(self.key, "")) if self.key else body

    def _read(self, response: "APIResponse[Any]") -> bytes:
        until, found = monotonic() + self.answer_seconds, bytearray()
        for block in response.iter_bytes():
            found += block
            if len(found) > self.max_bytes:
                raise EngineError(sentence(f"{self.who} answered with more than {self.max_bytes // 1_000_000} MB."))
            if monotonic() > until:
                raise EngineError(sentence(f"{self.who} took too long to answer."), retryable=True)
        return bytes(found)

    def _client(self) -> "OpenAI":
        """A fork must not share connections: each process has its own."""
        known = self._clients.get(os.getpid())
        return known or self._clients.setdefault(os.getpid(), self._connected())

    def _connected(self) -> "OpenAI":
        """No redirects: a recording goes to the host that the operator named. No repeats: the queue decides about those."""
        import httpx2  # noqa: PLC0415 - comes with the SDK
        import openai  # noqa: PLC0415 - on use

        patience = httpx2.Timeout(self.hear_seconds, connect=CONNECT_SECONDS, write=SEND_SECONDS, pool=CONNECT_SECONDS)
        try:
            return openai.OpenAI(
                api_key=self.key or NO_KEY,
                base_url=self.base_url,
                timeout=patience,
                max_retries=0,
                http_client=openai.DefaultHttpxClient(timeout=patience, follow_redirects=False),
            )
        except httpx2.InvalidURL as error:
            raise EngineError("OPENAI_BASE_URL is no address. Ask the operator to correct it.") from error

    def _unreachable(self, error: Exception) -> EngineError:
        import httpx2  # noqa: PLC0415 - comes with the SDK

        causes = list(_causes(error))
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            return EngineError(sentence(f"{self.who}'s certificate could not be verified."), retryable=True)
        if any(isinstance(cause, httpx2.UnsupportedProtocol) for cause in causes):
            return EngineError("OPENAI_BASE_URL is no address. Ask the operator to correct it.")
        if any(isinstance(cause, httpx2.TimeoutException) for cause in causes):
            return EngineError(sentence(f"{self.who} did not answer in time."), retryable=True)
        return EngineError(sentence(f"{self.who} could not be reached."), retryable=True)


def _causes(error: BaseException | None) -> "list[BaseException]":
    found = []
    while error is not None:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _close(clients: Clients) -> None:
    """At the end of the engine or its process. What a forked child has inherited is its parent's."""
    client = clients.pop(os.getpid(), None)
    if client is not None:
        client.close()
