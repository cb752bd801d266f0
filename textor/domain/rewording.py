"""A segment whose text a person has corrected: what still stands there keeps the times at which it was said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from textor.domain.alignment import Pair, matches
from textor.domain.seams import Side
from textor.domain.transcript import Segment, Word


def reworded(segment: Segment, text: str) -> Segment:
    """The segment with that text. Words that are new stand where those stood that they replace, or between their neighbours; what
    a person has written has no confidence. A segment without word times gets none."""
    words = tuple(_Rewording(segment, text).words()) if segment.words and text.strip() else ()
    rated = [word.confidence for word in words if word.confidence is not None]
    return replace(segment, text=text, words=words, confidence=sum(rated) / len(rated) if rated else None)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The words [first, last) that were heard became [begin, end) of those that are written."""

    first: int
    last: int
    begin: int
    end: int


class _Rewording:
    def __init__(self, segment: Segment, text: str) -> None:
        written = Side([Segment(segment.start, segment.end, text)])
        self.segment, self.heard = segment, segment.words
        self.texts = [one.strip() for one in written.texts()]
        self.pairs = matches(Side([segment]).tokens, written.tokens)

    def words(self) -> Iterator[Word]:
        edges: Sequence[Pair] = [(-1, -1), *self.pairs, (len(self.heard), len(self.texts))]
        for (i, j), (next_i, next_j) in pairwise(edges):
            if i >= 0:
                yield self._same(self.heard[i], self.texts[j])
            yield from self._new(_Stretch(i + 1, next_i, j + 1, next_j))

    def _same(self, word: Word, text: str) -> Word:
        """A word that is written otherwise, if only with another mark, is a person's."""
        return replace(word, text=text, confidence=word.confidence if word.text.strip() == text else None)

    def _new(self, one: _Stretch) -> Iterator[Word]:
        texts, heard = self.texts[one.begin : one.end], self.heard[one.first : one.last]
        if len(texts) == len(heard):
            yield from (self._same(word, text) for word, text in zip(heard, texts, strict=True))
            return
        start, end = self._bounds(one)
        per_letter = (end - start) / max(1, sum(map(len, texts)))
        for text in texts:
            yield Word(text, start, start + len(text) * per_letter)
            start += len(text) * per_letter

    def _bounds(self, one: _Stretch) -> tuple[float, float]:
        """The time of the words that are gone; where none is, the time between their neighbours."""
        if one.last > one.first:
            start, end = self.heard[one.first].start, self.heard[one.last - 1].end
        else:
            start = self.heard[one.first - 1].end if one.first else self.segment.start
            end = self.heard[one.last].start if one.last < len(self.heard) else self.segment.end
        return start, max(start, end)
