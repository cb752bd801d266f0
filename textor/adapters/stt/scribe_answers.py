"""What MetisAI answers about a job, read with care: that it isn't done, why it failed, or where its text is.

The text of a finished one may be in the answer itself, as a string or as ElevenLabs' own JSON, or at an address.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from textor.adapters.stt import scribe_languages, sentences
from textor.adapters.stt.port import Progress
from textor.domain.transcript import Segment, Transcript, Word
from textor.errors import EngineError, JobLost

Said = Mapping[str, Any]

POLL_SECONDS = 5.0
LONGEST_SECONDS = 86_400.0
LONGEST_REASON = 200
NO_CREDIT = "The MetisAI account has no credit left. Ask the operator to top it up."
UNDER_WAY = ("QUEUE", "WAITING", "RUNNING")
OUT_OF_CREDIT = re.compile(r"insufficient.?(credit|balance|fund)|no credit|quota", re.IGNORECASE)
THEIR_FAULT = re.compile(
    r"\bserver|internal|time.?out|timed out|unavailable|overload|try again|temporar|gateway|upstream|\b50[0-4]\b", re.IGNORECASE
)
A_PAGE = re.compile(r"<(!doctype|html|\?xml|head|body)\b", re.IGNORECASE)
A_SHAPE = ("{", "[{", '["', "[[", "[]")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word with its times, and who said it."""

    word: Word
    speaker: str | None


@dataclass(frozen=True, slots=True)
class Heard:
    """A text as it was found, with what stood beside it."""

    text: str
    spoken: Sequence[Spoken] = ()
    language: str | None = None
    language_confidence: float | None = None


def progress(answer: Said) -> Progress | None:
    """How far a job is; None where it is done. Raises EngineError where it failed or says nothing that can be understood."""
    status = answer.get("status")
    if status == "COMPLETED":
        return None
    if status in UNDER_WAY:
        return Progress(_share(answer.get("percentage"), of=100), poll_seconds=POLL_SECONDS)
    if status == "ERROR":
        raise _failed(answer.get("error"))
    if status == "CANCELLED":
        raise EngineError("The job was cancelled at MetisAI.")
    raise misunderstood()


def text_of(answer: Said) -> Heard | None:
    """The text that a finished job's answer carries; None where it is elsewhere. Words with times go before words alone."""
    first = _first(answer)
    found = [heard(first[name]) for name in ("content", "text") if first.get(name) is not None]
    raw = answer.get("rawResponse")
    if isinstance(raw, str) and raw.lstrip().startswith("{"):
        raw = _parsed(raw)
    if isinstance(raw, dict) and isinstance(raw.get("text"), str):
        found.append(_from_object(raw))
    best = next((one for one in found if one.spoken), None) or next((one for one in found if one.text), None)
    if best or not found or first.get("url"):
        return best
    return found[0]


def address(answer: Said) -> str:
    """Where the text of a finished job is."""
    url = _first(answer).get("url")
    if not isinstance(url, str):
        raise misunderstood()
    return url


def downloaded(body: bytes) -> Heard:
    """A text that was fetched: plain, as a JSON string, or as JSON with `text`. A body of nothing is none."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise misunderstood() from error
    if not text.strip() or "\0" in text:
        raise misunderstood()
    try:
        return heard(json.loads(text))
    except (ValueError, RecursionError):
        return heard(text)


def heard(found: object) -> Heard:
    """What a value says that stands for a text. Raises EngineError where it can be none."""
    if isinstance(found, dict):
        return _from_object(found)
    if not isinstance(found, str):
        raise misunderstood()
    text = found.strip()
    if text.startswith(("{", '"')):
        parsed = _parsed(text)
        if isinstance(parsed, dict):
            return _from_object(parsed)
        text = parsed.strip() if isinstance(parsed, str) else text
    if A_PAGE.match(text) or text.startswith(A_SHAPE) or text == "null":
        raise misunderstood()
    return Heard(text)


def transcript(found: Heard, answer: Said) -> Transcript:
    usage = answer.get("usage")
    cost = usage.get("cost") if isinstance(usage, dict) else None
    is_number = isinstance(cost, int | float) and not isinstance(cost, bool) and math.isfinite(cost)
    return Transcript(
        list(_segments(found)),
        language=found.language,
        language_confidence=found.language_confidence,
        details={"usage": {"cost": cost}} if is_number else {},  # in a unit that nobody names: no dollars
    )


def misunderstood() -> EngineError:
    """For an answer of another shape than agreed. It may be a proxy's on the way: asking again can help."""
    return EngineError("MetisAI gave an answer that Textor does not understand.", retryable=True)


def reason(said: object) -> str:
    """MetisAI's own words, fit for a sentence of ours: one line, no addresses, no full stop."""
    if isinstance(said, dict):
        said = said.get("message") or said.get("error") or said.get("code")
    line = " ".join(re.sub(r"https?://\S+", "", said if isinstance(said, str) else "").split())
    return line[:LONGEST_REASON].rstrip(" .,:")


def _failed(error: object) -> EngineError:
    text = reason(error)
    if OUT_OF_CREDIT.search(text):
        return EngineError(NO_CREDIT)
    if THEIR_FAULT.search(text):
        return JobLost(f"MetisAI had an error of its own and gave this job up: {text}.", retryable=True)
    return EngineError(f"MetisAI could not transcribe this recording: {text or 'it gives no reason'}.")


def _first(answer: Said) -> Said:
    made = answer.get("generations") or [{}]
    if not isinstance(made, list) or not isinstance(made[0], dict):
        raise misunderstood()
    return made[0]


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _from_object(found: Said) -> Heard:
    text = found.get("text")
    if not isinstance(text, str):
        raise misunderstood()
    confidence = _share(found.get("language_probability"))
    return Heard(text.strip(), _spoken(found.get("words")), scribe_languages.ours(found.get("language_code")), confidence)


def _spoken(words: object) -> Sequence[Spoken]:
    """Words with times, all or none: one that can't be placed leaves the text as it is. Spaces and noises are no words."""
    if not isinstance(words, list):
        return ()
    try:
        return [_placed(word) for word in words if word.get("type", "word") == "word" and word["text"].strip()]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return ()


def _placed(word: Said) -> Spoken:
    start, end = float(word["start"]), float(word["end"])
    if not 0 <= start < LONGEST_SECONDS or not start <= end < LONGEST_SECONDS:
        raise ValueError("no time")
    speaker = word.get("speaker_id")
    return Spoken(Word(word["text"].strip(), start, end), speaker if isinstance(speaker, str) and speaker else None)


def _segments(found: Heard) -> Iterator[Segment]:
    """Sentences, where times are known; else one segment, longer than any recording: it is cut to its slice where slices are
    merged. A speaker is named where there are several."""
    if not found.spoken:
        text = " ".join(found.text.split())
        yield from [Segment(0.0, LONGEST_SECONDS, text)] if text else []
        return
    is_alone = len({one.speaker for one in found.spoken}) == 1
    for speaker, turn in groupby(found.spoken, lambda one: one.speaker):
        words = [one.word for one in turn]
        yield from sentences.segments(words, found.text if is_alone else "", None if is_alone else speaker)


def _share(value: object, of: float = 1) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= of:
        return None
    return round(value / of, 3)
