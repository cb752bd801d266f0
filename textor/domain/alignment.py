"""Which words of two hearings of one recording are the same: their longest common sequence of words said at about the same time.

The times bound the work: five hours (50,000 words a side) take about a second.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from textor.domain.seams import Token

REACH_SECONDS = 3.0  # engines place the same word this far off, beyond what its own times leave open
MOST_CANDIDATES = 32  # of one word's places on the other side: more are no speech

Pair = tuple[int, int]
"""Places of two equal words, left and right."""


def matches(left: Sequence[Token], right: Sequence[Token]) -> list[Pair]:
    """The longest common sequence of words said at about the same time (Hunt and Szymanski). Symmetric."""
    if _order(left) > _order(right):  # of several that are equally long, both ways find the same
        return [(i, j) for j, i in matches(right, left)]
    candidates = _Candidates(right)
    ends: list[int] = []
    chains: list[tuple[int, int, object]] = []
    for i, token in enumerate(left):
        for j in candidates.of(token):
            n = bisect_left(ends, j)
            chain = (i, j, chains[n - 1] if n else None)
            if n == len(ends):
                ends.append(j)
                chains.append(chain)
            elif ends[n] != j:
                ends[n], chains[n] = j, chain
    return list(_unchained(chains[-1]))[::-1] if chains else []


def is_near(one: Token, other: Token) -> bool:
    """Whether two words may be one, by their times."""
    return abs(one.start - other.start) <= _reach(one) + _reach(other)


class _Candidates:
    """The places of words on the other side, by word and time."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._places: dict[str, list[int]] = {}
        for n in sorted(range(len(tokens)), key=lambda n: tokens[n].start):
            self._places.setdefault(tokens[n].key, []).append(n)
        self._starts = {key: [tokens[n].start for n in places] for key, places in self._places.items()}
        self._widest = max((_reach(token) for token in tokens), default=0.0)

    def of(self, token: Token) -> list[int]:
        """From the last to the first."""
        if not token.key or token.key not in self._places:
            return []
        starts, widest = self._starts[token.key], _reach(token) + self._widest
        first, last = bisect_left(starts, token.start - widest), bisect_right(starts, token.start + widest)
        if last - first > MOST_CANDIDATES:
            middle = bisect_left(starts, token.start, first, last)
            first, last = max(first, middle - MOST_CANDIDATES // 2), min(last, middle + MOST_CANDIDATES // 2)
        return sorted((n for n in self._places[token.key][first:last] if is_near(token, self._tokens[n])), reverse=True)


def _reach(token: Token) -> float:
    return REACH_SECONDS + token.slack


def _order(tokens: Sequence[Token]) -> list[tuple[str, float]]:
    return [(token.key, token.start) for token in tokens]


def _unchained(chain: object) -> Iterator[Pair]:
    while isinstance(chain, tuple):
        yield chain[0], chain[1]
        chain = chain[2]
