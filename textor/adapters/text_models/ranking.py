"""Which sentences of a transcript stand for the rest.

TextRank: a sentence matters as far as sentences that matter share its rare words. The matrix of all likenesses is never made
(4,000 sentences would fill 64 MB): it is the product of the weights with themselves, and is applied as two thin products.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]

DAMPING, ROUNDS = 0.85, 30
NOVELTY = 0.35
"""How much likeness to what is already said counts against a sentence, of 1 (maximal marginal relevance)."""
MOST_COMMON_SHARE = 0.5  # a word in more sentences than this tells none from another


@dataclass(frozen=True, slots=True)
class Weights:
    """TF-IDF of each sentence, of length 1, as the cells that aren't 0: cell n is in `rows[n]`, `columns[n]`."""

    rows: Counts
    columns: Counts
    values: Numbers
    sentences: int
    words: int

    def spread(self, by_word: Numbers) -> Numbers:
        """For each sentence, the weighted sum of its words'."""
        return _summed(self.rows, self.values * by_word[self.columns], self.sentences)

    def gathered(self, by_sentence: Numbers) -> Numbers:
        """For each word, the weighted sum of its sentences'."""
        return _summed(self.columns, self.values * by_sentence[self.rows], self.words)

    def likeness(self, sentence: int) -> Numbers:
        """Of one sentence to each: the cosine, 0..1."""
        alone = np.zeros(self.sentences)
        alone[sentence] = 1.0
        return self.spread(self.gathered(alone))


def _summed(places: Counts, values: Numbers, count: int) -> Numbers:
    return np.bincount(places, values, count).astype(np.float64)


def weigh(sentences: Sequence[Sequence[str]]) -> Weights:
    """The weights of sentences given by their terms."""
    counts = [Counter(terms) for terms in sentences]
    spread = Counter(term for count in counts for term in count)
    most = max(MOST_COMMON_SHARE * len(counts), 3)
    numbers = {term: number for number, term in enumerate(term for term, held in spread.items() if held <= most)}
    cells = [(row, term, times) for row, count in enumerate(counts) for term, times in count.items() if term in numbers]
    rarity = {term: math.log((len(counts) + 1) / (spread[term] + 0.5)) for term in numbers}
    rows = np.array([row for row, _, _ in cells], np.int64)
    values = np.array([(1 + math.log(times)) * rarity[term] for _, term, times in cells], np.float64)
    lengths = np.sqrt(_summed(rows, values**2, len(counts)))
    columns = np.array([numbers[term] for _, term, _ in cells], np.int64)
    return Weights(rows, columns, values / lengths[rows], len(counts), len(numbers))


def centrality(weights: Weights) -> Numbers:
    """How central each sentence is, 0..1."""
    if not len(weights.values):
        return np.ones(weights.sentences)
    itself = _summed(weights.rows, weights.values**2, weights.sentences)
    ties = _applied(weights, itself, np.ones(weights.sentences))
    rank = np.full(weights.sentences, 1 / weights.sentences)
    for _ in range(ROUNDS):
        passed_on = np.divide(rank, ties, out=np.zeros_like(rank), where=ties > 1e-9)
        rank = (1 - DAMPING) / weights.sentences + DAMPING * _applied(weights, itself, passed_on)
    found: Numbers = rank / rank.max()
    return found


def _applied(weights: Weights, itself: Numbers, by_sentence: Numbers) -> Numbers:
    """The likenesses of all sentences to one another, but not to themselves, times a column."""
    return np.maximum(weights.spread(weights.gathered(by_sentence)) - itself * by_sentence, 0)


def best_first(weights: Weights, worth: Numbers, allowed: Flags) -> Iterator[int]:
    """Sentences by their worth, each time the best of those that say something new. `allowed` may lose members meanwhile."""
    said = np.zeros(weights.sentences)
    while allowed.any():
        merit = np.where(allowed, (1 - NOVELTY) * worth - NOVELTY * said, -np.inf)
        best = int(merit.argmax())
        allowed[best] = False
        yield best
        said = np.maximum(said, weights.likeness(best))
