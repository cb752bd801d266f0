"""A text is read alike however it is cut into pieces: sentences, what they name, topics, what a model only thinks."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, strategies
from hypothesis import settings as hypothesis_settings

from textor.adapters.text_models import marks
from textor.adapters.text_models.marks import Reader, Said

WRITTEN = """<think>Which [1] ones?
Hm.</think>
**Four** cables are rusty [2]. Dr. Okafor led the inspection, which cost 2.5 million [3][4]! Was it sold? [5, 7-9]

پل بسته است [۱]؛ [music] then 【12】.
TOPICS
- the bridge
2. rust"""
READ = [
    ("Four cables are rusty.", (2,), ""),
    ("Dr. Okafor led the inspection, which cost 2.5 million!", (3, 4), " "),
    ("Was it sold?", (5, 7, 8, 9), " "),
    ("پل بسته است؛ [music] then.", (1, 12), "\n\n"),
]


def read(*pieces: str, is_summary: bool = False) -> tuple[list[Said], Reader]:
    reader = Reader(is_summary=is_summary)
    said = [one for piece in pieces for one in reader.read(piece)]
    return [*said, *reader.end()], reader


def parts(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(text), *(cut % len(text) for cut in cuts)})
    return [text[begin:end] for begin, end in pairwise(places)]


@given(strategies.lists(strategies.integers(0, 10_000), max_size=40))
@hypothesis_settings(max_examples=60, deadline=None)
def test_however_a_text_is_cut_it_is_read_alike(cuts: list[int]) -> None:
    said, reader = read(*parts(WRITTEN, cuts), is_summary=True)
    assert [(one.text, one.numbers, one.gap) for one in said] == READ
    assert marks.topics(reader.topics, 5) == ("the bridge", "rust")


def test_letter_by_letter_too() -> None:
    said, reader = read(*WRITTEN, is_summary=True)
    assert ([(one.text, one.numbers, one.gap) for one in said], reader.topics.strip()) == (READ, "- the bridge\n2. rust")


def test_a_sentence_is_heard_as_soon_as_the_next_one_begins() -> None:
    reader = Reader()
    heard = [[one.text for one in reader.read(piece)] for piece in ("Cables rust. Bridges", " fall [1", "2].", " [3] And")]
    assert heard == [["Cables rust."], [], [], ["Bridges fall."]]


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("A [n12].", (12,)),
        ("A [n = 12, n = 13].", (12, 13)),
        ("A [#3; 4 and 5].", (3, 4, 5)),
        ("A［۱۲، ۱۳］.", (12, 13)),
        ("A [3–5].", (3, 4, 5)),
        ("A [1-900].", ()),
        ("[3] A.", (3,)),
        ("A [9999999].", (9999999,)),
        ("A [].", ()),
        ("A (3).", ()),
    ],
)
def test_marks_are_understood_in_many_hands(written: str, numbers: tuple[int, ...]) -> None:
    (said,), _ = read(written)
    assert said.numbers == numbers
    assert not re.search(r"[\[［]\s*n?\d{1,6}", said.text)


def test_an_answer_keeps_its_lists_and_a_summary_does_not() -> None:
    listed = "## Points\n1. Rust.\n- Cables"
    assert [one.text for one in read(listed)[0]] == ["Points", "1.", "Rust.", "- Cables"]
    assert [one.text for one in read(listed, is_summary=True)[0]] == ["Points", "Rust.", "Cables"]


def test_an_answer_may_speak_of_topics() -> None:
    said, reader = read("TOPICS were two.")
    assert (said[0].text, reader.topics) == ("TOPICS were two.", "")


@pytest.mark.parametrize("line", ["TOPICS", "TOPICS:", "**TOPICS:**", "# TOPICS", "TOPICS: rust |"])
def test_topics_stand_behind_their_line(line: str) -> None:
    said, reader = read(f"Rust [1].\n\n{line}\nbridges\n[4] Rust", is_summary=True)
    assert [one.text for one in said] == ["Rust."]
    assert "bridges" in marks.topics(reader.topics, 3)
    assert len(marks.topics(reader.topics, 1)) == 1


def test_topics_are_few_short_and_each_there_once() -> None:
    assert marks.topics("Rust\n rust \n\n---\n" + "long " * 40 + "\nbridges", 5) == ("Rust", "bridges")
    assert marks.topics("Rust", 0) == ()


def test_the_last_sentence_may_not_be_whole() -> None:
    said, _ = read("Cables rust. Bridges fa")
    assert [one.is_whole for one in said] == [True, False]
    assert [one.is_whole for one in read("Cables rust.")[0]] == [True]


def test_a_thought_without_end_says_nothing() -> None:
    assert read("<think>Cables rust. Bridges", " fall.")[0] == []
    assert [one.text for one in read("<b>No.")[0]] == ["<b>No."]
    assert read("")[0] == []
