"""Word error rate: how many words must change to make one text of another."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """`errors` of `words` in the reference."""

    errors: int
    words: int

    @property
    def rate(self) -> float:
        return self.errors / self.words if self.words else float(bool(self.errors))


def score(reference: str, heard: str) -> Score:
    """Substitutions, insertions and deletions between the two texts' words."""
    wanted, got = words(reference), words(heard)
    costs = list(range(len(got) + 1))
    for row, word in enumerate(wanted, 1):
        before, costs[0] = costs[0], row
        for column, other in enumerate(got, 1):
            before, costs[column] = costs[column], min(costs[column] + 1, costs[column - 1] + 1, before + (word != other))
    return Score(costs[-1], len(wanted))


def pooled(scores: Iterable[Score]) -> Score:
    """All texts as one: a long one weighs more than a short one."""
    every = list(scores)
    return Score(sum(one.errors for one in every), sum(one.words for one in every))


def words(text: str) -> list[str]:
    """Lower-case words without punctuation; an apostrophe and a zero-width joiner belong to the word."""
    return re.sub(r"[^\w'\u200c ]|_", " ", text.lower().replace("’", "'")).split()
