import csv
import io
from typing import Any

import pytest

from tests.adapters.exports.samples import NASTY, PERSIAN, conversation, document, segment, written
from textor.adapters.exports.csv import COLUMNS, Spreadsheet
from textor.domain.transcript import Document


def rows(of: Document, **options: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written(Spreadsheet(), of, **options).decode("utf-8-sig"), newline="")))


def test_one_row_per_segment_under_a_head() -> None:
    assert rows(conversation())[:2] == [
        list(COLUMNS),
        ["1", "00:00:00.400", "00:00:03.230", "Alice", "Good morning. Let's start with the numbers.", "0.930"],
    ]
    assert len(rows(conversation())) == 4


def test_excel_is_told_that_it_is_utf_8() -> None:
    data = written(Spreadsheet(), document(segment(PERSIAN)))
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    assert PERSIAN in data.decode("utf-8-sig")


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\x00=1", "\u200e=1"])
def test_no_cell_is_a_formula(formula: str) -> None:
    cells = rows(document(segment(formula, speaker=formula)))[1]
    assert cells[3].startswith("'")
    assert cells[4].startswith("'")


def test_text_with_quotes_commas_and_lines_comes_back_as_one_cell() -> None:
    assert rows(document(segment('He said "a, b"\nand went.')))[1][4] == 'He said "a, b" and went.'


def test_without_speakers_the_column_is_empty() -> None:
    assert [row[3] for row in rows(conversation(), speakers=False)] == ["speaker", "", "", ""]


def test_an_unknown_confidence_is_an_empty_cell() -> None:
    assert rows(document(segment("x")))[1][5] == ""


def test_every_row_has_every_column() -> None:
    assert {len(row) for row in rows(document(*map(segment, NASTY)))} == {len(COLUMNS)}
