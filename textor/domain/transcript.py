"""What a transcript is. Times are seconds from the start of the recording, confidences are 0..1."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word."""

    text: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech by one speaker. `speaker` is the engine's label, None where it can't tell."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    speaker: str | None = None
    speaker_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What an engine heard. `segments` may be a generator that hands out each segment as it is produced.

    `language` is an ISO 639-1 code; `details` is what an engine gives beyond text (chapters, key phrases...), JSON-ready;
    `cost_usd` is what the provider says it charged, where it does.
    """

    segments: Iterable[Segment]
    language: str | None = None
    language_confidence: float | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of the recording that could not be transcribed. `channel` is the side of a call, from 0; None: all of it."""

    start: float
    end: float
    error: str
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A finished transcript as an export needs it: speakers carry their display names."""

    title: str
    segments: Sequence[Segment]
    language: str | None
    seconds: float
    created_at: str
    """ISO 8601 UTC with Z."""
    engine: str
    model: str | None = None
    confidence: float | None = None
    warnings: Sequence[str] = ()
    gaps: Sequence[Gap] = ()

    @property
    def speakers(self) -> tuple[str, ...]:
        """Display names in order of first appearance."""
        return tuple(dict.fromkeys(segment.speaker for segment in self.segments if segment.speaker))


def in_order(segments: Iterable[Segment], gaps: Iterable[Gap]) -> Iterator[Segment | Gap]:
    """What was said, in its order, and each gap before what is said from its start on."""
    left = sorted(gaps, key=lambda gap: (gap.start, gap.end))
    for segment in segments:
        while left and left[0].start <= segment.start:
            yield left.pop(0)
        yield segment
    yield from left


def plain_text(segments: Iterable[Segment]) -> str:
    """The words alone: one line per segment that has any."""
    return "\n".join(text for segment in segments if (text := segment.text.strip()))


def confidence(segments: Iterable[Segment]) -> float | None:
    """Mean confidence over all segments that state one, weighted by their length; None where none does."""
    rated = [(s.confidence, max(s.end - s.start, 0.01)) for s in segments if s.confidence is not None]
    if not rated:
        return None
    return sum(value * seconds for value, seconds in rated) / sum(seconds for _, seconds in rated)
