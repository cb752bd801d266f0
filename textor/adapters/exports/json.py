"""Everything Textor knows about a transcript, for programs."""

import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO

from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain import timecode
from textor.domain.transcript import Document, Gap, Segment, Word, plain_text


class Json(ExportFormat):
    """One object, one segment per line. Field names are those of the API's result."""

    name = "json"
    title = "Data (JSON)"
    media_type = "application/json"
    icon = "braces"
    order = 80

    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        out.writelines(piece.encode() for piece in _pieces(document, options))


def _pieces(document: Document, options: ExportOptions) -> Iterator[str]:
    head = ",\n".join(f"{_dump(name)}: {_dump(value)}" for name, value in _facts(document, options).items())
    yield f'{{\n{head},\n"segments": ['
    for n, segment in enumerate(document.segments):
        yield f"{',' if n else ''}\n{_dump(_segment(segment, options))}"
    yield "\n]\n}\n"


def _facts(document: Document, options: ExportOptions) -> dict[str, Any]:
    return {
        "title": document.title,
        "created_at": document.created_at,
        "language": document.language,
        "audio_duration": _number(document.seconds),
        "audio_duration_display": timecode.precise(document.seconds),
        "engine": document.engine,
        "model": document.model,
        "confidence": _number(document.confidence),
        "speakers": list(document.speakers) if options.speakers else [],
        "warnings": list(document.warnings),
        "gaps": [_gap(gap) for gap in document.gaps],
        "text": plain_text(document.segments),
    }


def _segment(segment: Segment, options: ExportOptions) -> dict[str, Any]:
    return {
        "start": _number(segment.start),
        "end": _number(segment.end),
        "start_display": timecode.precise(segment.start),
        "end_display": timecode.precise(segment.end),
        "text": segment.text,
        "speaker": segment.speaker if options.speakers else None,
        "speaker_confidence": _number(segment.speaker_confidence) if options.speakers else None,
        "confidence": _number(segment.confidence),
        "words": [_word(word) for word in segment.words],
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "start": _number(gap.start),
        "end": _number(gap.end),
        "start_display": timecode.precise(gap.start),
        "end_display": timecode.precise(gap.end),
        "channel": gap.channel,
        "error": gap.error,
    }


def _word(word: Word) -> dict[str, Any]:
    return {"text": word.text, "start": _number(word.start), "end": _number(word.end), "confidence": _number(word.confidence)}


def _number(value: float | None) -> float | None:
    """JSON has no infinity and no NaN. Milliseconds and three digits of confidence are all that engines mean."""
    return None if value is None or not math.isfinite(value) else round(value, 3)


def _dump(value: Any) -> str:
    """Letters stay readable; halves of surrogate pairs, which UTF-8 can't carry, are replaced."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace").decode()
