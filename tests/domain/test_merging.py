"""What was heard slice by slice becomes one text: every word once, in order, at its time."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textor.domain import seams
from textor.domain.merging import Heard, merged
from textor.domain.transcript import Segment, Word, plain_text

MANY = settings(max_examples=600, deadline=None)


def said(text: str, start: float, *, pace: float = 0.4, speaker: str | None = None, timed: bool = True) -> Segment:
    """A segment with a word every `pace` seconds."""
    words = tuple(Word(word, start + n * pace, start + (n + 0.8) * pace, 0.9) for n, word in enumerate(text.split()))
    return Segment(start, words[-1].end, text, words if timed else (), 0.9, speaker)


def two(left: Sequence[Segment], right: Sequence[Segment], *, start: float = 7.0, end: float = 10.0) -> list[Segment]:
    """What becomes of two slices of twenty seconds that overlap from `start` to `end`."""
    return merged([Heard(0, end, 0, None, left), Heard(start, 20, end - start, None, right)])


def texts(segments: Sequence[Segment]) -> list[str]:
    return [segment.text for segment in segments]


def assert_sensible(segments: Sequence[Segment]) -> None:
    for segment in segments:
        assert segment.text.strip() == segment.text != ""
        assert segment.start <= segment.end
        if segment.words:
            assert segment.start <= segment.words[0].start
            assert segment.words[-1].end <= segment.end
    words = [word for segment in segments for word in segment.words]
    assert all(word.start <= word.end for word in words)
    assert all(before.start <= after.start for before, after in pairwise(words))
    assert all(before.start <= after.start for before, after in pairwise(segments))


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


def true_words(chance: random.Random, count: int) -> list[Word]:
    """Speech: no word is said again within two seconds (see the test of repeated words)."""
    words, clock = list[Word](), 0.0
    for _ in range(count):
        clock += chance.choice([0.0, 0.0, 0.05, 0.2, 0.7])
        fresh = {f"w{n}" for n in range(40)} - {word.text for word in words if word.end > clock - 2}
        length = chance.uniform(0.08, 0.6)
        words.append(Word(chance.choice(sorted(fresh)), clock, clock + length))
        clock += length
    return words


def heard(chance: random.Random, words: Sequence[Word], start: float, end: float, overlap: float, jitter: float = 0.15) -> Heard:
    """What an engine makes of [start, end): every time is a little off, and words at the borders are lost or misheard."""
    found = list[Word]()
    for word in words:
        if word.end <= start or word.start >= end:
            continue
        is_cut = word.start < start or word.end > end
        at_border = is_cut or (word.start < start + 0.1 and start > 0) or word.end > end - 0.1
        kind = chance.choice(["lost", "misheard", "right"]) if at_border else "right"
        if kind == "lost":
            continue
        first = max(start, word.start + chance.uniform(-jitter, jitter), found[-1].start if found else 0.0)
        last = min(end, max(first, word.end + chance.uniform(-jitter, jitter)))
        found.append(Word("m" + word.text if kind == "misheard" else word.text, min(first, last), last))
    return Heard(start, end, overlap, None, in_segments(chance, found))


def in_segments(chance: random.Random, words: Sequence[Word]) -> list[Segment]:
    segments, rest = list[Segment](), tuple(words)
    while rest:
        size = chance.randint(1, 9)
        now, rest = rest[:size], rest[size:]
        segments.append(Segment(now[0].start, max(word.end for word in now), " ".join(word.text for word in now), now))
    return segments


def sliced(chance: random.Random, words: Sequence[Word], longest_overlap: float = 3.0) -> list[Heard]:
    end, edges = words[-1].end + 0.3, [(0.0, 0.0)]
    while edges[-1][0] < end - 16:
        overlap = chance.uniform(1.2, longest_overlap)
        edges.append((edges[-1][0] + chance.uniform(5, 12) - overlap, overlap))
    ends = [start + overlap for start, overlap in edges[1:]] + [end]
    return [heard(chance, words, start, last, overlap) for (start, overlap), last in zip(edges, ends, strict=True)]


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


def test_with_nothing_in_common_the_change_is_in_the_middle() -> None:
    left = [said("a b c d e f g", 7.1)]
    right = [said("A1 B1 C1 D1 E1 F1 G1", 7.1)]
    assert plain_text(two(left, right)) == "a b c d E1 F1 G1"


def test_half_a_word_at_a_border_gives_way_to_the_whole_one() -> None:
    left = [said("the report is finish", 8.2)]
    right = [
        Segment(8.6, 10.6, "port is finished today", (*said("port is", 8.6, pace=0.4).words, *said("finished today", 9.4).words))
    ]
    assert plain_text(two(left, right, start=8.6, end=9.8)) == "the report is finished today"


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


@pytest.mark.parametrize(
    ("left", "right", "whole"),
    [
        ("می‌خواهم كتاب را", "مي خواهم کتاب را، بخوانم", "می‌خواهم کتاب را، بخوانم"),
        ("قالَ المُدير شيئاً", "قال المدير شيئا اليوم", "قالَ المُدير شيئاً اليوم"),
        ("It costs 15 Euro.", "it costs ۱۵ euro today", "It costs ۱۵ euro today"),
        ("Don’t stop me", "don't STOP me, now", "Don’t STOP me, now"),
    ],
)
def test_words_are_the_same_however_they_are_written(left: str, right: str, whole: str) -> None:
    found = plain_text(two([said(left, 8)], [said(right, 8)], start=7.8, end=8 + 0.4 * len(left.split()) + 0.2)).replace(
        "\n", " "
    )
    assert [normal(word) for word in found.split()][-3:] == [normal(word) for word in whole.split()][-3:]
    assert len(found.split()) in {len(whole.split()), len(right.split())}


def normal(word: str) -> str:
    return seams._key(word)


def test_punctuation_and_capitals_of_the_text_stay_with_their_words() -> None:
    def written(segment: Segment, text: str) -> Segment:
        return replace(segment, text=text)

    left = written(said("well hello there my friend how a", 7), "Well, hello there! My friend, how a")
    right = written(said("there my friend how are you today", 7.8), "there! My friend, how are you today?")
    whole = two([left], [right], start=7.7, end=9.6)
    assert texts(whole) == ["Well, hello there! My friend, how are you today?"]
    assert_sensible(whole)


def test_capitals_in_words_and_text_may_differ() -> None:
    left = replace(said("THE end of the story i", 7), text="The end of the story. I")
    assert texts(two([left], [said("story is over", 8.6)], start=8.4, end=9.5)) == ["The end of the story. is over"]
    left = replace(said("İstanbul güzel bir şeh", 7), text="İstanbul güzel bir şeh")
    assert texts(two([left], [said("bir şehir", 7.8)], start=7.7, end=8.5)) == ["İstanbul güzel bir şehir"]


def test_a_text_that_lacks_its_words_is_made_of_them_when_it_is_cut() -> None:
    left = replace(said("uno dos tres cuatro", 7.5), text="1 2 3 4")
    whole = two([left], [said("tres cuatro cinco seis", 8.3)], start=8.2, end=9.2)
    assert plain_text(whole) == "uno dos tres cuatro cinco seis"


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


def untimed(text: str, start: float, end: float) -> Segment:
    return Segment(start, end, text)


def test_texts_without_word_times_are_joined_at_what_they_share() -> None:
    left = untimed("We met in the spring and then we went to the old town by the ri", 0, 10)
    right = untimed("own to the old town by the river and had a very good time there", 7, 20)
    whole = two([left], [right])
    assert (
        plain_text(whole).replace("\n", " ")
        == "We met in the spring and then we went to the old town by the river and had a very good time there"
    )
    assert_sensible(whole)


def test_minutes_of_text_in_one_segment_are_joined_at_its_end() -> None:
    words = [f"w{n % 90}" if n % 3 else "the" for n in range(900)]
    left = untimed(" ".join([*words[:500], "x"]), 0, 203)
    right = untimed(" ".join(["y", *words[494:]]), 200, 400)
    whole = merged([Heard(0, 203, 0, None, [left]), Heard(200, 400, 3, None, [right])])
    assert plain_text(whole).split() == words
    assert_sensible(whole)


def test_chinese_is_joined_letter_by_letter() -> None:
    whole = two([untimed("我们今天去学校然后回", 0, 10)], [untimed("去学校然后回家吃饭", 7, 20)], start=6, end=10)
    assert plain_text(whole).replace("\n", "") == "我们今天去学校然后回家吃饭"


def test_texts_that_share_nothing_are_joined_in_the_middle_and_never_empty() -> None:
    whole = two([untimed("a b c d e f g h i j", 0, 10)], [untimed("k l m n o p q r s t", 7, 17)])
    kept = plain_text(whole).split()
    assert kept[:7] == list("abcdefg")
    assert kept[-7:] == list("nopqrst")
    assert len(kept) <= 18
    assert_sensible(whole)


@MANY
@given(seed=st.integers(0, 10**9), overlap=st.floats(2.5, 4))
def test_texts_without_word_times_keep_every_word_once(seed: int, overlap: float) -> None:
    chance = random.Random(seed)
    words = true_words(chance, 60)
    slices = [
        replace(one, segments=[replace(segment, words=()) for segment in one.segments]) for one in sliced(chance, words, overlap)
    ]
    whole = merged(slices)
    found = plain_text(whole).split()
    assert abs(len(found) - len(words)) <= 2 * len(slices)  # without times a seam where both misheard can be off by a word
    assert_sensible(whole)


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
