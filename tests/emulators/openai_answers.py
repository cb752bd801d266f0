"""What OpenAI's models give, and their answers, in the shapes of its OpenAPI document."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.emulators import speech
from tests.emulators.speech import Spoken

RETIREMENT = "2027-02-26"
GPT_SECONDS = 1400
PUNCTUATION = ".,?!"
ISO = {"english": "en", "persian": "fa", "german": "de"}


@dataclass(frozen=True)
class Voice:
    """What a model gives and takes."""

    formats: tuple[str, ...]
    times: frozenset[str] = frozenset({"word", "segment"})
    hints: frozenset[str] = frozenset()
    max_seconds: int | None = None
    needs_chunks: bool = False
    bills_tokens: bool = False
    shutdown_date: str | None = None

    @property
    def names_languages(self) -> bool:
        return "languages" in self.hints


def _older(*formats: str, **more: Any) -> Voice:
    wishes = {"hints": frozenset({"prompt"}), "max_seconds": GPT_SECONDS, "bills_tokens": True, "shutdown_date": RETIREMENT}
    return Voice(formats, **{**wishes, **more})


OPENAIS: Mapping[str, Voice] = {
    "gpt-transcribe": Voice(("json",), hints=frozenset({"languages", "keywords", "prompt"}), max_seconds=GPT_SECONDS),
    "whisper-1": _older("json", "text", "verbose_json", max_seconds=None, bills_tokens=False),
    "gpt-4o-transcribe": _older("json", "text"),
    "gpt-4o-mini-transcribe": _older("json", "text"),
    "gpt-4o-transcribe-diarize": _older("json", "text", "diarized_json", hints=frozenset(), needs_chunks=True),
}


@dataclass(frozen=True)
class Heard:
    """One request and the sound that came with it. `fields` are the form's: text, or lists of it."""

    fields: Mapping[str, Any]
    file_name: str
    mime: str
    sha256: str
    seconds: float
    words: Sequence[Spoken]
    language: str

    @property
    def model(self) -> str:
        return str(self.fields.get("model", ""))

    @property
    def response_format(self) -> str:
        return str(self.fields.get("response_format", "json"))


def text(one: Heard) -> str:
    return " ".join(word.text for word in one.words)


def answer(one: Heard, voice: Voice) -> dict[str, Any]:
    """In the format that was asked for."""
    shapes = {"json": _plain, "verbose_json": _verbose, "diarized_json": _diarized}
    return {"text": text(one), **shapes[one.response_format](one, voice), "usage": _usage(one, voice)}


def model(name: str, voice: Voice) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": 1_770_000_000,
        "owned_by": "system",
        "shutdown_date": voice.shutdown_date,
    }


def _plain(one: Heard, voice: Voice) -> dict[str, Any]:
    return {"languages": [{"code": ISO[one.language]}] if one.words else []} if voice.names_languages else {}


def _verbose(one: Heard, voice: Voice) -> dict[str, Any]:
    """Words come bare: the marks between them are in the segments alone."""
    asked = one.fields.get("timestamp_granularities", ["segment"])
    answer: dict[str, Any] = {"task": "transcribe", "language": one.language, "duration": one.seconds}
    if "word" in asked:
        answer["words"] = [
            {"word": word.text.strip(PUNCTUATION), "start": round(word.start, 2), "end": round(word.end, 2)} for word in one.words
        ]
    if "segment" in asked:
        answer["segments"] = [_segment(place, turn) for place, turn in enumerate(_turns(one))]
    return answer


def _segment(place: int, turn: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": place,
        "seek": 0,
        "start": turn["start"] / 1000,
        "end": turn["end"] / 1000,
        "text": f" {turn['text']}",
        "tokens": [50364, 440, 50530],
        "temperature": 0.0,
        "avg_logprob": -0.2,
        "compression_ratio": 1.4,
        "no_speech_prob": 0.01,
    }


def _diarized(one: Heard, voice: Voice) -> dict[str, Any]:
    return {
        "task": "transcribe",
        "duration": one.seconds,
        "segments": [
            {
                "type": "transcript.text.segment",
                "id": f"seg_{place:03}",
                "start": turn["start"] / 1000,
                "end": turn["end"] / 1000,
                "text": turn["text"],
                "speaker": turn["speaker"],
            }
            for place, turn in enumerate(_turns(one))
        ],
    }


def _turns(one: Heard) -> list[dict[str, Any]]:
    return speech.turns(speech.as_words(one.words), channels=False, speakers=True) or []


def _usage(one: Heard, voice: Voice) -> dict[str, Any]:
    if not voice.bills_tokens:
        return {"type": "duration", "seconds": math.ceil(one.seconds)}
    heard, said = round(one.seconds * 10), len(one.words)
    return {
        "type": "tokens",
        "input_tokens": heard,
        "input_token_details": {"text_tokens": 0, "audio_tokens": heard},
        "output_tokens": said,
        "total_tokens": heard + said,
    }
