"""Where the sentences of a transcript are, and which passages they come from.

Engines cut speech where somebody breathes: a sentence may go over several passages, and a passage may hold several. Where
nobody set full stops, a passage is a sentence.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from textor.adapters.text_models.port import Citation, Passage, count_words
from textor.domain import folding

LONGEST_WORDS = 50
"""Of a sentence; what is longer has missed its full stops."""
CLAUSE_WORDS = 12  # a semicolon ends what is at least this long
LONGEST_PAUSE_SECONDS = 3.0

_UNSEEN = "\u200e\u200f\u202a-\u202e\u2066-\u2069"
_CLOSING = f"[\"'”’»)\\]{_UNSEEN}]*"
_END = re.compile(f"[.!?؟۔…]+{_CLOSING}(?=\\s|$)|[。！？]+{_CLOSING}|[؛;]{_CLOSING}(?=\\s)")
_FINISHED = re.compile(f"[.!?؟۔…。！？؛;]{_CLOSING}$")
_COMMA = re.compile(r"[,،]\s")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\"«“])(?:(?!I\.)(?:[^\W\d_]\.)+|(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|approx|Inc|Ltd|e\.g|i\.e|cf|Fig|Gen|Col|Capt)\.)$"
)
_NUMBERED = re.compile(r"(?:^|\s)(?:No|Nos|pp|p)\.$")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of what was said, word for word; it stands in the passages [first, last]."""

    text: str
    first: int
    last: int
    words: int
    is_clipped: bool = False

    @property
    def is_finished(self) -> bool:
        """Whether it ends as sentences do."""
        return is_finished(self.text)

    def cited(self, passages: Sequence[Passage]) -> Citation:
        """It, and where it was said."""
        held = [one for one in passages[self.first : self.last + 1] if one.text.strip()]
        return Citation(held[0].start, max(one.end for one in held), self.text, tuple(one.id for one in held))


def is_finished(text: str) -> bool:
    """Whether a text ends as sentences do."""
    return bool(_FINISHED.search(text))


def ends(text: str) -> list[int]:
    """Where each sentence of a text ends."""
    return [end for _, end in _by_full_stops(text)]


def cut(passages: Sequence[Passage]) -> list[Sentence]:
    """All sentences, in their order."""
    return [sentence for first, last in _runs(passages) for sentence in _of_run(passages, first, last)]


def _runs(passages: Sequence[Passage]) -> Iterator[tuple[int, int]]:
    """Passages [first, last] that one person said in one go."""
    begin = 0
    for place, (one, following) in enumerate(pairwise(passages)):
        is_same = (one.source, one.speaker) == (following.source, following.speaker)
        if not is_same or not one.start <= following.start <= one.end + LONGEST_PAUSE_SECONDS:
            yield begin, place
            begin = place + 1
    if passages:
        yield begin, len(passages) - 1


def _of_run(passages: Sequence[Passage], first: int, last: int) -> Iterator[Sentence]:
    held = [place for place in range(first, last + 1) if passages[place].text.strip()]
    texts = [" ".join(passages[place].text.split()) for place in held]
    starts = list(accumulate((len(text) + 1 for text in texts), initial=0))[:-1]
    joined = " ".join(texts)
    for begin, end in _pieces(joined, starts):
        text = joined[begin:end]
        holders = bisect_right(starts, begin) - 1, bisect_left(starts, end) - 1
        yield Sentence(text, held[holders[0]], held[holders[1]], count_words(text))


def _pieces(text: str, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """[begin, end) of each sentence of a text whose passages begin at `starts`."""
    inner = 0
    for begin, end in _by_full_stops(text):
        while inner < len(starts) and starts[inner] <= begin:
            inner += 1
        edges = [begin]
        while inner < len(starts) and starts[inner] < end:
            edges.append(starts[inner])
            inner += 1
        is_whole = _FINISHED.search(text[begin:end]) and count_words(text[begin:end]) <= LONGEST_WORDS
        for span in [(begin, end)] if is_whole else pairwise([*edges, end]):
            yield from _short_ones(text, *_stripped(text, *span))


def _by_full_stops(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for found in _END.finditer(text):
        if _ends(text, begin, found):
            yield _stripped(text, begin, found.end())
            begin = found.end()
    if text[begin:].strip():
        yield _stripped(text, begin, len(text))


def _ends(text: str, begin: int, found: re.Match[str]) -> bool:
    """Whether a sign ends a sentence here."""
    said, after = text[max(begin, found.end() - 16) : found.end()], text[found.end() : found.end() + 2].strip()
    if found[0][0] in "؛;":
        return len(text[begin : found.end()].split()) >= CLAUSE_WORDS
    if found[0][0] != ".":
        return not (found[0][0] == "…" and after[:1].islower())
    is_number = bool(_NUMBERED.search(said)) and after[:1].isdigit()
    return not (is_number or _ABBREVIATED.search(said) or after[:1].islower())


def _short_ones(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """What goes on and on without a full stop is cut at commas, else wherever it is long enough."""
    starts = [begin + token.start for token in folding.tokens(text[begin:end])]
    done = 0
    while len(starts) - done > LONGEST_WORDS:
        commas = [found.end() for found in _COMMA.finditer(text, starts[done + LONGEST_WORDS // 3], starts[done + LONGEST_WORDS])]
        at = commas[-1] if commas else starts[done + LONGEST_WORDS]
        yield _stripped(text, begin, at)
        begin, done = at, bisect_left(starts, at)
    if text[begin:end].strip():
        yield _stripped(text, begin, end)


def _stripped(text: str, begin: int, end: int) -> tuple[int, int]:
    inner = text[begin:end]
    return begin + len(inner) - len(inner.lstrip()), end - len(inner) + len(inner.rstrip())
