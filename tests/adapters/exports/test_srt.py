from typing import Any

import pysubs2
import pytest
from hypothesis import given, settings

from tests.adapters.exports import samples
from tests.adapters.exports.samples import conversation, document, persian, segment, spoken, written
from textor.adapters.exports.srt import SubRip, harmless
from textor.domain.transcript import Document


def text(of: Document, **options: Any) -> str:
    return written(SubRip(), of, **options).decode()


def test_numbers_times_and_names_where_a_turn_opens() -> None:
    assert text(conversation()) == (
        "1\n00:00:00,400 --> 00:00:03,341\nAlice: Good morning.\nLet's start with the numbers.\n\n"
        "2\n00:00:05,000 --> 00:00:07,117\nBob: They are better than last week.\n\n"
        "3\n00:00:08,000 --> 00:00:08,833\nVery good.\n\n"
    )


def test_without_speakers_nobody_is_named() -> None:
    assert "Bob" not in text(conversation(), speakers=False)


def test_pysubs2_reads_back_what_was_said() -> None:
    events = pysubs2.SSAFile.from_string(text(persian(), speakers=False), format_="srt")
    said = " ".join(event.plaintext.replace("\n", " ") for event in events)
    assert said == f"{samples.PERSIAN} {samples.PHONE}"


def test_right_to_left_text_keeps_its_order_and_gets_no_marks() -> None:
    assert not set(text(persian())) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize(
    ("said", "written_as"),
    [
        ("<b>bold</b>", "‹b›bold‹/b›"),
        ("a < b", "a ‹ b"),
        ("3 < 4 > 2", "3 < 4 > 2"),
        ("1 --> 2", "1 → 2"),
        ("{\\an8}up", "(\\an8}up"),
        ("{note}", "{note}"),
        ("C:\\new\\Host", "C:\\new\\Host"),
    ],
)
def test_what_players_take_for_markup_is_made_harmless(said: str, written_as: str) -> None:
    assert harmless(said) == written_as
    assert written_as in text(document(segment(said)))


def test_a_cue_said_aloud_is_no_cue() -> None:
    assert text(document(segment("1\n00:00:01,000 --> 00:00:02,000\nhello"))).count("-->") == 1


def test_hours_go_on_after_ninety_nine() -> None:
    assert "111:06:40,000 --> " in text(document(spoken("Still here.", 400_000)))


@settings(max_examples=60, deadline=None)
@given(samples.documents)
def test_every_cue_has_its_block(document: Document) -> None:
    blocks = [block for block in text(document).split("\n\n") if block]
    assert [block.split("\n")[0] for block in blocks] == [str(n) for n in range(1, len(blocks) + 1)]
    assert all(2 <= len(block.split("\n")) <= 4 for block in blocks)
    assert all(" --> " in block.split("\n")[1] for block in blocks)
    assert text(document).count("-->") == len(blocks)
