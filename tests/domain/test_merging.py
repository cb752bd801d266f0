"""What was heard slice by slice becomes one text: every word once, in order, at its time."""

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
