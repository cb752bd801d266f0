"""Transcripts as text models get them."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from textor.adapters.text_models.port import Citation, Passage
from textor.features.recordings import library
from textor.models import Transcription


def of(transcription: Transcription, source: str | None = None) -> list[Passage]:
    """What was said; a passage's id is its segment's number."""
    said = enumerate(library.segments(transcription))
    return [Passage(n, one.start, one.end, one.text, one.speaker, source) for n, one in said]


def of_told(lines: Sequence[dict[str, Any]]) -> list[Passage]:
    """What a request brought along: {start, end, text} each, in seconds."""
    return [Passage(n, float(one["start"]), float(one["end"]), str(one["text"])) for n, one in zip(count(), lines, strict=False)]


def of_text(text: str) -> list[Passage]:
    """A text without times, a passage for each line."""
    return [Passage(n, 0.0, 0.0, line.strip()) for n, line in enumerate(text.splitlines()) if line.strip()]


def told(citations: Sequence[Citation]) -> list[dict[str, Any]]:
    """As rows keep them."""
    return [{"start": one.start, "end": one.end, "text": one.text, "ids": list(one.ids)} for one in citations]
