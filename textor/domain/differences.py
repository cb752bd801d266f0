"""Where several hearings of one recording differ, word by word, and the stretches in which they can be read side by side.

Case, punctuation, joiners and the variants of Persian letters and digits make no difference (see seams), nor does a space within
a word.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import NamedTuple

from textor.domain.alignment import Pair, is_near, matches
from textor.domain.seams import Side, Token
from textor.domain.transcript import Segment

PAUSE_SECONDS = 2.0  # where one side is silent for longer, what the others heard is a stretch of its own
NEAR_SECONDS = 5.0  # a segment's end this near to a cut is where the cut goes
LONGEST_SECONDS = 20.0  # a stretch that goes on for longer is cut through another's segment


class Run(NamedTuple):
    """Words [left, left_end) and [right, right_end) that say the same, or that don't."""

    is_same: bool
    left: int
    left_end: int
    right: int
    right_end: int


class Piece(NamedTuple):
    """Some words of a hearing, the space before them included: `same` as the base's, `added`, or `missing`: the base's own."""

    kind: str
    text: str


class _Cut(NamedTuple):
    """Between which words each hearing is cut; `is_clean`: none of its segments goes through it."""

    at: float
    places: tuple[int, ...]
    is_clean: bool


@dataclass(frozen=True, slots=True)
class Part:
    """The words [first, last) of one hearing, `pieces` of which tell what makes it differ from the base."""

    first: int
    last: int
    pieces: Sequence[Piece]

    @property
    def differs(self) -> bool:
        return any(piece.kind != "same" for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The same seconds as each heard them, the base first; `start` and `end` are the base's, where it heard something."""

    start: float
    end: float
    parts: Sequence[Part]

    @property
    def differs(self) -> bool:
        return any(part.differs for part in self.parts)


@dataclass(frozen=True, slots=True)
class Differences:
    """All stretches in order. For each hearing: how many words it has, and the share (0..1) on which it agrees with the base."""

    stretches: Sequence[Stretch]
    words: Sequence[int]
    agreements: Sequence[float]


class Hearing:
    """What one engine heard, as words."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        """Segments without text are left out; `numbers` has the places of the others."""
        self.numbers = [n for n, segment in enumerate(segments) if segment.text.strip() or segment.words]
        self.side = Side([segments[n] for n in self.numbers])
        self.tokens = self.side.tokens
        self._texts = [text if token.place else f" {text}" for text, token in zip(self.side.texts(), self.tokens, strict=True)]
        self.edges = [n for n, token in enumerate(self.tokens) if not token.place] + [len(self.tokens)]
        """Where segments begin, and the end."""
        self._starts = list(_rising(token.start for token in self.tokens))

    @property
    def end(self) -> float:
        return max((token.end for token in self.tokens), default=0.0)

    def words(self, first: int, last: int) -> int:
        """How many of these tokens are words, and not mere signs."""
        return sum(bool(token.key) for token in self.tokens[first:last])

    def text(self, first: int, last: int) -> str:
        """These tokens as they are written; segments are parted by a space."""
        return "".join(self._texts[first:last])

    def place(self, at: float, lowest: int, highest: int) -> int:
        """Where to cut at that time, between these places: at a segment's end if one is near."""
        exact = bisect_left(self._starts, at, lowest, highest)
        nearest = bisect_left(self.edges, exact)
        near = [n for n in self.edges[max(0, nearest - 1) : nearest + 1] if lowest <= n <= highest]
        best = min(near, key=lambda n: self._away(n, at), default=exact)
        return best if self._away(best, at) <= NEAR_SECONDS else exact

    def is_edge(self, place: int) -> bool:
        """Whether no segment goes through that place."""
        return place == len(self.tokens) or not self.tokens[place].place

    def number(self, place: int) -> int:
        """The number of the segment that begins there; behind the last, how many there are."""
        if place < len(self.tokens):
            return self.numbers[self.tokens[place].segment]
        return self.numbers[-1] + 1 if self.numbers else 0

    def _away(self, place: int, at: float) -> float:
        """Seconds from the silence at that place; none within it."""
        before = self.tokens[place - 1].end if place else 0.0
        after = self.tokens[place].start if place < len(self.tokens) else inf
        return max(before - at, at - after, 0.0)


def compare(hearings: Sequence[Hearing]) -> Differences:
    """The first one is the base of the comparison."""
    base = hearings[0]
    pairs: list[list[Pair]] = [[], *(matches(base.tokens, other.tokens) for other in hearings[1:])]
    stretches = [_stretch(hearings, pairs, *cuts) for cuts in pairwise(_chosen(hearings, pairs))]
    said = [hearing.words(0, len(hearing.tokens)) for hearing in hearings]
    agreements = [1.0, *(_agreement(base, other, found) for other, found in zip(hearings[1:], pairs[1:], strict=True))]
    return Differences(stretches, said, agreements)


def runs(left: Hearing, right: Hearing, pairs: Sequence[Pair], bounds: tuple[int, int, int, int] | None = None) -> list[Run]:
    """All words of both sides (within the bounds: left, its end, right, its end), by turns the same and different."""
    i, left_end, j, right_end = bounds or (0, len(left.tokens), 0, len(right.tokens))
    found: list[Run] = []
    for one, other in (*pairs, (left_end, right_end)):
        if one > i or other > j:
            _append(found, Run(_is_same(left.tokens[i:one], right.tokens[j:other]), i, one, j, other))
        if one < left_end or other < right_end:
            _append(found, Run(True, one, one + 1, other, other + 1))
        i, j = one + 1, other + 1
    return found


def _append(found: list[Run], run: Run) -> None:
    if found and found[-1].is_same and run.is_same:
        run = Run(True, found[-1].left, run.left_end, found.pop().right, run.right_end)
    found.append(run)


def _is_same(left: Sequence[Token], right: Sequence[Token]) -> bool:
    """Whether words that don't pair off are one word written apart, or no words at all."""
    one, other = ("".join(token.key for token in side) for side in (left, right))
    return one == other and (not one or is_near(left[0], right[0]))


def _rising(times: Iterator[float]) -> Iterator[float]:
    """Voices that overlap are written one after the other: none begins before those in front of it here."""
    reached = 0.0
    for time in times:
        reached = max(reached, time)
        yield reached


def _chosen(hearings: Sequence[Hearing], pairs: Sequence[Sequence[Pair]]) -> list[_Cut]:
    """The cuts that are made, from the beginning to the end."""
    chosen = [_Cut(0.0, (0,) * len(hearings), True)]
    end = tuple(len(hearing.tokens) for hearing in hearings)
    for cut in _possible(hearings, pairs):
        places = tuple(max(pair) for pair in zip(cut.places, chosen[-1].places, strict=True))
        is_due = cut.is_clean or cut.at - chosen[-1].at >= LONGEST_SECONDS
        if is_due and places not in (chosen[-1].places, end):
            chosen.append(_Cut(cut.at, places, cut.is_clean))
    return [*chosen, _Cut(max(hearing.end for hearing in hearings), end, True)] if any(end) else []


def _possible(hearings: Sequence[Hearing], pairs: Sequence[Sequence[Pair]]) -> Iterator[_Cut]:
    """Wherever a segment of the base ends, and all along its silences."""
    lefts = [[one for one, _ in found] for found in pairs]
    for place, at in _moments(hearings[0], max(hearing.end for hearing in hearings)):
        places = [place]
        for hearing, found, left in zip(hearings[1:], pairs[1:], lefts[1:], strict=True):
            n = bisect_left(left, place)
            lowest = found[n - 1][1] + 1 if n else 0
            highest = found[n][1] if n < len(found) else len(hearing.tokens)
            places.append(hearing.place(at, lowest, highest))
        is_clean = all(hearing.is_edge(n) for hearing, n in zip(hearings, places, strict=True))
        yield _Cut(at, tuple(places), is_clean)


def _moments(base: Hearing, end: float) -> Iterator[tuple[int, float]]:
    for place in sorted({0, *base.edges}):
        before = base.tokens[place - 1].end if place else 0.0
        after = base.tokens[place].start if place < len(base.tokens) else end
        if after - before <= PAUSE_SECONDS:
            yield place, (before + after) / 2
            continue
        steps = int((after - before) / LONGEST_SECONDS)
        yield from ((place, before + n * LONGEST_SECONDS) for n in range(steps + 1))
        yield place, after


def _stretch(hearings: Sequence[Hearing], pairs: Sequence[Sequence[Pair]], begin: _Cut, end: _Cut) -> Stretch:
    ranges = list(zip(begin.places, end.places, strict=True))
    base, (first, last) = hearings[0], ranges[0]
    parts = [Part(first, last, [Piece("same", base.text(first, last))] if last > first else [])]
    for hearing, found, (left, right) in zip(hearings[1:], pairs[1:], ranges[1:], strict=True):
        within = found[bisect_left(found, (first, 0)) : bisect_left(found, (last, 0))]
        turns = runs(base, hearing, within, (first, last, left, right))
        parts.append(Part(left, right, [piece for run in turns for piece in _pieces(base, hearing, run)]))
    tokens = base.tokens[first:last] or [
        token for h, each in zip(hearings, ranges, strict=True) for token in h.tokens[slice(*each)]
    ]
    return Stretch(min(token.start for token in tokens), max(token.end for token in tokens), parts)


def _pieces(base: Hearing, other: Hearing, run: Run) -> Iterator[Piece]:
    """A sign that stands alone is no word: it makes no difference."""
    theirs = other.text(run.right, run.right_end)
    if run.is_same:
        yield from [Piece("same", theirs)] if theirs.strip() else []
        return
    if base.words(run.left, run.left_end):
        yield Piece("missing", base.text(run.left, run.left_end))
    if theirs.strip():
        yield Piece("added" if other.words(run.right, run.right_end) else "same", theirs)


def _agreement(base: Hearing, other: Hearing, pairs: Sequence[Pair]) -> float:
    """Of all words of both, the share of those that are the same."""
    total = base.words(0, len(base.tokens)) + other.words(0, len(other.tokens))
    same = sum(
        base.words(run.left, run.left_end) + other.words(run.right, run.right_end)
        for run in runs(base, other, pairs)
        if run.is_same
    )
    return same / total if total else 1.0
