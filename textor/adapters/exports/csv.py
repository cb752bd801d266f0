"""A spreadsheet: one row per segment, and one without a number for what could not be transcribed."""

import csv
import io
import itertools
from typing import BinaryIO

from textor.adapters.exports import layout
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain import timecode
from textor.domain.transcript import Document, Gap, Segment, in_order
from textor.domain.writing import clean

COLUMNS = ("n", "start", "end", "speaker", "text", "confidence")
_INVISIBLE = " \u00a0\u200b\u200c\u200d\u200e\u200f\u061c\u2060"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


class Spreadsheet(ExportFormat):
    """UTF-8 with a byte order mark, without which Excel takes Persian for Latin-1; rows end as RFC 4180 wants it."""

    name = "csv"
    title = "Spreadsheet (CSV)"
    media_type = "text/csv"
    icon = "file-text"
    order = 70

    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        text = io.StringIO(newline="")
        rows = csv.writer(text)
        rows.writerow(COLUMNS)
        numbers = itertools.count(1)
        for piece in in_order(document.segments, document.gaps):
            rows.writerow(_gap_row(piece) if isinstance(piece, Gap) else _row(next(numbers), piece, options))
        out.write(text.getvalue().encode("utf-8-sig"))


def _row(n: int, segment: Segment, options: ExportOptions) -> tuple[str, ...]:
    speaker = segment.speaker if options.speakers and segment.speaker else ""
    confidence = "" if segment.confidence is None else f"{segment.confidence:.3f}"
    return str(n), timecode.precise(segment.start), timecode.precise(segment.end), cell(speaker), cell(segment.text), confidence


def _gap_row(gap: Gap) -> tuple[str, ...]:
    return "", timecode.precise(gap.start), timecode.precise(gap.end), "", cell(layout.gap_sentence(gap)), ""


def cell(text: str) -> str:
    """Spreadsheets run cells that look like formulas; an apostrophe in front makes them text (OWASP, CSV injection)."""
    text = clean(text)
    return f"'{text}" if text.lstrip(_INVISIBLE).startswith(_FORMULA_STARTS) else text
