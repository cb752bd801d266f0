"""What was heard slice by slice becomes one text: every word once, in order, at its time."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.hearing import assert_sensible, said, sliced, texts, true_words, two
from textor.domain.merging import Heard, merged
from textor.domain.transcript import Segment, Word, plain_text

MANY = settings(max_examples=300, deadline=None)


def test_slices_without_overlap_follow_each_other() -> None:
    whole = merged(
        [
            Heard(10, 20, 0, None, [said("four five", 11), said("six", 15)]),
            Heard(0, 10, 0, None, [said("one two three", 2)]),
        ]
    )
    assert texts(whole) == ["one two three", "four five", "six"]


def test_times_stay_within_the_slice_that_heard_them() -> None:
    whole = merged([Heard(0, 10, 0, None, [said("one two", 9.5)]), Heard(10, 20, 0, None, [said("three", 9.9)])])
    words = [word for segment in whole for word in segment.words]
    assert [(word.text, round(word.start, 2), round(word.end, 2)) for word in words] == [
        ("one", 9.5, 9.82),
        ("two", 9.9, 10),
        ("three", 10, 10.22),
    ]
    assert [round(segment.end, 2) for segment in whole] == [10, 10.22]


def test_a_clean_cut_removes_nothing_even_when_a_word_is_said_twice() -> None:
    whole = merged([Heard(0, 10, 0, None, [said("no no", 9.1)]), Heard(10, 20, 0, None, [said("no no", 10)])])
    assert texts(whole) == ["no no", "no no"]


def test_a_sentence_over_the_seam_becomes_one_again() -> None:
    whole = two([said("we want to go home no", 5.2)], [said("ant to go home now and sleep", 5.7)], start=5.7, end=7.4)
    assert texts(whole) == ["we want to go home now and sleep"]
    assert [word.text for word in whole[0].words] == ["we", "want", "to", "go", "home", "now", "and", "sleep"]
    assert whole[0].start == 5.2
    assert whole[0].end == pytest.approx(8.42)
    assert_sensible(whole)


@MANY
@given(seed=st.integers(0, 10**9), count=st.integers(40, 90))
def test_every_word_is_there_once_however_slices_overlap(seed: int, count: int) -> None:
    chance = random.Random(seed)
    words = true_words(chance, count)
    slices = sliced(chance, words)
    chance.shuffle(slices)
    whole = merged(slices)
    inside = words[:-1]  # the last one may be misheard: nobody else has heard it
    assert plain_text(whole).split()[: len(inside)] == [word.text for word in inside]
    assert_sensible(whole)
    for found, word in zip((w for segment in whole for w in segment.words), inside, strict=False):
        assert found.start == pytest.approx(word.start, abs=0.6)


def test_repeated_words_are_counted_right() -> None:
    left = [said("no no no no no no no no", 6.8)]
    right = [said("no no no no no and that is final", 8.05)]
    assert plain_text(two(left, right, start=8.0, end=10.0)) == "no no no no no no no no and that is final"


def test_where_nothing_is_shared_the_change_is_in_the_middle() -> None:
    left = [said("a b c d e f g", 7.1)]
    right = [said("A1 B1 C1 D1 E1 F1 G1", 7.1)]
    assert plain_text(two(left, right)) == "a b c d E1 F1 G1"


def test_half_a_word_at_a_border_gives_way_to_the_whole_one() -> None:
    left = [said("the report is finish", 8.2)]
    right = [
        Segment(8.6, 10.6, "port is finished today", (*said("port is", 8.6, pace=0.4).words, *said("finished today", 9.4).words))
    ]
    assert plain_text(two(left, right, start=8.6, end=9.8)) == "the report is finished today"


def test_half_of_a_long_word_is_no_word_of_its_own() -> None:
    half, long = Word("sh", 9.85, 9.98), Word("shouting", 9.85, 10.7)
    left = [said("they were", 7.4), Segment(half.start, half.end, half.text, (half,))]
    right = [said("they were", 7.4), Segment(long.start, long.end, long.text, (long,))]
    assert plain_text(two(left, right)).split() == ["they", "were", "shouting"]


def test_a_failed_slice_leaves_its_neighbours_whole() -> None:
    before, after = said("one two three", 8), said("four five six", 17)
    whole = merged([Heard(0, 10, 0, None, [before]), Heard(17, 27, 3, None, [after])])
    assert whole == [before, after]


def test_when_one_side_has_heard_nothing_the_others_words_stay() -> None:
    one = said("all of this was only heard once", 7.1)
    assert two([one], []) == [one]
    assert two([], [one]) == [one]
    assert texts(two([said("long before", 1)], [one])) == ["long before", one.text]


def test_channels_are_merged_each_for_itself_and_take_turns() -> None:
    left = [
        Heard(0, 10, 0, 0, [said("hello bob how are", 8)]),
        Heard(8, 20, 2, 0, [said("ello bob how are you", 8), said("fine", 14)]),
    ]
    right = [Heard(0, 10, 0, 1, [said("hello alice", 4)]), Heard(10, 20, 0, 1, [said("well thanks", 12)])]
    assert texts(merged([*right, *left])) == ["hello alice", "hello bob how are you", "well thanks", "fine"]


def test_an_engines_order_is_kept_where_two_speakers_talk_at_once() -> None:
    both = [said("one", 5), said("two", 3), said("three", 6)]
    assert texts(merged([Heard(0, 10, 0, 0, both), Heard(0, 10, 0, 1, [said("four", 4)])])) == ["four", "one", "two", "three"]


def test_blank_segments_are_left_out() -> None:
    assert merged([Heard(0, 10, 0, None, [Segment(1, 2, "  "), Segment(3, 4, "a")])]) == [Segment(3, 4, "a")]
    assert merged([]) == []


def test_two_speakers_are_not_made_one() -> None:
    left = [said("are you coming home", 8, speaker="A")]
    right = [said("you coming", 8.4, speaker="A"), said("home yes", 9.2, speaker="B")]
    whole = two(left, right, start=8.3, end=9.4)
    assert [segment.speaker for segment in whole] == ["A", "B"]
    assert_sensible(whole)


def test_what_two_sides_call_two_speakers_stays_apart() -> None:
    whole = two(
        [said("are you coming home to", 8, speaker="A")], [said("ming home today or not", 8.8, speaker="B")], start=8.8, end=9.9
    )
    assert texts(whole) in (["are you coming", "home today or not"], ["are you coming home", "today or not"])
    assert [segment.speaker for segment in whole] == ["A", "B"]


def test_sentences_that_no_seam_went_through_stay_apart() -> None:
    first, second = said("one two", 7.1), said("three four", 8.3)
    assert two([first], [second]) == [first, second]


def test_what_is_joined_never_grows_without_end() -> None:
    slices = [Heard(0, 20, 0, None, [said(" ".join(f"w{n}" for n in range(50)), 0)])]
    for number in range(1, 10):
        start = number * 18.0
        text = " ".join(f"w{n}" for n in range(number * 45, number * 45 + 50))
        slices.append(Heard(start, start + 20, 2, None, [said(text, start)]))
    whole = merged(slices)
    assert plain_text(whole).split() == [f"w{n}" for n in range(455)]
    assert max(segment.end - segment.start for segment in whole) <= 30


@MANY
@given(seed=st.integers(0, 10**9), share=st.floats(0, 1))
def test_whatever_was_heard_becomes_sensible_segments(seed: int, share: float) -> None:
    """Two slices that have nothing to do with each other, with and without times, in any order of speakers."""
    chance = random.Random(seed)
    slices = []
    for one in sliced(chance, true_words(chance, 60)):
        segments = [
            replace(s, words=s.words if chance.random() < share else (), speaker=chance.choice(["A", "B", None]))
            for s in one.segments
        ]
        slices.append(replace(one, segments=chance.sample(segments, len(segments)) if chance.random() < 0.1 else segments))
    for segment in merged(slices):
        assert segment.text.strip() == segment.text != ""
        assert segment.start <= segment.end
