"""Several hearings of one recording side by side: every word of each is shown once, and only what differs is marked."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.hearing import said, untimed
from textor.domain.alignment import matches
from textor.domain.differences import Differences, Hearing, compare, runs
from textor.domain.transcript import Segment, Word, plain_text

MANY = settings(max_examples=200, deadline=None)
# `no_cover`: what is measured takes twice as long, and the tests without that mark run the same lines.
WORDS = st.sampled_from(["one", "two", "three", "four", "a", "b", "می‌روم", "می", "روم", "我", "—", "..."])


@st.composite
def hearings(draw: st.DrawFn) -> list[Segment]:
    """Any segments: with word times and without, overlapping, in leaps, empty ones among them."""
    found: list[Segment] = []
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.floats(0, 60).map(lambda value: round(value, 2)))
        words = draw(st.lists(WORDS, max_size=6))
        text = " ".join(words)
        is_timed = draw(st.booleans()) and bool(words)
        pace = draw(st.sampled_from([0.1, 0.4, 2, 6]))
        found.append(said(text, start, pace=pace) if is_timed else Segment(start, start + draw(st.integers(0, 20)), text))
    return sorted(found, key=lambda segment: segment.start)


def compared(*sides: list[Segment]) -> Differences:
    return compare([Hearing(side) for side in sides])


def told(differences: Differences, column: int = 1) -> list[tuple[str, str]]:
    return [(piece.kind, piece.text.strip()) for stretch in differences.stretches for piece in stretch.parts[column].pieces]


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_what_differs_is_told_word_by_word() -> None:
    found = compared([said("we went home at noon", 0)], [said("we want home at high noon", 0)])
    assert told(found) == [
        ("same", "we"),
        ("missing", "went"),
        ("added", "want"),
        ("same", "home at"),
        ("added", "high"),
        ("same", "noon"),
    ]
    assert found.words == [5, 6]
    assert found.agreements == [1.0, pytest.approx(8 / 11)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello, World!", "hello world"),
        ("كتاب يک علي", "کتاب یک علی"),
        ("می‌روم خانه", "میروم خانه"),
        ("می‌روم خانه", "می روم خانه"),
        ("مُدَرِّس آمد", "مدرس آمد"),
        ("۱۲ نفر", "12 نفر"),
        ("a well-known man", "a well known man"),
        ("stop — now", "stop now"),
    ],
)
def test_case_signs_and_persian_variants_make_no_difference(one: str, other: str) -> None:
    found = compared([said(one, 0)], [said(other, 0)])
    assert {kind for kind, _ in told(found)} == {"same"}
    assert found.agreements == [1.0, 1.0]


def test_the_same_word_at_another_time_is_another_word() -> None:
    found = compared([said("yes", 0)], [said("yes", 60)])
    assert ("added", "yes") in told(found)
    assert found.agreements[1] == 0


def test_a_stretch_ends_where_all_sides_pause() -> None:
    left = [said("one two", 0), said("three four", 1), said("five six", 2)]
    right = [said("one two three", 0), said("four", 1.4), said("five six", 2)]
    found = compared(left, right)
    assert [(stretch.parts[0].first, stretch.parts[0].last) for stretch in found.stretches] == [(0, 4), (4, 6)]
    assert not any(stretch.differs for stretch in found.stretches)


def test_what_the_base_was_silent_about_is_a_stretch_of_its_own() -> None:
    found = compared(
        [said("one two", 0), said("nine ten", 100)], [said("one two", 0), said("in between", 50), said("nine ten", 100)]
    )
    middle = next(stretch for stretch in found.stretches if stretch.start == 50)
    assert middle.parts[0].pieces == []
    assert [piece.kind for piece in middle.parts[1].pieces] == ["added"]
    assert middle.end < 60


def test_a_side_that_never_pauses_is_cut_through() -> None:
    text = " ".join(f"w{n}" for n in range(300))
    pieces = [said(" ".join(f"w{n}" for n in range(first, first + 10)), first * 0.4) for first in range(0, 300, 10)]
    found = compared(pieces, [said(text, 0)])
    assert len(found.stretches) >= 5
    assert max(stretch.end - stretch.start for stretch in found.stretches) < 30
    assert found.agreements[1] == 1


def test_nothing_on_all_sides_is_no_stretch() -> None:
    assert compared([], [Segment(0, 1, " ")]) == Differences([], [0, 0], [1.0, 1.0])


def test_a_part_of_a_hearing_becomes_segments_with_their_own_times() -> None:
    side = Hearing([said("one two, three.", 0), said("four five six", 5)])
    middle = side.side.between(1, 5)
    assert [segment.text for segment in middle] == ["two, three.", "four five"]
    assert [word.text for segment in middle for word in segment.words] == ["two,", "three.", "four", "five"]
    assert (middle[0].start, middle[1].start) == (0.4, 5)
    assert side.side.between(2, 2) == []
    assert [segment.text for segment in side.side.between(4, 5)] == ["five"]


@MANY
@given(st.lists(hearings(), min_size=2, max_size=3))
def test_every_word_of_every_side_is_there_once_and_in_order(sides: list[list[Segment]]) -> None:
    found = compared(*sides)
    for column, side in enumerate(sides):
        kept = [p.text for s in found.stretches for p in s.parts[column].pieces if p.kind != "missing"]
        assert squeezed("".join(kept)) == squeezed(plain_text(side))
        edges = [(stretch.parts[column].first, stretch.parts[column].last) for stretch in found.stretches]
        tokens = [n for first, last in edges for n in range(first, last)]
        assert tokens == list(range(len(Hearing(side).tokens)))


@pytest.mark.no_cover
@MANY
@given(st.lists(hearings(), min_size=2, max_size=2))
def test_what_is_missing_and_what_is_the_same_make_the_base(sides: list[list[Segment]]) -> None:
    base, other = Hearing(sides[0]), Hearing(sides[1])
    turns = runs(base, other, matches(base.tokens, other.tokens))
    assert [n for run in turns for n in range(run.left, run.left_end)] == list(range(len(base.tokens)))
    assert [n for run in turns for n in range(run.right, run.right_end)] == list(range(len(other.tokens)))


@pytest.mark.no_cover
@MANY
@given(hearings())
def test_the_same_text_has_no_differences(side: list[Segment]) -> None:
    found = compared(side, side, side)
    assert {kind for column in (0, 1, 2) for kind, _ in told(found, column)} <= {"same"}
    assert found.agreements == [1.0, 1.0, 1.0]


@pytest.mark.no_cover
@MANY
@given(hearings(), hearings())
def test_it_is_the_same_from_both_sides(left: list[Segment], right: list[Segment]) -> None:
    one, other = Hearing(left), Hearing(right)
    there = matches(one.tokens, other.tokens)
    assert [(j, i) for i, j in matches(other.tokens, one.tokens)] == there
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(there))
    assert compared(left, right).agreements[1] == compared(right, left).agreements[1]


@pytest.mark.no_cover
@MANY
@given(st.lists(hearings(), min_size=2, max_size=3))
def test_a_stretch_cuts_no_segment_of_the_base(sides: list[list[Segment]]) -> None:
    base = Hearing(sides[0])
    assert all(base.is_edge(stretch.parts[0].first) for stretch in compared(*sides).stretches)


@pytest.mark.no_cover
@pytest.mark.parametrize("other", ["as fast", "at once", "one word", "no times"])
def test_five_hours_take_bounded_time(other: str) -> None:
    """Among them what no speech is: all at the same moment, one word for ever."""
    base = [said("and so it goes on and on then", n * 3.6) for n in range(5000)]
    made = {
        "as fast": lambda n: said("and so it went on and on there", n * 3.6 + 0.1),
        "at once": lambda n: Segment(0, 0, "and so", (Word("and", 0, 0), Word("so", 0, 0))),
        "one word": lambda n: said("and and and and and and and and", n * 3.6),
        "no times": lambda n: untimed("and so it went on and on there", n * 3.6, n * 3.6 + 3),
    }
    began = time.process_time()
    found = compared(base, [made[other](n) for n in range(5000)])
    assert time.process_time() - began < 20
    assert found.words[0] == 40_000
