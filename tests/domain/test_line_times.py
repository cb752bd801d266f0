"""When the lines of a changed transcript were said."""

import pytest

from textor.domain.line_times import timed
from textor.domain.transcript import Segment

SAID = [Segment(2.0 * n, 2.0 * n + 2, f" {text} ", speaker="A") for n, text in enumerate(("one", "two", "", "four", "five"))]


def times(*lines: str) -> list[tuple[str, float, float]]:
    return [(one.text, one.start, one.end) for one in timed(lines, SAID)]


def test_what_was_not_changed_has_its_times_and_speakers() -> None:
    assert times("one", "two", "four", "five") == [("one", 0, 2), ("two", 2, 4), ("four", 6, 8), ("five", 8, 10)]
    assert {one.speaker for one in timed(["one", "five"], SAID)} == {"A"}


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("one", "TWO", "four", "five"), [("one", 0, 2), ("TWO", 2, 4), ("four", 6, 8), ("five", 8, 10)]),
        (("one", "a", "bbb", "five"), [("one", 0, 2), ("a", 2, 3.5), ("bbb", 3.5, 8), ("five", 8, 10)]),
        (("two", "five"), [("two", 2, 4), ("five", 8, 10)]),
        (("one", "two", "more", "four", "five"), [*times("one", "two"), ("more", 4, 4), *times("four", "five")]),
        (("first", "one"), [("first", 0, 0), ("one", 0, 2)]),
        (("something else",), [("something else", 0, 10)]),
        ((), []),
    ],
)
def test_what_was_changed_has_the_time_of_what_it_stands_for(
    lines: tuple[str, ...], found: list[tuple[str, float, float]]
) -> None:
    assert times(*lines) == found


def test_a_text_without_a_recording_has_no_times() -> None:
    assert [(one.start, one.end) for one in timed(["one", "two"], [])] == [(0, 0), (0, 0)]


def test_a_stretch_that_is_too_long_to_compare_counts_as_one() -> None:
    found = timed(["one", "XX", "four", "YY"], SAID, most_compared=3)
    assert [(one.text, one.start, one.end) for one in found] == [("one", 0, 2), ("XX", 2, 4), ("four", 4, 8), ("YY", 8, 10)]
