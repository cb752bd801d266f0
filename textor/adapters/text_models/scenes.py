"""Where one picture of a recording ends and the next begins, and what each shows: its telling sentence and its key phrases."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from textor.adapters.text_models import phrases
from textor.adapters.text_models.port import Citation, Passage, count_words
from textor.adapters.text_models.ranking import Flags, Numbers
from textor.adapters.text_models.sentences import Sentence
from textor.adapters.text_models.terms import Vocabulary

WORDS_EACH = 40
"""Of a scene at least, on average: a quarter of a minute."""
MOST_PHRASES = 4
WINDOW = 4
"""Sentences on each side of a border that are compared."""
SAME_TOPIC_COST, SAME_PASSAGE_COST = 0.6, 0.3  # against lying a whole scene's length from where an even cut would be


@dataclass(frozen=True, slots=True)
class Scene:
    """What is said from `span.start` to `span.end`; `told` says it best, `phrases` name what is in it, the most telling first."""

    span: Citation
    told: Sentence
    phrases: tuple[str, ...]


def cut(
    said: Sequence[Sentence], passages: Sequence[Passage], vocabulary: Vocabulary, worth: Numbers, allowed: Flags, most: int
) -> list[Scene]:
    """At most so many scenes, one after the other and evenly spread; all that was said is in one of them."""
    return [
        _scene(said[begin:end], passages, vocabulary, np.where(allowed, worth, worth - worth.max())[begin:end])
        for begin, end in pairwise(_borders(said, passages, vocabulary, most))
    ]


def _scene(said: Sequence[Sentence], passages: Sequence[Passage], vocabulary: Vocabulary, worth: Numbers) -> Scene:
    told = said[int(worth.argmax())]
    whole = Sentence(" ".join(one.text for one in said), said[0].first, said[-1].last, sum(one.words for one in said))
    found = (*phrases.topics([told], vocabulary, MOST_PHRASES), *phrases.topics(said, vocabulary, 2 * MOST_PHRASES))
    return Scene(whole.cited(passages), told, tuple(_apart(found, vocabulary))[:MOST_PHRASES])


def _apart(found: Sequence[str], vocabulary: Vocabulary) -> Iterator[str]:
    """Those that share no word with one before."""
    taken: set[str] = set()
    for phrase in found:
        its_terms = set(vocabulary.terms(phrase))
        if taken.isdisjoint(its_terms):
            taken |= its_terms
            yield phrase


def _borders(said: Sequence[Sentence], passages: Sequence[Passage], vocabulary: Vocabulary, most: int) -> list[int]:
    """The first sentence of each scene, and the end: near to where an even cut would be, rather where the topic changes."""
    count = max(1, min(most, len(said), round(sum(one.words for one in said) / WORDS_EACH)))
    begins = np.concatenate(([0.0], np.cumsum(_lengths(said, passages))))
    each = begins[-1] / count
    cost = SAME_TOPIC_COST * _likeness([vocabulary.terms(one.text) for one in said])
    cost[1:] += [SAME_PASSAGE_COST * (one.last == following.first) for one, following in pairwise(said)]
    borders = [0]
    for number in range(1, count):
        first, last = borders[-1] + 1, len(said) - (count - number)
        away = np.abs(begins[first : last + 1] - number * each) / each
        borders.append(first + int((cost[first : last + 1] + away).argmin()))
    return [*borders, len(said)]


def _lengths(said: Sequence[Sentence], passages: Sequence[Passage]) -> Numbers:
    """How long each sentence takes, in seconds, as far as its words tell; in words where the text has no times."""
    words = np.array([max(one.words, 1) for one in said], np.float64)
    speed = {
        place: max(passages[place].end - passages[place].start, 0.0) / max(count_words(passages[place].text), 1)
        for place in {one.first for one in said}
    }
    seconds = words * [speed[one.first] for one in said]
    return seconds if seconds.sum() > 0 else words


def _likeness(found: Sequence[Sequence[str]]) -> Numbers:
    """For each sentence, how much of what is said from there on was said right before, 0..1."""
    likeness = np.zeros(len(found))
    for place in range(1, len(found)):
        before = set(chain.from_iterable(found[max(place - WINDOW, 0) : place]))
        after = set(chain.from_iterable(found[place : place + WINDOW]))
        likeness[place] = len(before & after) / max(min(len(before), len(after)), 1)
    return likeness
