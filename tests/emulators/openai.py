"""OpenAI's audio API on loopback, or a host that copies it: hears words made up of the bytes, answers in every JSON format.

Answers are as OpenAI's OpenAPI document says (shared specs); a test holds them to it. It refuses what OpenAI refuses. Kinds of
calls: transcribe, models.
"""

import argparse
import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiohttp import web

from tests.emulators import forms, provider, speech
from tests.emulators import openai_answers as answers
from tests.emulators.forms import Sent
from tests.emulators.openai_answers import OPENAIS, Heard, Voice
from tests.emulators.provider import Provider
from tests.emulators.speech import Spoken

ENDINGS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
SHORTEST_SECONDS = 0.1
LONGEST_UNCHUNKED_SECONDS = 30
LISTS = ("timestamp_granularities", "include", "languages", "keywords", "known_speaker_names", "known_speaker_references")
CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


class Refusal(Exception):
    """What is wrong with a request."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.param, self.code, self.status = message, param, code, status


@dataclass
class OpenAI(Provider):
    """`models` are those it has; `seconds` is how long a call takes, from and to. `said` has the words of a file by its SHA-256;
    for all others `script` makes them up. `extra` is added to every transcript as it stands. Everybody may in without a key."""

    models: Mapping[str, Voice] = field(default_factory=lambda: OPENAIS)
    seconds: tuple[float, float] = (0.0, 0.0)
    said: dict[str, Sequence[Spoken]] = field(default_factory=dict)
    script: Callable[[bytes], Sequence[Spoken]] = speech.made_up
    language: str = "english"
    extra: dict[str, Any] = field(default_factory=dict)
    max_bytes: int = 26_214_400

    def __post_init__(self) -> None:
        super().__post_init__()
        self.heard: list[Heard] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._dice = random.Random(7)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/audio/transcriptions", self._transcribe, name="transcribe"),
            web.get("/v1/models", self._models, name="models", allow_head=False),
        ]

    def refusal(self, request: web.Request) -> web.Response | None:
        if not self.key or request.headers.get("Authorization") == f"Bearer {self.key}":
            return None
        return self.error(401, "Incorrect API key provided: sk-wrong. You can find your API key at https://platform.example.")

    def error(self, status: int, message: str) -> web.Response:
        kind = "server_error" if status >= 500 else "invalid_request_error"
        return _error(status, {"message": message, "type": kind, "param": None, "code": CODES.get(status)})

    def transcriptions(self) -> Counter[str]:
        """How often each file was heard to its end, by the SHA-256 of its bytes."""
        return Counter(one.sha256 for one in list(self.heard))

    def statistics(self) -> dict[str, Any]:
        heard = self.transcriptions()
        return {
            **super().statistics(),
            "transcriptions": len(self.heard),
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "seconds": sum(one.seconds for one in self.heard),
            "doubled": {sha: count for sha, count in heard.items() if count > 1},
        }

    async def _transcribe(self, request: web.Request) -> web.Response:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            one, voice = await self._read(request)
            await asyncio.sleep(self._dice.uniform(*self.seconds))
        except Refusal as error:
            kind = "invalid_request_error"
            body = {"message": error.message, "type": kind, "param": error.param, "code": error.code}
            return _error(error.status, body)
        finally:
            self.in_flight -= 1
        self.heard.append(one)
        if one.response_format == "text":
            return web.Response(text=answers.text(one) + "\n")
        return web.json_response({**answers.answer(one, voice), **self.extra})

    async def _read(self, request: web.Request) -> tuple[Heard, Voice]:
        form = await forms.pairs(request)
        file = dict(form).get("file")
        if not isinstance(file, Sent):
            raise Refusal("[{'type': 'missing', 'loc': ('body', 'file'), 'msg': 'Field required'}]", "file")
        data = file.data
        names = {name for name, value in form if isinstance(value, str)}
        fields: dict[str, Any] = {name.removesuffix("[]"): [value for one, value in form if one == name] for name in names}
        fields = {name: given if name in LISTS else given[-1] for name, given in fields.items()}
        digest = sha256(data).hexdigest()
        words = self.said.get(digest)
        one = Heard(
            fields=fields,
            file_name=file.filename,
            mime=file.content_type,
            sha256=digest,
            seconds=speech.seconds(data),
            words=self.script(data) if words is None else words,
            language=self.language,
        )
        return one, self._checked(one, len(data))

    def _checked(self, one: Heard, size: int) -> Voice:
        voice = self.models.get(one.model)
        if voice is None:
            message = f"The model `{one.model}` does not exist or you do not have access to it."
            raise Refusal(message, None, "model_not_found", 404)
        if size > self.max_bytes:
            raise Refusal(f"Maximum content size limit ({self.max_bytes}) exceeded ({size} bytes read)", status=413)
        if one.file_name.rpartition(".")[2] not in ENDINGS:
            raise Refusal(f"Invalid file format. Supported formats: {list(ENDINGS)}")
        _check_format(one, voice)
        _check_hints(one, voice)
        _check_length(one, voice)
        return voice

    async def _models(self, request: web.Request) -> web.Response:
        data = [answers.model(name, voice) for name, voice in self.models.items()]
        return web.json_response({"object": "list", "data": data})


def _check_format(one: Heard, voice: Voice) -> None:
    if one.response_format not in voice.formats:
        kinds = " or ".join(f"'{name}'" for name in voice.formats)
        message = f"response_format '{one.response_format}' is not compatible with model '{one.model}'. Use {kinds} instead."
        raise Refusal(message, "response_format", "unsupported_value")
    times = set(one.fields.get("timestamp_granularities", ()))
    if times and one.response_format != "verbose_json":
        message = "`response_format` must be `verbose_json` if `timestamp_granularities[]` is provided"
        raise Refusal(message, "timestamp_granularities")
    if times - voice.times:
        raise Refusal(f"timestamp_granularities {sorted(times - voice.times)} are not supported", "timestamp_granularities")


def _check_hints(one: Heard, voice: Voice) -> None:
    if "language" in one.fields and "languages" in one.fields:
        raise Refusal("Only one of `language` and `languages` may be given.", "languages")
    for name in {"languages", "keywords", "prompt"} & set(one.fields):
        if name not in voice.hints:
            raise Refusal(f"`{name}` is not supported by model '{one.model}'.", name, "unsupported_parameter")
    if any(set("<>\r\n") & set(word) for word in one.fields.get("keywords", ())):
        raise Refusal("Each of `keywords` must be one line without < or >.", "keywords", "invalid_value")
    for code in [*one.fields.get("languages", ()), *filter(None, [one.fields.get("language")])]:
        if len(code) != 2:
            message = f"Invalid language '{code}'. Language parameter must be specified in ISO-639-1 format."
            raise Refusal(message, "language", "invalid_language_format")


def _check_length(one: Heard, voice: Voice) -> None:
    if one.seconds < SHORTEST_SECONDS:
        raise Refusal("Audio file is too short. Minimum audio length is 0.1 seconds.", "file", "audio_too_short")
    if voice.max_seconds and one.seconds > voice.max_seconds:
        longest = f"longer than {voice.max_seconds} seconds which is the maximum for this model"
        raise Refusal(f"audio duration {one.seconds} seconds is {longest}", None, "invalid_value")
    if voice.needs_chunks and one.seconds > LONGEST_UNCHUNKED_SECONDS and "chunking_strategy" not in one.fields:
        raise Refusal("chunking_strategy is required for diarization models", "chunking_strategy", "missing_required_parameter")


def _error(status: int, error: Mapping[str, Any]) -> web.Response:
    return web.json_response({"error": error}, status=status, headers={"x-request-id": "req_emulated"})


def main() -> None:
    wishes = argparse.ArgumentParser(description=__doc__)
    wishes.add_argument("--port", type=int, default=0)
    wishes.add_argument("--key", default="emulator-key", help='"" lets everybody in')
    wishes.add_argument("--seconds", default="0:0", help="how long a call takes, from:to")
    wishes.add_argument("--faults", default="[]", help="a JSON list of faults that are on from the start")
    given = wishes.parse_args()
    low, _, high = given.seconds.partition(":")
    provider.run(OpenAI(given.key, given.port, seconds=(float(low), float(high or low))), given.faults)


if __name__ == "__main__":
    main()
