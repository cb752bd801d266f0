"""What users see: whole sentences in the form they wished for, never more words than they asked for."""

import pytest

from textor.adapters.text_models.marks import Said
from textor.adapters.text_models.port import Format, count_words, unheard
from textor.adapters.text_models.sheet import Sheet, clip

SAID = [Said("Cables rust."), Said("Bridges fall.", gap=" "), Said("Ferries stop.", gap="\n\n")]


def written(form: Format | None, most: int, *said: Said) -> str:
    pieces: list[str] = []
    sheet = Sheet(most, pieces.append, form)
    for one in said or SAID:
        sheet.put(one)
    assert sheet.text == "".join(pieces)
    assert count_words(sheet.text) <= most
    return sheet.text


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("paragraph", "Cables rust. Bridges fall. Ferries stop."),
        ("bullet_points", "- Cables rust. Bridges fall.\n- Ferries stop."),
        ("key_points", "1. Cables rust. Bridges fall.\n2. Ferries stop."),
        (None, "Cables rust. Bridges fall.\n\nFerries stop."),
    ],
)
def test_every_form_is_laid_out_by_us(form: Format | None, text: str) -> None:
    assert written(form, 50) == text


@pytest.mark.parametrize(
    ("most", "text"), [(5, "Cables rust. Bridges fall."), (4, "Cables rust. Bridges fall."), (3, "Cables rust.")]
)
def test_what_is_too_much_ends_at_a_sentence(most: int, text: str) -> None:
    assert written("paragraph", most) == text


def test_nothing_comes_after_what_was_too_much() -> None:
    assert written(None, 4, Said("One two."), Said("Three four five.", gap=" "), Said("Six.", gap=" ")) == "One two."


@pytest.mark.parametrize(
    ("form", "most", "text"),
    [("paragraph", 2, "One two…"), ("bullet_points", 3, "- One two…"), ("key_points", 1, "One…"), ("paragraph", 0, "")],
)
def test_of_a_first_sentence_that_is_too_long_there_is_the_beginning(form: Format, most: int, text: str) -> None:
    assert written(form, most, Said("One two three four.")) == text


def test_words_are_counted_in_scripts_without_spaces_too() -> None:
    assert written("paragraph", 3, Said("会议今天开始。")) == "会议今…"
    assert clip("word 会议开始", 3) == "word 会议"


def test_what_is_broken_off_says_so_once() -> None:
    sheet = Sheet(50, unheard)
    sheet.break_off()
    assert sheet.text == ""
    sheet = Sheet(50, unheard)
    sheet.put(SAID[0])
    sheet.break_off()
    sheet.break_off()
    assert (sheet.text, sheet.put(SAID[1])) == ("Cables rust. …", False)
    sheet = Sheet(50, unheard)
    sheet.put(Said("And so on…"))
    sheet.break_off()
    assert sheet.text == "And so on…"
