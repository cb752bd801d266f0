"""Calls to OpenAI, or to a host that speaks its language, through the official SDK: one request each, answered by JSON or by an
EngineError."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from textor.adapters import openai_sdk
from textor.adapters.openai_sdk import Host
from textor.adapters.stt import openai_refusals as refusals
from textor.adapters.stt.openai_refusals import sentence
from textor.adapters.stt.openai_uploads import Upload
from textor.errors import EngineError

if TYPE_CHECKING:
    from openai import APIResponse, OpenAI

HEAR_SECONDS = 600.0
"""Until the answer begins: the recording is heard while the connection waits."""
ANSWER_SECONDS = 120.0
"""For the whole answer, from its first byte on: a server that drips must not hold a thread for ever."""
LOOK_SECONDS = 10.0
MAX_BYTES = 64_000_000
NO_ADDRESS = "OPENAI_BASE_URL is no address. Ask the operator to correct it."

Request = Callable[["OpenAI"], "AbstractContextManager[APIResponse[Any]]"]


@dataclass
class Calls:
    """Talks to one host, which sentences call `who`."""

    key: str = field(repr=False)
    base_url: str
    who: str = "OpenAI"
    hear_seconds: float = HEAR_SECONDS
    answer_seconds: float = ANSWER_SECONDS
    max_bytes: int = MAX_BYTES

    def __post_init__(self) -> None:
        self.host = Host(self.key, self.base_url, self.hear_seconds)

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
        import httpx2  # noqa: PLC0415 - comes with the SDK
        from openai import APIConnectionError, APIStatusError  # noqa: PLC0415 - on use

        try:
            with request(self.host.client()) as response:
                body = self._read(response)
        except APIStatusError as error:
            raise refusals.refused(self.who, error.response, self.host.without_key(error.body)) from error
        except (APIConnectionError, httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise self._unreachable(error) from error
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:  # a proxy's page, most likely: it has heard nothing and costs nothing
            raise refusals.misunderstood(self.who, retryable=True) from error

    def _read(self, response: "APIResponse[Any]") -> bytes:
        until, found = monotonic() + self.answer_seconds, bytearray()
        for block in response.iter_bytes():
            found += block
            if len(found) > self.max_bytes:
                raise EngineError(sentence(f"{self.who} answered with more than {self.max_bytes // 1_000_000} MB."))
            if monotonic() > until:
                raise EngineError(sentence(f"{self.who} took too long to answer."), retryable=True)
        return bytes(found)

    def _unreachable(self, error: Exception) -> EngineError:
        match openai_sdk.trouble(error):
            case "certificate":
                return EngineError(sentence(f"{self.who}'s certificate could not be verified."), retryable=True)
            case "address":
                return EngineError(NO_ADDRESS)
            case "late":
                return EngineError(sentence(f"{self.who} did not answer in time."), retryable=True)
            case _:
                return EngineError(sentence(f"{self.who} could not be reached."), retryable=True)
