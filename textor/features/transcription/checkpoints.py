"""What was heard of a slice, as JSON in its row and back. Times are seconds of the recording."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from textor.domain.transcript import Segment, Transcript, Word

NUL = "\x00"  # PostgreSQL stores none
LONGEST_LABEL = 48  # of a speaker; what names the slice comes behind it


def moved(segment: Segment, seconds: float) -> Segment:
    """The segment, heard in a slice that begins at `seconds`, in the recording's own time."""
    words = tuple(replace(word, start=word.start + seconds, end=word.end + seconds) for word in segment.words)
    return replace(segment, start=segment.start + seconds, end=segment.end + seconds, words=words)


def to_json(transcript: Transcript, segments: Sequence[Segment]) -> dict[str, Any]:
    """A checkpoint of a transcript whose segments have been heard to the end."""
    return {
        "language": transcript.language,
        "language_confidence": transcript.language_confidence,
        "details": dict(transcript.details),
        "segments": [_packed(segment) for segment in segments if segment.text.strip()],
    }


def from_json(kept: dict[str, Any]) -> Transcript:
    """The transcript of a checkpoint."""
    return Transcript(
        [_unpacked(*packed) for packed in kept["segments"]], kept["language"], kept["language_confidence"], kept["details"]
    )


def clean(segment: Segment) -> Segment:
    """Without what no database stores and nobody reads."""
    words = tuple(replace(word, text=_storable(word.text)) for word in segment.words)
    speaker = _storable(segment.speaker).strip()[:LONGEST_LABEL] if segment.speaker else None
    return replace(segment, text=_storable(segment.text).strip(), words=words, speaker=speaker or None)


def _storable(text: str) -> str:
    """Half of a pair of surrogates, where a provider has cut an emoji in two, is no text in UTF-8."""
    return text.replace(NUL, "").encode(errors="ignore").decode()


def _packed(segment: Segment) -> list[Any]:
    words = [[word.text, word.start, word.end, word.confidence] for word in segment.words]
    return [
        segment.start,
        segment.end,
        segment.text.strip(),
        words,
        segment.confidence,
        segment.speaker,
        segment.speaker_confidence,
    ]


def _unpacked(start: float, end: float, text: str, words: list[list[Any]], *rest: Any) -> Segment:
    return Segment(start, end, text, tuple(Word(*word) for word in words), *rest)
