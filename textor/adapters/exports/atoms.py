"""What subtitles are cut between: words, or single characters where a script has no spaces, each with the time it is heard."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from textor.domain.transcript import Segment
from textor.domain.writing import clean

LINE_WIDTH = 42
_WIDE = re.compile(
    r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\U0001f300-\U0003fffd]"
)
_IDEOGRAPH = re.compile(r"[\u2e80-\u33ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003fffd]")
_NOT_FIRST = frozenset("、。，．・：；？！）」』】〉》〕］｝ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ｡､｣")
_NOT_LAST = frozenset("（「『【〈《〔［｛｢")
_SILENT = re.compile(r"[\W_]+")
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")


class Atom(NamedTuple):
    """`width` counts ideographs double; `is_spaced`: a space goes before it, except at the start of a line. Times in seconds."""

    text: str
    width: int
    is_spaced: bool
    start: float
    end: float


class _Span(NamedTuple):
    """A stretch of `length` sounding characters and when it is heard."""

    length: int
    start: float
    end: float


def atoms(segment: Segment) -> list[Atom]:
    """The pieces of a segment: by the engine's word times where they fit the text, else spread evenly over the segment."""
    text = clean(segment.text)
    spans = _spans(segment, _sounding(text))
    clock = _Clock(spans)
    return [Atom(piece, _width(piece), spaced, *clock.times(len(_sounding(piece)))) for piece, spaced in _pieces(text)]


def label(speaker: str, start: float) -> list[Atom]:
    """A speaker's name in front of what is said."""
    return [Atom(piece, _width(piece), spaced, start, start) for piece, spaced in _pieces(f"{speaker}:")]


def text_of(pieces: Sequence[Atom]) -> str:
    """The pieces as running text."""
    return "".join(f" {atom.text}" if atom.is_spaced and n else atom.text for n, atom in enumerate(pieces))


def _sounding(text: str) -> str:
    """Letters and digits alone: punctuation and case are what engines change between words and text."""
    return _SILENT.sub("", text.casefold())


def _spans(segment: Segment, sounding: str) -> list[_Span]:
    """One span per word, or one for all where there are no words or somebody edited the text."""
    words = [(_sounding(clean(word.text)), word) for word in segment.words]
    if "".join(heard for heard, _ in words) == sounding and sounding:
        return [_Span(len(heard), word.start, word.end) for heard, word in words if heard]
    return [_Span(max(len(sounding), 1), segment.start, max(segment.start, segment.end))]


class _Clock:
    """Hands out the times of a text's pieces, in order; they never run backwards."""

    def __init__(self, spans: Sequence[_Span]) -> None:
        self._spans = spans
        self._place = 0
        self._used = 0
        self._now = spans[0].start

    def times(self, length: int) -> tuple[float, float]:
        """When the next `length` sounding characters are heard."""
        start = max(self._now, self._at())
        self._used += length
        while self._used > self._spans[self._place].length and self._place + 1 < len(self._spans):
            self._used -= self._spans[self._place].length
            self._place += 1
        self._now = end = max(start, self._at())
        if self._used >= self._spans[self._place].length and self._place + 1 < len(self._spans):
            self._used -= self._spans[self._place].length
            self._place += 1
        return start, end

    def _at(self) -> float:
        span = self._spans[self._place]
        return span.start + (span.end - span.start) * min(self._used / span.length, 1.0)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The text cut at spaces and wherever else a line may end; each piece with whether a space goes before it."""
    has_ideographs = bool(_IDEOGRAPH.search(text))
    for n, token in enumerate(text.split(" ")):
        parts = _cut_ideographs(token) if has_ideographs else [token]
        for m, piece in enumerate(piece for part in parts for piece in _cut_long(part)):
            yield piece, n > 0 and m == 0


def _cut_ideographs(token: str) -> list[str]:
    """Between ideographs, but no line starts with a closing mark or ends with an opening one (kinsoku)."""
    parts = [""]
    for character in token:
        before = parts[-1][-1:]
        may_end = bool(before) and (_IDEOGRAPH.match(before) or _IDEOGRAPH.match(character))
        if may_end and before not in _NOT_LAST and character not in _NOT_FIRST and not _clings(before, character):
            parts.append(character)
        else:
            parts[-1] += character
    return parts


def _cut_long(part: str) -> Iterator[str]:
    """Pieces no wider than a line; a letter keeps its accents, an emoji its parts."""
    while _width(part) > LINE_WIDTH:
        cut = LINE_WIDTH // 2 if _WIDE.search(part[:LINE_WIDTH]) else LINE_WIDTH
        while cut > 1 and _clings(part[cut - 1], part[cut]):
            cut -= 1
        cut = cut if cut > 1 else LINE_WIDTH // 2
        yield part[:cut]
        part = part[cut:]
    if part:
        yield part


def _clings(before: str, character: str) -> bool:
    return character in _JOINERS or before == "\u200d" or unicodedata.category(character).startswith("M")


def _width(text: str) -> int:
    return len(text) + (len(_WIDE.findall(text)) if not text.isascii() else 0)
