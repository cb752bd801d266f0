"""Figures about a transcript: words, characters, sentences, who spoke how much."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from textor.domain.transcript import Segment, plain_text

# A word: letters, digits and their marks, held together by apostrophes, hyphens and the zero-width non-joiner of Persian.
_MARKS = r"\u0300-\u036f\u064b-\u065f\u0670"
_WORD = re.compile(rf"[^\W_][\w{_MARKS}]*(?:['’\-\u200c][\w{_MARKS}]+)*")
_SENTENCE_END = re.compile(r"[.!?…؟۔。！？]+(?=\s|$)")


@dataclass(frozen=True, slots=True)
class SpeakerShare:
    """How long one speaker speaks; `share` is 0..1 of all speech."""

    name: str
    seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of one transcript. `characters` counts the text's own, without line breaks."""

    words: int
    characters: int
    sentences: int
    seconds_spoken: float
    speakers: Sequence[SpeakerShare]


def measure(segments: Sequence[Segment]) -> Statistics:
    """Count. A text without a full stop (sphinx writes none) has as many sentences as it has segments."""
    text = plain_text(segments)
    spoken = sum(max(0.0, segment.end - segment.start) for segment in segments)
    return Statistics(
        words=len(_WORD.findall(text)),
        characters=len(text.replace("\n", "")),
        sentences=_sentences(text),
        seconds_spoken=spoken,
        speakers=_shares(segments),
    )


def _sentences(text: str) -> int:
    """Full stops, plus an unfinished last sentence; where there is none at all, lines."""
    ends = _SENTENCE_END.findall(text)
    if not ends:
        return len(text.splitlines())
    unfinished = text[[match.end() for match in _SENTENCE_END.finditer(text)][-1] :].strip()
    return len(ends) + bool(unfinished)


def _shares(segments: Sequence[Segment]) -> list[SpeakerShare]:
    seconds: dict[str, float] = {}
    for segment in segments:
        if segment.speaker:
            seconds[segment.speaker] = seconds.get(segment.speaker, 0.0) + max(0.0, segment.end - segment.start)
    total = sum(seconds.values()) or 1.0
    return [SpeakerShare(name, spoken, spoken / total) for name, spoken in seconds.items()]
