"""What a transcript is about, in its own words: runs of telling words that come again and again."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from textor.adapters.text_models.sentences import Sentence
from textor.adapters.text_models.terms import Vocabulary, is_telling
from textor.domain import folding
from textor.domain.folding import Token

LONGEST = 3
"""Words of a phrase."""
SHORTEST_LETTERS = 3
FEW_SENTENCES = 6
"""In so few, a phrase need not come again."""
LEAST_TIMES = {1: 3, 2: 2, 3: 2}
"""How often a phrase of so many words must come elsewhere."""
_BETWEEN = re.compile(r"[\s\u200e\u200f\-]*")  # what may stand between the words of a phrase


@dataclass(frozen=True, slots=True)
class _Run:
    """Telling words that nothing parts but spaces, with their terms, in the sentence at `place`."""

    place: int
    text: str
    tokens: Sequence[Token]
    keys: Sequence[tuple[str, ...]]


def topics(sentences: Sequence[Sentence], vocabulary: Vocabulary, most: int) -> tuple[str, ...]:
    """The best phrases, the most important first; no two share a word."""
    runs = [run for place, sentence in enumerate(sentences) for run in _runs(place, sentence.text, vocabulary)]
    times = Counter(key for run in runs for key in run.keys)
    least = 2 if len(sentences) > FEW_SENTENCES else 1
    found: dict[tuple[str, ...], list[tuple[_Run, int, int]]] = defaultdict(list)
    for run in runs:
        for begin, end in _spans([times[key] >= least for key in run.keys]):
            found[tuple(chain.from_iterable(run.keys[begin:end]))].append((run, begin, end))
    repeated = {key: spans for key, spans in found.items() if len(spans) >= least}
    worth = {key: _worth(key, len({run.place for run, _, _ in spans}), len(sentences)) for key, spans in repeated.items()}
    ranked = sorted((key for key in worth if worth[key] > 0), key=lambda key: (-worth[key], found[key][0][0].place, key))
    return tuple(_written(found[key]) for key in islice(_apart(ranked), most))


def _written(spans: Sequence[tuple[_Run, int, int]]) -> str:
    """A phrase as it is written most often."""
    return Counter(run.text[run.tokens[begin].start : run.tokens[end - 1].end] for run, begin, end in spans).most_common(1)[0][0]


def _apart(keys: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    taken: set[str] = set()
    for key in keys:
        if taken.isdisjoint(key):
            taken.update(key)
            yield key


def _spans(is_frequent: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """All [begin, end) of up to `LONGEST` words that each come often enough."""
    for begin in range(len(is_frequent)):
        for end in range(begin + 1, min(begin + LONGEST, len(is_frequent)) + 1):
            if not is_frequent[end - 1]:
                break
            yield begin, end


def _worth(key: tuple[str, ...], times: int, sentences: int) -> float:
    if times < LEAST_TIMES.get(len(key), 2) and sentences > FEW_SENTENCES:
        return 0.0
    return times * (1 + 0.9 * (len(key) - 1)) * (1 + math.log(1 + sum(map(len, key))) / 4)


def _runs(place: int, text: str, vocabulary: Vocabulary) -> Iterator[_Run]:
    run: list[Token] = []
    end = 0
    for token in folding.tokens(text):
        is_named = _is_named(token)
        if run and not (is_named and _BETWEEN.fullmatch(text, end, token.start)):
            yield _Run(place, text, run, [vocabulary.of(one) for one in run])
            run = []
        if is_named:
            run.append(token)
        end = token.end
    if run:
        yield _Run(place, text, run, [vocabulary.of(one) for one in run])


def _is_named(token: Token) -> bool:
    """Whether a word may be part of a name for something."""
    is_long = len(token.key) >= SHORTEST_LETTERS or ord(token.key[0]) > 0x0E00
    telling = all(is_telling(part) for part in token.parts[:1] or (token.key,))  # a Persian verb begins with an empty part
    return is_long and telling and not token.key.isdigit()
