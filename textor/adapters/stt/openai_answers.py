"""What OpenAI and its kin answer, read with care. Times are seconds from the start of what was sent.

`json` has the text alone, `verbose_json` segments and, beside them, words without punctuation, `diarized_json` segments with
speakers. The language is a code in the first and an English name in the second.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textor.adapters.stt import openai_refusals, sentences
from textor.domain import languages
from textor.domain.transcript import Segment, Transcript, Word

Answer = Mapping[str, Any]

NAMES = {language.english.lower(): language.code for language in reversed(languages.LANGUAGES)} | {
    "nynorsk": "nn",
    "myanmar": "my",
    "maori": "mi",
    "mandarin": "zh",
    "farsi": "fa",
}
CODES = {"jw": "jv", "iw": "he"}
WRONG_SHAPE = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the answer is to: how long the sound is, whether times must come with it, and whether anybody asked who speaks."""

    who: str
    seconds: float
    needs_times: bool
    diarize: bool


def read(answer: object, asked: Asked) -> Transcript:
    """The transcript in an answer. Raises EngineError where it says nothing that can be understood."""
    try:
        if not isinstance(answer, Mapping) or not isinstance(answer["text"], str):
            raise TypeError("no text")
        found = _codes(answer)
        return Transcript(_segments(answer, asked), language=found[0] if found else None, details=_details(answer, found))
    except WRONG_SHAPE as error:
        raise openai_refusals.misunderstood(asked.who) from error


def is_text_alone(answer: object) -> bool:
    """Whether something was said, and no time told with it. For an answer that was read."""
    return isinstance(answer, Mapping) and bool(answer["text"].strip()) and not answer.get("segments") and not answer.get("words")


def _segments(answer: Answer, asked: Asked) -> Sequence[Segment]:
    text = answer["text"].strip()
    words = [_word(word, asked) for word in answer.get("words") or () if word["word"].strip()]
    heard = [_segment(one, asked) for one in answer.get("segments") or () if one["text"].strip()]
    if heard:
        heard.sort(key=lambda segment: segment.start)
        return [_with_words(segment, own) for segment, own in zip(heard, _shared(words, heard), strict=True)]
    if not text:
        return ()
    if words:
        return list(sentences.segments(sorted(words, key=lambda word: word.start), text))
    if asked.needs_times:
        raise ValueError("text without times")
    return (Segment(0.0, asked.seconds, text),)


def _segment(one: Answer, asked: Asked) -> Segment:
    start, end = _times(one, asked)
    speaker = one.get("speaker") if asked.diarize else None
    own = tuple(_word(word, asked) for word in one.get("words") or () if word["word"].strip())
    return Segment(start, end, one["text"].strip(), own, _confidence(one), str(speaker) if speaker else None)


def _word(word: Answer, asked: Asked) -> Word:
    rating = word.get("probability")  # OpenAI's own words have none
    return Word(
        word["word"].strip(), *_times(word, asked), float(rating) if isinstance(rating, float) and 0 <= rating <= 1 else None
    )


def _times(one: Answer, asked: Asked) -> tuple[float, float]:
    """Inside of the sound that was sent: Whisper lets the last words end after it. vLLM writes numbers as text."""
    start, end = float(one["start"]), float(one["end"])
    if not (math.isfinite(start) and math.isfinite(end)):
        raise ValueError("no time")
    start = min(max(start, 0.0), asked.seconds)
    return start, min(max(end, start), asked.seconds)


def _with_words(segment: Segment, words: Sequence[Word]) -> Segment:
    """Its words lie inside of it: whichever of the two was timed too short gives way."""
    own = tuple(words) or segment.words
    if not own:
        return segment
    start, end = min(segment.start, own[0].start), max(segment.end, *(word.end for word in own))
    return Segment(start, end, segment.text, own, segment.confidence, segment.speaker)


def _shared(words: Sequence[Word], segments: Sequence[Segment]) -> list[list[Word]]:
    """The words of each segment: as its text has them one after the other; where the texts differ, by their times."""
    shares: list[list[Word]] = [[] for _ in segments]
    place = 0
    for segment, share in zip(segments, shares, strict=True):
        position = 0
        while place < len(words) and (found := segment.text.find(words[place].text, position)) >= 0:
            position = found + len(words[place].text)
            share.append(words[place])
            place += 1
    return shares if place == len(words) else _shared_by_time(words, segments)


def _shared_by_time(words: Sequence[Word], segments: Sequence[Segment]) -> list[list[Word]]:
    shares: list[list[Word]] = [[] for _ in segments]
    place = 0
    for word in sorted(words, key=lambda one: one.start):
        middle = (word.start + word.end) / 2
        while place + 1 < len(segments) and middle >= segments[place + 1].start:
            place += 1
        shares[place].append(word)
    return shares


def _confidence(one: Answer) -> float | None:
    """Hosts that don't know it write -1 for whatever Whisper would tell; a real compression ratio is above nought."""
    probability, ratio = one.get("avg_logprob"), one.get("compression_ratio", 1)
    if not isinstance(probability, int | float) or not isinstance(ratio, int | float) or ratio <= 0:
        return None
    return round(min(1.0, math.exp(min(probability, 0.0))), 3) if math.isfinite(probability) else None


def _codes(answer: Answer) -> list[str]:
    """ISO codes of the languages that were heard, the first one first."""
    told = [one["code"] for one in answer.get("languages") or ()] or [answer.get("language")]
    return [code for name in told if isinstance(name, str) and (code := _code(name))]


def _code(name: str) -> str | None:
    """Of an English name or of a code in any spelling; None for what Textor doesn't know."""
    known = NAMES.get(name.strip().lower()) or CODES.get(name.strip().lower()) or languages.base(name)
    return known if languages.by_code(known) else None


def _details(answer: Answer, codes: Sequence[str]) -> dict[str, object]:
    """What is worth keeping beside the text: what was billed, in seconds or tokens, among it."""
    duration, usage = answer.get("duration"), answer.get("usage")
    details: dict[str, object] = {}
    if isinstance(duration, int | float) and math.isfinite(duration):
        details["audio_duration"] = round(float(duration), 3)
    for name, theirs in (("billed_seconds", "seconds"), ("billed_tokens", "total_tokens")):
        if isinstance(usage, Mapping) and isinstance(usage.get(theirs), int | float):
            details[name] = usage[theirs]
    if len(codes) > 1:
        details["language_codes"] = list(codes)
    return details
