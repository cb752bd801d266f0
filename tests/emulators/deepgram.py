"""Deepgram on loopback: answers a recording at once with words derived from its bytes, and draws on a balance.

Answers are as its OpenAPI document says (shared specs); a test holds them to it. Kinds of calls: listen, projects, balances.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from aiohttp import web

from tests.emulators import provider, speech
from tests.emulators.provider import Provider
from tests.emulators.speech import Spoken

PROJECT = "3ba5dbd2-1fd8-43de-b386-5d0fe5fb3a0b"
CODES = {400: "Bad Request", 401: "INVALID_AUTH", 402: "ASR_PAYMENT_REQUIRED", 403: "INSUFFICIENT_PERMISSIONS"}
NO_CREDIT = "Project does not have enough credits for an ASR request and does not have an overage agreement."
SENTENCE_END = (".", "?", "!")


@dataclass(frozen=True)
class Request:
    """One recording that came, and how."""

    sha256: str
    query: Mapping[str, Sequence[str]]
    length: int | None
    content_type: str


@dataclass
class Deepgram(Provider):
    """`seconds` is how long a request takes, `pace` how much longer for each second of sound. `said` has the words
    of a recording by its SHA-256; for all others `script` makes them up of the bytes. `extra` is put over every
    answer as it stands."""

    seconds: float = 0.0
    pace: float = 0.0
    said: dict[str, Sequence[Spoken]] = field(default_factory=dict)
    script: Callable[[bytes], Sequence[Spoken]] = speech.made_up
    extra: dict[str, Any] = field(default_factory=dict)
    usd: float = 200.0
    usd_per_minute: float = 0.0077

    def __post_init__(self) -> None:
        super().__post_init__()
        self.requests: list[Request] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/listen", self._listen, name="listen"),
            web.get("/v1/projects", self._projects, name="projects", allow_head=False),
            web.get("/v1/projects/{id}/balances", self._balances, name="balances", allow_head=False),
        ]

    def refusal(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Token {self.key}":
            return None
        return self.error(401, "Invalid credentials.")

    def error(self, status: int, message: str) -> web.Response:
        said = {"err_code": CODES.get(status, "ERROR"), "err_msg": message, "request_id": str(uuid4())}
        return web.json_response(said, status=status)

    def statistics(self) -> dict[str, Any]:
        heard = Counter(request.sha256 for request in self.requests)
        return {**super().statistics(), "doubled": {sha: count for sha, count in heard.items() if count > 1}, "usd": self.usd}

    async def _listen(self, request: web.Request) -> web.Response:
        if self.usd <= 0:
            await request.read()
            return self.error(402, NO_CREDIT)
        data = b"".join([chunk async for chunk in request.content.iter_any()])
        if not data:
            return self.error(400, "Bad Request: failed to process audio: corrupt or unsupported data")
        await asyncio.sleep(self.seconds + self.pace * speech.seconds(data))
        query = {name: request.query.getall(name) for name in request.query}
        digest = sha256(data).hexdigest()
        self.requests.append(Request(digest, query, request.content_length, request.content_type))
        words = self.said.get(digest)
        seconds = speech.seconds(data)
        self.usd -= self.usd_per_minute * seconds / 60
        spoken = self.script(data) if words is None else words
        return web.json_response(_answer(query, spoken, seconds, digest) | self.extra)

    async def _projects(self, request: web.Request) -> web.Response:
        return web.json_response({"projects": [{"project_id": PROJECT, "name": "Textor's"}]})

    async def _balances(self, request: web.Request) -> web.Response:
        if request.match_info["id"] != PROJECT:
            return self.error(404, "Project not found.")
        balance = {"balance_id": str(uuid4()), "amount": self.usd, "units": "usd", "purchase_order_id": "by hand"}
        return web.json_response({"balances": [balance]})


def _answer(query: Mapping[str, Sequence[str]], words: Sequence[Spoken], seconds: float, digest: str) -> dict[str, Any]:
    count = 2 if query.get("multichannel") == ["true"] else 1
    model = query.get("model", ["base"])[0]
    turns = [_turn(sentence, place % 2, query, count) for place, sentence in enumerate(_sentences(words))]
    number = str(uuid5(NAMESPACE_URL, model))
    results: dict[str, Any] = {"channels": [_channel([t for t in turns if t["channel"] == n], query) for n in range(count)]}
    if query.get("utterances") == ["true"]:
        results["utterances"] = turns
    return {
        "metadata": {
            "transaction_key": "deprecated",
            "request_id": str(uuid4()),
            "sha256": digest,
            "created": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "duration": seconds,
            "channels": count,
            "models": [number],
            "model_info": {number: {"name": f"general-{model}", "version": "2026-10-23.0", "arch": model}},
        },
        "results": results,
    }


def _channel(turns: Sequence[Mapping[str, Any]], query: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    words = [word for turn in turns for word in turn["words"]]
    heard: dict[str, Any] = {
        "transcript": " ".join(turn["transcript"] for turn in turns),
        "confidence": 0.99 if words else 0.0,
        "words": words,
    }
    channel: dict[str, Any] = {"alternatives": [heard]}
    if query.get("language") == ["multi"] and words:
        heard["languages"] = ["en"]
    if query.get("detect_language") == ["true"]:
        channel |= {"detected_language": "en", "language_confidence": 0.98}
    return channel


def _turn(words: Sequence[Spoken], who: int, query: Mapping[str, Sequence[str]], channels: int) -> dict[str, Any]:
    is_diarized = "diarize_model" in query or query.get("diarize") == ["true"]
    by = {"speaker": who, "speaker_confidence": 0.8} if is_diarized else {}
    turn: dict[str, Any] = {
        "id": str(uuid4()),
        "start": words[0].start,
        "end": words[-1].end,
        "confidence": 0.99,
        "channel": who if channels == 2 else 0,
        "transcript": " ".join(word.text for word in words),
        "words": [_word(word) | by for word in words],
    }
    return turn | ({"speaker": who} if is_diarized else {})


def _word(word: Spoken) -> dict[str, Any]:
    plain = word.text.strip(".?!").lower()
    return {"word": plain, "start": word.start, "end": word.end, "confidence": 0.99, "punctuated_word": word.text}


def _sentences(words: Sequence[Spoken]) -> Iterator[Sequence[Spoken]]:
    sentence: list[Spoken] = []
    for word in words:
        sentence.append(word)
        if word.text.endswith(SENTENCE_END):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def main() -> None:
    wishes = argparse.ArgumentParser(description=__doc__)
    wishes.add_argument("--port", type=int, default=0)
    wishes.add_argument("--key", default="emulator-key")
    wishes.add_argument("--seconds", type=float, default=0.0, help="how long a request takes")
    wishes.add_argument("--faults", default="[]", help="a JSON list of faults that are on from the start")
    given = wishes.parse_args()
    provider.run(Deepgram(given.key, given.port, seconds=given.seconds), given.faults)


if __name__ == "__main__":
    main()
