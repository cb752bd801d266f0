"""A corrected text keeps the times of the words that still stand there, and finds times for those that are new."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textor.domain.rewording import reworded
from textor.domain.transcript import Segment, Word

TEXTS = st.lists(st.sampled_from(["one", "two", "Two,", "می‌روم", "می", "روم", "我", "—", "👍🏽", "\u200f"]), max_size=12).map(
    " ".join
)


def said(text: str, start: float = 10.0) -> Segment:
    words = tuple(Word(word, start + n, start + n + 0.8, 0.5 + n / 100) for n, word in enumerate(text.split()))
    return Segment(start, words[-1].end, text, words, 0.5, "A")


def told(segment: Segment) -> list[tuple[str, float, float]]:
    return [(word.text, round(word.start, 2), round(word.end, 2)) for word in segment.words]


def test_a_corrected_word_stands_where_the_wrong_one_stood() -> None:
    found = reworded(said("good mourning to you"), "good morning to you")
    assert told(found) == [("good", 10, 10.8), ("morning", 11, 11.8), ("to", 12, 12.8), ("you", 13, 13.8)]
    assert [word.confidence for word in found.words] == [0.5, None, 0.52, 0.53]
    assert found.confidence == pytest.approx((0.5 + 0.52 + 0.53) / 3)
    assert (found.text, found.start, found.end, found.speaker) == ("good morning to you", 10, 13.8, "A")


def test_as_many_wrong_words_as_right_ones_change_places_one_by_one() -> None:
    assert told(reworded(said("good mourning fore you"), "good morning for you"))[1:3] == [
        ("morning", 11, 11.8),
        ("for", 12, 12.8),
    ]


def test_words_that_are_added_share_the_time_between_their_neighbours() -> None:
    assert told(reworded(said("one two"), "one ab cd two"))[1:3] == [("ab", 10.8, 10.9), ("cd", 10.9, 11)]
    assert told(reworded(said("one two"), "zero one two"))[0] == ("zero", 10, 10)
    assert told(reworded(said("one two"), "one two three"))[2] == ("three", 11.8, 11.8)


def test_more_or_fewer_words_share_the_time_of_those_that_are_gone() -> None:
    assert told(reworded(said("see everybody soon"), "see every body soon"))[1:3] == [
        ("every", 11, 11 + round(0.8 * 5 / 9, 2)),
        ("body", 11.44, 11.8),
    ]
    assert told(reworded(said("a b c d"), "a x d")) == [("a", 10, 10.8), ("x", 11, 12.8), ("d", 13, 13.8)]


def test_a_word_with_another_mark_is_the_same_word_but_a_persons() -> None:
    found = reworded(said("wait what"), "Wait, what?")
    assert told(found) == [("Wait,", 10, 10.8), ("what?", 11, 11.8)]
    assert (found.confidence, [word.confidence for word in found.words]) == (None, [None, None])


def test_a_segment_without_word_times_gets_none() -> None:
    assert reworded(Segment(0, 2, "one", confidence=0.9), "two") == Segment(0, 2, "two")
    assert reworded(said("one"), "").words == ()


@given(TEXTS.filter(str.strip), TEXTS)
@settings(max_examples=200, deadline=None)
def test_all_that_is_written_is_words_in_order_of_time(before: str, after: str) -> None:
    found = reworded(said(before), after)
    assert "".join(word.text for word in found.words) == "".join(after.split())
    assert all(one.end <= other.start + 1e-9 for one, other in pairwise(found.words))
    assert all(found.start <= word.start <= word.end + 1e-9 <= found.end + 2e-9 for word in found.words)


def test_a_text_of_one_word_again_and_again_takes_no_time() -> None:
    """The alignment bounds the places that it looks at."""
    long = reworded(said("da " * 500), "da " * 900)
    assert len(long.words) == 900
