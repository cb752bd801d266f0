"""What could not be transcribed is marked in every file that can tell it, and nothing is invented in those that can't."""

import csv
import io
import json

import pysubs2
import pytest

from tests.adapters.exports.samples import document, segment, written
from textor.adapters import discovery
from textor.adapters.exports.csv import Spreadsheet
from textor.adapters.exports.json import Json
from textor.adapters.exports.md import Markdown
from textor.adapters.exports.pdf import html
from textor.adapters.exports.port import ExportOptions
from textor.adapters.exports.srt import SubRip
from textor.adapters.exports.txt import PlainText
from textor.adapters.exports.vtt import WebVtt
from textor.adapters.exports.word.document import _blocks
from textor.domain.transcript import Document, Gap

MARK = "[Not transcribed, 1:00 to 2:00: The provider was away.]"


def holed(*gaps: Gap) -> Document:
    said = (segment("Before it.", 50, 58, "Ann"), segment("After it.", 120.5, 123, "Ann"))
    return document(*said, seconds=180.0, gaps=gaps or (Gap(60.0, 120.0, "The provider was away."),))


def test_in_a_text_the_mark_stands_where_the_words_are_missing() -> None:
    assert written(PlainText(), holed()).decode() == f"Ann [0:50]\nBefore it.\n\n{MARK}\n\n[2:00] After it.\n"


def test_the_mark_parts_what_would_be_one_paragraph() -> None:
    said = (segment("One.", 0, 10, "Ann"), segment("Two.", 11, 20, "Ann"))
    text = written(PlainText(), document(*said, gaps=[Gap(10.5, 20.0, "Away.", channel=1)]), timestamps=False).decode()
    assert text == "Ann\nOne.\n\n[Not transcribed, 0:10 to 0:20, side 2 of the call: Away.]\n\nTwo.\n"


def test_markdown_tells_it_on_top_and_in_its_place() -> None:
    text = written(Markdown(), holed()).decode()
    top = "> One part of this recording could not be transcribed. What is missing is marked in the text."
    assert text.index(top) < text.index("Before it.") < text.index(r"> \[Not transcribed, 1:00 to 2:00") < text.index("After it.")


def test_word_and_pdf_tell_it_on_top_and_in_its_place() -> None:
    pair = holed(Gap(60.0, 120.0, "Away & <gone>."), Gap(130.0, 180.0, "Away."))
    for page in ("".join(_blocks(pair, ExportOptions())), html(pair, ExportOptions())):
        places = [
            page.index(text) for text in ("2 parts of this recording", "Before it.", "1:00 to 2:00", "After it.", "2:10 to 3:00")
        ]
        assert places == sorted(places)
        assert "Away &amp; &lt;gone&gt;." in page


def test_json_lists_the_gaps_as_the_page_does() -> None:
    assert json.loads(written(Json(), holed(Gap(60.0, 120.0, "Away.", channel=0))))["gaps"] == [
        {
            "start": 60.0,
            "end": 120.0,
            "start_display": "00:01:00.000",
            "end_display": "00:02:00.000",
            "channel": 0,
            "error": "Away.",
        }
    ]
    assert json.loads(written(Json(), document()))["gaps"] == []


def test_a_spreadsheet_has_a_row_without_a_number() -> None:
    rows = list(csv.reader(io.StringIO(written(Spreadsheet(), holed()).decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["n", "1", "", "2"]
    assert rows[2] == ["", "00:01:00.000", "00:02:00.000", "", MARK, ""]


def test_captions_have_a_comment_and_no_cue() -> None:
    file = written(WebVtt(), holed(Gap(60.0, 120.0, "a --> b\n\nc"))).decode()
    assert file.startswith("WEBVTT\n\nNOTE [Not transcribed, 1:00 to 2:00: a → b c]\n\n1\n")
    said = [event.plaintext for event in pysubs2.SSAFile.from_string(file, format_="vtt")]
    assert said == ["Before it.", "After it."]


def test_subtitles_have_no_cue_that_nobody_said() -> None:
    assert written(SubRip(), holed()) == written(SubRip(), document(*holed().segments))


@pytest.mark.parametrize("kind", discovery.export_formats(), ids=lambda kind: kind.name)
def test_without_gaps_no_file_speaks_of_any(kind: type) -> None:
    if kind().missing():
        pytest.skip(kind().missing())
    assert b"ranscribed" not in written(kind(), document(segment("All of it.")))
