"""What a search asks for, and where a text has it. Words are compared folded (see folding)."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from textor.domain import folding
from textor.domain.folding import Token

MOST_WORDS = 32
"""Those that follow are left out."""
LONGEST_QUERY = 4_000
MOST_MATCHES = 100  # of a word in a text: more do not make a better place to show
SHOWN = 240  # characters of a segment that are shown
BEFORE = 60  # characters of it before the first match

_QUOTES = '"“”„«»'
_CHUNK = re.compile(f"[{_QUOTES}][^{_QUOTES}]*(?P<end>[{_QUOTES}]?)|[^\\s{_QUOTES}]+")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow one another, the last of which may be the beginning of a word.

    `spellings` has them once or twice: as they are, and with what ZWNJs hold together as words of their own.
    """

    spellings: tuple[tuple[str, ...], ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a folded text has a term: the line in which it begins, and which of that line's words [first, last) are its own.

    `last` may be beyond the line: then it goes on in the next.
    """

    term: int
    line: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of text and what to mark in it, as [start, end)."""

    text: str
    marks: Sequence[tuple[int, int]]

    @property
    def highlighted(self) -> str:
        """As HTML with <mark>."""
        pieces, done = [], 0
        for start, end in self.marks:
            pieces += [html.escape(self.text[done:start]), "<mark>", html.escape(self.text[start:end]), "</mark>"]
            done = end
        return "".join([*pieces, html.escape(self.text[done:])])


def parse(query: str, *, is_typing: bool = False) -> list[Term]:
    """All of them are wanted. What is in quotes is one of them. The last word may be the beginning of one unless a quote ends it;
    while somebody is typing, each may. Any text is a query: only its words count."""
    found: list[tuple[tuple[tuple[str, ...], ...], bool]] = []
    left = MOST_WORDS
    for chunk in _CHUNK.finditer(query[:LONGEST_QUERY]):
        whole, split = _spellings(chunk[0], left)
        left -= len(whole)
        if whole:
            found.append(((whole,) if whole == split else (whole, split), not chunk["end"]))
    last = len(found) - 1
    return [Term(spellings, is_open and (is_typing or n == last)) for n, (spellings, is_open) in enumerate(found)]


def _spellings(written: str, most: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    tokens = list(folding.tokens(written))[:most]
    return tuple(token.key for token in tokens), tuple(key for token in tokens for key in token.parts or (token.key,))


def places(text: str, terms: Sequence[Term]) -> list[Place]:
    """Where a folded text has them, a line for each segment."""
    return [place for n, term in enumerate(terms) for spelling in term.spellings for place in _places(text, n, term, spelling)]


def _places(text: str, number: int, term: Term, spelling: Sequence[str]) -> Iterator[Place]:
    pattern = r"[ \n]+".join(map(re.escape, spelling)) + ("" if term.is_prefix else r"(?![^ \n])")
    begins = (found.start() for found in re.finditer(pattern, text) if not found.start() or text[found.start() - 1] in " \n")
    line = done = 0
    for begin in islice(begins, MOST_MATCHES):
        line += text.count("\n", done, begin)
        first = text.count(" ", text.rfind("\n", 0, begin) + 1, begin)
        yield Place(number, line, first, first + len(spelling))
        done = begin


def best_lines(found: Iterable[Place], most: int) -> list[int]:
    """The lines in which most of the terms are, in their order."""
    terms: dict[int, set[int]] = {}
    for place in found:
        terms.setdefault(place.line, set()).add(place.term)
    return sorted(sorted(terms, key=lambda line: (-len(terms[line]), line))[:most])


def excerpt(text: str, whole: Iterable[Place], parts: Iterable[Place]) -> Excerpt:
    """What to show of a segment: `whole` are places among its words, `parts` among those that compounds are made of."""
    tokens = list(folding.tokens(text))
    owners = [token for token in tokens for _ in token.parts]
    marks = _merged([*_spans(tokens, whole), *_spans(owners, parts)])
    if len(text) <= SHOWN or not marks:
        return Excerpt(text[:SHOWN], marks)
    return _window(text, tokens, marks)


def _spans(tokens: Sequence[Token], found: Iterable[Place]) -> Iterator[tuple[int, int]]:
    for place in found:
        if own := tokens[place.first : place.last]:
            yield own[0].start, own[-1].end


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _window(text: str, tokens: Sequence[Token], marks: Sequence[tuple[int, int]]) -> Excerpt:
    """Whole words around the first mark."""
    first, first_end = marks[0]
    begin = 0 if first <= BEFORE else next(token.start for token in tokens if token.start >= first - BEFORE)
    limit = max(first_end, begin + SHOWN)
    end = len(text) if limit >= len(text) else max(token.end for token in tokens if token.end <= limit)
    before, after = "…" if begin else "", "…" if end < len(text) else ""
    kept = [(start - begin + len(before), stop - begin + len(before)) for start, stop in marks if stop <= end]
    return Excerpt(f"{before}{text[begin:end]}{after}", kept)
