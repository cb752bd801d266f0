"""Calls to a host that speaks OpenAI's language: one request each for a text that comes in pieces, through the official SDK.

Chat Completions, which every compatible host has. What a host does not take is left out the next time.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from socket import SHUT_RDWR
from threading import Timer
from time import monotonic
from typing import TYPE_CHECKING, Any

from textor.adapters import openai_sdk
from textor.adapters.openai_sdk import Host
from textor.adapters.text_models import openai_refusals as refusals
from textor.adapters.text_models.openai_refusals import Refused
from textor.adapters.text_models.port import Usage

if TYPE_CHECKING:
    import httpx2
    from openai import Stream
    from openai.types.chat import ChatCompletionChunk

READ_SECONDS = 60.0
"""That a host may keep silent."""
CALL_SECONDS = 110.0
"""For a whole call: a host that drips must not hold a worker for ever."""
LEAST_SECONDS = 5.0
"""A further request that has less left is not made."""
LONGEST_ANSWER = 400_000
"""Letters; a host that writes more has lost its way."""
LIMITS = ("max_tokens", "max_completion_tokens")
"""What the limit of an answer is called: the newer name is OpenAI's own."""
SHAPES = ("json_schema", "json_object")
"""How a host is held to a shape, the stricter way first."""

Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: messages by their roles, how much may be written, how freely, and the JSON schema of the answer, if any.
    `until`: when it must be over, on time.monotonic."""

    messages: Sequence[dict[str, str]]
    max_tokens: int
    temperature: float
    until: float
    schema: Told | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What came at once."""

    text: str
    finish: str
    refusal: str
    usage: Usage | None


@dataclass(slots=True)
class Written:
    """How an answer ended. `finish`: stop, length or content_filter; `refusal`: why the model wrote nothing, in its words; no
    `usage` where the host told none."""

    finish: str = ""
    refusal: str = ""
    letters: int = 0
    usage: Usage | None = None

    def add(self, event: Event) -> None:
        self.finish = event.finish or self.finish
        self.refusal += event.refusal
        self.letters += len(event.text)
        self.usage = event.usage or self.usage


@dataclass
class Calls:
    """Asks one model. Sentences call its host `who`."""

    host: Host
    model: str
    who: str
    is_openai: bool
    reasons: bool = False
    _refused: set[str] = field(default_factory=set, repr=False)
    """Parameters that the host has refused, and shapes."""

    def write(self, request: Request, take: Callable[[str], None]) -> Written:
        """What the model writes goes to `take` piece by piece; what that raises ends the call and its connection. Raises
        TextModelError. A refused parameter costs a call, no tokens, and is remembered."""
        while True:
            parameters = self._parameters(request)
            try:
                with closing(self._told(request, parameters)) as told:
                    return self._followed(told, take)
            except Refused as error:
                if request.until - monotonic() < LEAST_SECONDS:
                    raise
                shape = parameters.get("response_format", {}).get("type", "")
                self._refused.add(shape if error.parameter == "response_format" else error.parameter)

    def _parameters(self, request: Request) -> dict[str, Any]:
        """Those that a host may not know, without those that this one has refused. Nothing is stored where somebody would."""
        limits = reversed(LIMITS) if self.is_openai else iter(LIMITS)
        limit = next((name for name in limits if name not in self._refused), "")
        shape = next((name for name in SHAPES if name not in self._refused), "") if request.schema else ""
        wished = {
            limit: request.max_tokens,
            "stream_options": {"include_usage": True},
            "response_format": _response_format(shape, request.schema) if shape else None,
            "temperature": None if self.reasons and self.is_openai else request.temperature,
            "reasoning_effort": "low" if self.reasons and self.is_openai else None,
            "store": False if self.is_openai else None,
        }
        return {name: value for name, value in wished.items() if name and value is not None and name not in self._refused}

    def _followed(self, told: Iterator[Event], take: Callable[[str], None]) -> Written:
        written = Written()
        for event in told:
            written.add(event)
            if written.letters > LONGEST_ANSWER:
                raise refusals.final(f"{self.who} wrote without end.")
            if event.text:
                take(event.text)
        if not written.finish:
            raise refusals.passing(f"{self.who} broke off its answer.") if written.letters else refusals.misunderstood(self.who)
        if written.finish == "content_filter":
            raise refusals.filtered(self.who)
        return written

    def _told(self, request: Request, parameters: dict[str, Any]) -> Generator[Event, None, None]:
        """The events of a stream. The SDK validates none of them, and takes a page for a stream without any."""
        import httpx2  # noqa: PLC0415 - comes with the SDK
        from openai import APIConnectionError, APIError, APIStatusError  # noqa: PLC0415 - on use

        try:
            with self._opened(request, parameters) as stream, _bounded(stream.response, request.until):
                for event in stream:
                    yield _event(event.to_dict(mode="json", warnings=False))
        except APIStatusError as error:
            raise refusals.refused(self.who, error.response, self.host.without_key(error.body), parameters) from error
        except (APIConnectionError, httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            if monotonic() >= request.until:
                raise refusals.passing(f"{self.who} took too long to answer.") from error
            raise refusals.unreachable(self.who, error) from error
        except APIError as error:
            raise refusals.within(self.who, self.host.without_key(error.body)) from error
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise refusals.misunderstood(self.who) from error

    def _opened(self, request: Request, parameters: dict[str, Any]) -> "Stream[ChatCompletionChunk]":
        import httpx2  # noqa: PLC0415 - comes with the SDK

        left = max(request.until - monotonic(), 0.001)
        seconds = {"connect": openai_sdk.CONNECT_SECONDS, "pool": openai_sdk.CONNECT_SECONDS, "write": openai_sdk.SEND_SECONDS}
        create: Callable[..., Any] = self.host.client().chat.completions.create
        opened: Stream[ChatCompletionChunk] = create(
            model=self.model,
            messages=request.messages,
            stream=True,
            timeout=httpx2.Timeout(
                min(self.host.hear_seconds, left), **{name: min(most, left) for name, most in seconds.items()}
            ),
            **parameters,
        )
        return opened


def _response_format(shape: str, schema: Told | None) -> Told:
    if shape == "json_object":
        return {"type": shape}
    return {"type": shape, "json_schema": {"name": "answer", "strict": True, "schema": schema}}


def _event(told: Told) -> Event:
    """Only the first choice is asked for. What has another shape raises TypeError, AttributeError or ValueError."""
    choice: Told = next(iter(told.get("choices") or ()), {})
    delta = choice.get("delta") or {}
    text, refusal = delta.get("content") or "", delta.get("refusal") or ""
    if not isinstance(text, str) or not isinstance(refusal, str):
        raise TypeError("no text")
    return Event(text, str(choice.get("finish_reason") or ""), refusal, _usage(told.get("usage") or {}))


def _usage(told: Told) -> Usage | None:
    """A host that counts nothing may say so with noughts."""
    read, written = told.get("prompt_tokens") or 0, told.get("completion_tokens") or 0
    return Usage(int(read), int(written)) if read or written else None


@contextmanager
def _bounded(response: "httpx2.Response", until: float) -> Iterator[None]:
    """The library limits the time for each piece only: who drips has the connection cut."""
    timer = Timer(max(until - monotonic(), 0.0), _cut, [response])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(response: "httpx2.Response") -> None:
    line = response.extensions.get("network_stream")
    socket = line.get_extra_info("socket") if line else None
    with suppress(OSError):
        if socket:
            socket.shutdown(SHUT_RDWR)
