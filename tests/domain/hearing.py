"""Speech that was never spoken, and what engines would make of it."""

import random
from collections.abc import Sequence
from itertools import pairwise

from textor.domain.merging import Heard, merged
from textor.domain.transcript import Segment, Word


def said(text: str, start: float, *, pace: float = 0.4, speaker: str | None = None, timed: bool = True) -> Segment:
    """A segment with a word every `pace` seconds."""
    words = tuple(Word(word, start + n * pace, start + (n + 0.8) * pace, 0.9) for n, word in enumerate(text.split()))
    return Segment(start, words[-1].end, text, words if timed else (), 0.9, speaker)


def untimed(text: str, start: float, end: float) -> Segment:
    return Segment(start, end, text)


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
