"""What is news to somebody who has been told a part of a text that is being written, and written anew."""

import pytest

from textor.domain.telling import Told
from textor.domain.transcript import Segment


def said(start: float, end: float, text: str, speaker: str | None = None) -> Segment:
    return Segment(start, end, text, speaker=speaker)


ONE, TWO, THREE = said(0, 2, "one"), said(2, 4, "two"), said(5, 6, "three")


class Reader:
    """Reads a text as it stands, as Told wants it read."""

    def __init__(self, *text: Segment) -> None:
        self.told = Told()
        self.read(*text)

    def read(self, *text: Segment) -> list[str]:
        rows = text[self.told.first :]
        news = self.told.following(rows) if self.told.fits(rows) else self.told.anew(text)
        return [segment.text for segment in news]


def test_a_text_that_grows_is_told_as_it_grows() -> None:
    reader = Reader()
    assert [reader.read(), reader.read(ONE), reader.read(ONE), reader.read(ONE, TWO, THREE)] == [
        [],
        ["one"],
        [],
        ["two", "three"],
    ]
    assert reader.told.count == 3


def test_of_a_growing_text_only_the_end_is_read() -> None:
    assert Reader(ONE, TWO, THREE).told.first == 2


@pytest.mark.parametrize(
    "anew",
    [
        [ONE, said(2, 6, "two three")],
        [said(0, 1, "o"), said(1, 2, "ne"), TWO, THREE],
        [ONE, said(2.1, 4.3, "to"), said(4.9, 6, "tree")],
        [said(0, 6, "one two three")],
    ],
    ids=["joined", "cut", "heard otherwise", "in one"],
)
def test_a_text_that_is_written_anew_tells_nothing_twice(anew: list[Segment]) -> None:
    reader = Reader(ONE, TWO, THREE)
    assert reader.read(*anew, said(6, 8, "four")) == ["four"]
    assert reader.read(*anew, said(6, 8, "four"), said(8, 9, "five")) == ["five"]


def test_what_was_missing_in_the_middle_is_told() -> None:
    reader = Reader(ONE, THREE)
    assert reader.read(ONE, TWO, THREE) == ["two"]


def test_who_talks_while_somebody_else_does_is_told_of() -> None:
    anna, bert = said(0, 4, "well", "Anna"), said(1, 2, "yes", "Bert")
    reader = Reader(anna, TWO)
    assert reader.read(anna, bert, said(2, 4.5, "two")) == ["yes"]


def test_a_word_without_length_is_told_once() -> None:
    point = said(7, 7, "hm")
    reader = Reader(ONE, point)
    assert reader.read(ONE, TWO, point) == ["two"]


def test_where_more_was_told_before_than_could_be_at_once_the_latest_counts() -> None:
    words = [said(n, n + 0.9, str(n)) for n in range(100)]
    reader = Reader(*words)
    assert reader.read(said(0, 0.9, "zero"), *words[1:99], said(99, 99.9, "ninety-nine"), said(100, 101, "100")) == ["100"]
