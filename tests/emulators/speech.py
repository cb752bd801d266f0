"""What emulated providers hear: words made up of the bytes they got, spread over the recording."""

import io
import wave
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import cycle
from typing import Any, NamedTuple

import av
from av.container import InputContainer

WORD_SECONDS = 0.4
SENTENCE_WORDS = 8
UNKNOWN_SECONDS = 10.0
LEXICON = (
    "the",
    "meeting",
    "starts",
    "at",
    "ten",
    "and",
    "everybody",
    "brings",
    "a",
    "pen",
    "for",
    "long",
    "lists",
    "of",
    "questions",
)


class Spoken(NamedTuple):
    """One word and its times in seconds."""

    text: str
    start: float
    end: float


def made_up(data: bytes) -> Sequence[Spoken]:
    """Sentences of eight words as long as the recording lasts; the first word is the beginning of the bytes' SHA-256."""
    return tuple(_made_up(data))


def _made_up(data: bytes) -> Iterator[Spoken]:
    words = cycle(LEXICON)
    for place in range(int(seconds(data) / WORD_SECONDS)):
        text = sha256(data).hexdigest()[:8] if place == 0 else next(words)
        text = text.capitalize() if place % SENTENCE_WORDS == 0 else text
        text += "." if place % SENTENCE_WORDS == SENTENCE_WORDS - 1 else ""
        yield Spoken(text, place * WORD_SECONDS, place * WORD_SECONDS + WORD_SECONDS * 0.9)


def seconds(data: bytes) -> float:
    """How long the recording is; UNKNOWN_SECONDS where the bytes are none."""
    if data.startswith(b"RIFF"):  # fast: benches upload thousands
        with wave.open(io.BytesIO(data)) as file:
            return float(file.getnframes() / file.getframerate())
    try:
        with av.open(io.BytesIO(data)) as container:
            assert isinstance(container, InputContainer)
            return float((container.duration or 0) / av.time_base)
    except (av.FFmpegError, ValueError):
        return UNKNOWN_SECONDS


def as_words(words: Sequence[Spoken]) -> list[dict[str, Any]]:
    """As AssemblyAI writes them: milliseconds."""
    return [
        {
            "text": word.text,
            "start": round(word.start * 1000),
            "end": round(word.end * 1000),
            "confidence": 0.95,
            "speaker": None,
            "channel": None,
        }
        for word in words
    ]


def turns(words: Sequence[dict[str, Any]], *, channels: bool, speakers: bool) -> list[dict[str, Any]] | None:
    """A turn for each sentence, two speakers in turns; None where nobody asked who speaks."""
    if not channels and not speakers:
        return None
    return [_turn(sentence, place % 2, by_channel=channels) for place, sentence in enumerate(_sentences(words))]


def _turn(words: Sequence[dict[str, Any]], who: int, *, by_channel: bool) -> dict[str, Any]:
    channel = "12"[who] if by_channel else None
    said_by = {"speaker": channel or "AB"[who], "channel": channel}
    return {
        "text": " ".join(word["text"] for word in words),
        "start": words[0]["start"],
        "end": words[-1]["end"],
        "confidence": 0.95,
        **said_by,
        "words": [{**word, **said_by} for word in words],
    }


def _sentences(words: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    sentence: list[dict[str, Any]] = []
    for word in words:
        sentence.append(word)
        if word["text"].endswith((".", "?", "!")):
            yield sentence
            sentence = []
    if sentence:
        yield sentence
