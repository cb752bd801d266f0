"""What a model is given to read for a question: all that was said where it fits, else what has to do with the question."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from textor.adapters.text_models import quotes, terms
from textor.adapters.text_models.port import Passage
from textor.domain import folding

NEIGHBOURS = 2
"""Segments on each side of one that was found: what is meant often stands beside it."""
STRETCH = 6
"""Segments in a row where samples are taken: one alone says little."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many tokens may be read, and how many a passage takes."""

    tokens: int
    cost: Callable[[Passage], int]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is given of all that was said, both in order and without what says nothing."""

    given: Sequence[Passage]
    said: Sequence[Passage]

    @property
    def told(self) -> dict[str, int]:
        """How much that is, for people."""
        return {"segments": len(self.given), "of": len(self.said), "transcripts": len({one.source for one in self.given})}


def read(passages: Sequence[Passage], asked: Sequence[str], room: Room, language: str | None = None) -> Reading:
    """All of them if there is room. Else those that have to do with the newest of the questions, with what stands beside them;
    samples from beginning to end where its words are nowhere, or say nothing by themselves."""
    said = [one for one in passages if folding.words(one.text)]
    costs = [room.cost(one) for one in said]
    if sum(costs) <= room.tokens:
        return Reading(said, said)
    wanted = list(_around(_related(said, asked, language), said)) or _spread(sum(costs) / room.tokens, len(said))
    return Reading([said[place] for place in sorted(_fitting(wanted, costs, room.tokens))], said)


def _related(said: Sequence[Passage], asked: Sequence[str], language: str | None) -> list[int]:
    """Best first. A transcript's title counts for each of its segments."""
    vocabulary = terms.vocabulary([one.text for one in said], language)
    titles = {source: vocabulary.terms(source or "") for source in {one.source for one in said}}
    index = quotes.Index([vocabulary.terms(one.text) + titles[one.source] for one in said])
    return index.related(quotes.weighted(asked, vocabulary))


def _around(best_first: Iterable[int], said: Sequence[Passage]) -> Iterator[int]:
    for place in best_first:
        yield place
        beside = range(max(place - NEIGHBOURS, 0), min(place + NEIGHBOURS + 1, len(said)))
        yield from (near for near in beside if said[near].source == said[place].source)


def _spread(shrinking: float, count: int) -> list[int]:
    """Stretches at even distances, so many that one in `shrinking` segments is in them."""
    period = math.ceil(STRETCH * shrinking)
    return [place for place in range(count) if place % period < STRETCH]


def _fitting(wanted: Iterable[int], costs: Sequence[int], tokens: int) -> set[int]:
    """As many as there is room for; a long one doesn't keep out the shorter ones behind it."""
    taken: set[int] = set()
    for place in wanted:
        if place not in taken and costs[place] <= tokens:
            taken.add(place)
            tokens -= costs[place]
    return taken
