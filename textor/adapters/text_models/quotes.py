"""Which sentences answer a question: BM25 over sentences, each helped by those beside it."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from textor.adapters.text_models.terms import Vocabulary

Numbers = npt.NDArray[np.float64]

SATURATION, LENGTH_SHARE = 1.2, 0.75
"""BM25's k1 and b."""
NEIGHBOUR_SHARE = 0.5
"""Of what the sentences beside it score: an answer often leaves to the question what it is about."""
LEAST_SHARE = 0.34
"""Of the question's weight that a sentence and its neighbours must have in them to be an answer."""
CLOSE_TO_BEST = 0.6  # a further quote has at least this share of the best one's score
FOLLOW_UP_TERMS, FOLLOW_UP_WEIGHT = 2, 0.4  # a question of so few words leans on the one before


def weighted(asked: Sequence[str], vocabulary: Vocabulary) -> dict[str, float]:
    """The terms of the newest question; a short one leans on the one before it."""
    found = dict.fromkeys(vocabulary.terms(asked[-1]), 1.0)
    if len(found) <= FOLLOW_UP_TERMS and len(asked) > 1:
        found = dict.fromkeys(vocabulary.terms(asked[-2]), FOLLOW_UP_WEIGHT) | found
    return found


class Index:
    """Sentences, given by their terms, to be asked."""

    def __init__(self, sentences: Sequence[Sequence[str]]) -> None:
        self._count = len(sentences)
        self._held: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for place, terms in enumerate(sentences):
            for term, times in Counter(terms).items():
                self._held[term].append((place, times))
        lengths = np.array([len(terms) for terms in sentences], np.float64)
        self._stretch = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * lengths / max(lengths.mean() if len(lengths) else 1, 1))

    def ranked(self, question: Mapping[str, float], most: int) -> list[int]:
        """The sentences that answer, best first; none where what is asked for is hardly there. The question's terms are weighted
        by how much they count."""
        score = self._scores(question, LEAST_SHARE)
        order = _best_first(score)[:most]
        return [place for place in order if score[place] >= CLOSE_TO_BEST * score[order[0]]]

    def related(self, question: Mapping[str, float]) -> list[int]:
        """All that have to do with the question, best first."""
        return _best_first(self._scores(question, 0.0))

    def _scores(self, question: Mapping[str, float], least_share: float) -> Numbers:
        own, covered, whole = np.zeros(self._count), np.zeros(self._count), 0.0
        for term, weight in question.items():
            rarity = weight * self._rarity(term)
            whole += rarity
            is_near = np.zeros(self._count, np.bool_)
            for place, times in self._held.get(term, ()):
                own[place] += rarity * times * (SATURATION + 1) / (times + self._stretch[place])
                is_near[max(place - 1, 0) : place + 2] = True
            covered[is_near] += rarity
        score = own + NEIGHBOUR_SHARE * _beside(own)
        score[(own == 0) | (covered < least_share * whole)] = 0
        return score

    def _rarity(self, term: str) -> float:
        held = len(self._held.get(term, ()))
        return math.log(1 + (self._count - held + 0.5) / (held + 0.5))


def _best_first(score: Numbers) -> list[int]:
    return [int(place) for place in np.argsort(-score, kind="stable") if score[place] > 0]


def _beside(own: Numbers) -> Numbers:
    """The sum of each sentence's neighbours."""
    padded = np.pad(own, 1)
    return padded[:-2] + padded[2:]


def with_neighbours(place: int, sentences: Sequence[object], sources: Sequence[str | None]) -> range:
    """The places to quote around a sentence: one on each side of the same transcript, so that it can be understood."""
    return range(
        place - 1 if place and sources[place - 1] == sources[place] else place,
        place + 2 if place + 1 < len(sentences) and sources[place + 1] == sources[place] else place + 1,
    )
