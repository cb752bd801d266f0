"""A host of text models that speaks OpenAI's language, on loopback: Chat Completions that are streamed, in the official shapes.

    with serving(TextHost()) as host:
        environ |= host.environ               # TEXT_BASE_URL, TEXT_API_KEY, TEXT_MODEL
        host.says.append("The bridge [1].")   # instead of what it makes of the transcript; one for each call
        host.fail(on="drop", calls=1)         # see WAYS; any fault of Provider's: on="chat"
        host.lacks |= {"json_schema"}         # parameters and formats that it refuses by name

Kinds of calls: chat, models. `asked` has the body of every request.
"""

import argparse
import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.emulators import provider
from tests.emulators import text_host_answers as answers
from tests.emulators.faults import Fault
from tests.emulators.provider import Provider

WAYS = {
    "refusal": "the model refuses",
    "length": "the answer is cut off in its middle",
    "filter": "the content filter stops the answer",
    "drop": "the connection breaks in the midst of the answer",
    "end": "the answer ends in its middle, without a word on why",
    "fault": "an error comes in the midst of the answer (its `error`, if it has one)",
    "empty": "nothing comes",
    "silence": "nothing more comes in the midst of the answer, and the connection stays",
    "garbage": "an event is not JSON",
    "odd": "an event has another shape",
    "no_usage": "no usage is told",
}
KNOWN = {
    *("model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "store"),
    *("reasoning_effort", "response_format"),
}
CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
WINDOW_TOKENS = 100_000
LONGEST_SILENCE_SECONDS = 20
REFUSAL = "I'm sorry, I can't help with that."


Ways = Mapping[str, Fault | None]


class Refusal(Exception):
    """What is wrong with a request."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.param, self.code, self.status = message, param, code, status


@dataclass
class TextHost(Provider):
    """`models` are those it has; `seconds` pass between pieces. `names_parameters` False: refusals name parameters in
    words only. Everybody may in without a key."""

    models: tuple[str, ...] = ("gpt-6-luna", "gpt-6-sol")
    says: list[str] = field(default_factory=list)
    lacks: set[str] = field(default_factory=set)
    seconds: float = 0.0
    names_parameters: bool = True
    window_tokens: int = WINDOW_TOKENS

    def __post_init__(self) -> None:
        super().__post_init__()
        self.asked: list[dict[str, Any]] = []
        self.left = 0
        """How many callers went away in the midst of an answer."""
        self._is_over = asyncio.Event()  # ends every silence

    def renew(self) -> None:
        """As it was in the beginning, at the same address: for a host that many tests share."""
        self.mend()
        self.calls, self.asked, self.says, self.lacks, self.left = [], [], [], set(), 0
        self.seconds, self.names_parameters, self.window_tokens = 0.0, True, WINDOW_TOKENS

    @property
    def environ(self) -> dict[str, str]:
        """The settings of a Textor that asks this host."""
        return {"TEXT_BASE_URL": f"{self.url}/v1", "TEXT_API_KEY": self.key, "TEXT_MODEL": ",".join(self.models)}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/chat/completions", self._chat, name="chat"),
            web.get("/v1/models", self._models, name="models", allow_head=False),
        ]

    def refusal(self, request: web.Request) -> web.Response | None:
        if not self.key or request.headers.get("Authorization") == f"Bearer {self.key}":
            return None
        return self.error(401, "Incorrect API key provided: sk-wrong. You can find your API key at https://platform.example.")

    def error(self, status: int, message: str) -> web.Response:
        kind = "server_error" if status >= 500 else "invalid_request_error"
        return _error(status, {"message": message, "type": kind, "param": None, "code": CODES.get(status)})

    async def closed(self) -> None:
        self._is_over.set()

    async def _models(self, request: web.Request) -> web.Response:
        data = [{"id": name, "object": "model", "created": 1_770_000_000, "owned_by": "system"} for name in self.models]
        return web.json_response({"object": "list", "data": data})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        asked: dict[str, Any] = await request.json()
        self.asked.append(asked)
        try:
            self._check(asked)
        except Refusal as error:
            kind = "invalid_request_error"
            return _error(error.status, {"message": error.message, "type": kind, "param": error.param, "code": error.code})
        ways = {name: self.faults.take(name, is_request=False) for name in WAYS}
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await answer.prepare(request)
        try:
            await self._stream(answer, request, asked, ways)
        except ConnectionError:
            self.left += 1
        return answer

    async def _stream(self, answer: web.StreamResponse, request: web.Request, asked: dict[str, Any], ways: Ways) -> None:
        text = self.says.pop(0) if self.says else answers.answer(asked["messages"])
        texts = [] if ways["refusal"] or ways["empty"] else answers.pieces(text)
        limit = asked.get("max_completion_tokens") or asked.get("max_tokens")
        finish = "length" if limit and len(texts) > limit else "stop"
        texts = texts[:limit]
        if ways["length"]:
            texts, finish = texts[: len(texts) // 2], "length"
        finish = "content_filter" if ways["filter"] else finish
        if ways["empty"]:
            return await _ended(answer)
        events = list(answers.events(asked, texts, finish, REFUSAL if ways["refusal"] else ""))
        for place, event in enumerate(events):
            if place == len(events) // 2 and await self._goes_wrong(answer, request, ways):
                return None
            await answer.write(f"data: {json.dumps(event)}\n\n".encode())
            await asyncio.sleep(self.seconds)
        if asked.get("stream_options", {}).get("include_usage") and not ways["no_usage"]:
            await answer.write(f"data: {json.dumps(answers.usage(asked, len(texts)))}\n\n".encode())
        return await _ended(answer)

    async def _goes_wrong(self, answer: web.StreamResponse, request: web.Request, ways: Ways) -> bool:
        """In the midst of an answer; whether that is its end."""
        if ways["fault"]:
            said = ways["fault"].error or "The server had an error while processing your request."
            fault = {"message": said, "type": "server_error"}
            await answer.write(f"data: {json.dumps({'error': fault})}\n\n".encode())
        if ways["garbage"]:
            await answer.write(b"data: <html>\n\n")
        if ways["odd"]:
            await answer.write(b'data: {"choices": [{"delta": {"content": 5}}]}\n\n')
        if ways["drop"] and request.transport:
            request.transport.abort()
        if ways["silence"]:
            await asyncio.wait_for(self._is_over.wait(), LONGEST_SILENCE_SECONDS)
        return any(ways[name] for name in ("fault", "garbage", "odd", "drop", "end", "silence"))

    def _check(self, asked: dict[str, Any]) -> None:
        if asked.get("model") not in self.models:
            message = f"The model `{asked.get('model')}` does not exist or you do not have access to it."
            raise Refusal(message, None, "model_not_found", 404)
        for name in asked:
            if name not in KNOWN or name in self.lacks:
                raise self._unsupported(name, f"Unsupported parameter: '{name}' is not supported with this model.")
        shape = asked.get("response_format", {}).get("type", "")
        if shape in self.lacks:
            raise self._unsupported("response_format", f"Answers of type '{shape}' are not supported here.")
        if shape == "json_schema" and asked["response_format"]["json_schema"]["schema"].get("additionalProperties") is not False:
            raise Refusal("Invalid schema: 'additionalProperties' is required to be supplied and to be false.", "response_format")
        roles = [one["role"] for one in asked["messages"]]
        if roles[1:] != [("user", "assistant")[place % 2] for place in range(len(roles) - 1)] or roles[0] != "system":
            raise Refusal("Conversation roles must alternate user/assistant/user/assistant/...")
        if sum(len(answers.pieces(one["content"])) for one in asked["messages"]) > self.window_tokens:
            message = f"This model's maximum context length is {self.window_tokens} tokens."
            raise Refusal(message, "messages", "context_length_exceeded")

    def _unsupported(self, name: str, message: str) -> Refusal:
        return Refusal(message, name if self.names_parameters else None, "unsupported_parameter")


async def _ended(answer: web.StreamResponse) -> None:
    await answer.write(b"data: [DONE]\n\n")


def _error(status: int, error: Mapping[str, Any]) -> web.Response:
    return web.json_response({"error": error}, status=status, headers={"x-request-id": "req_emulated"})


def main() -> None:
    wishes = argparse.ArgumentParser(description=__doc__)
    wishes.add_argument("--port", type=int, default=0)
    wishes.add_argument("--key", default="emulator-key", help='"" lets everybody in')
    wishes.add_argument("--seconds", type=float, default=0.0, help="between pieces")
    wishes.add_argument("--faults", default="[]", help="a JSON list of faults that are on from the start")
    given = wishes.parse_args()
    provider.run(TextHost(given.key, given.port, seconds=given.seconds), given.faults)


if __name__ == "__main__":
    main()
