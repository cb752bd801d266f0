"""A text with marks such as [12] behind its sentences, read while a model writes it: sentences without marks, and what they name.

A sentence is known to be over once the next one begins, or its line is over: until then its marks may follow.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from textor.adapters.text_models import sentences
from textor.domain import folding

LONGEST_TOPIC = 80
LARGEST_RANGE = 20
"""Passages in a mark such as [3-9]; whoever names more names none."""

_SIGN = r"(?:n\s*[=:]?\s*|#)?"
_BETWEEN = r"\s*(?:[,;،؛–-]|and\b|و)\s*"
_MARK = rf"[ \t]*[\[【［]\s*(?P<named>{_SIGN}\d{{1,12}}(?:{_BETWEEN}{_SIGN}\d{{1,12}})*)\s*[\]】］]"
_PART = re.compile(rf"{_MARK}|(?P<ornament>\*\*|__)|(?P<line>[ \t]*\n)", re.IGNORECASE)
_OPEN = re.compile(r"[ \t]*(?:[\[【［][^\]】］\n]{0,80}|[*_]{1,2})?\Z")
"""What may yet become a mark or an ornament."""
_NAMED = re.compile(rf"(\d+)(?:\s*[–-]\s*{_SIGN}(\d+))?", re.IGNORECASE)
_LISTED = re.compile(r"\s*(?:[-*•–—·▪◦]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"#{1,6}\s+")
_TOPICS = re.compile(r"[\W_]*TOPICS\b[\W_]*")
_THINKING = re.compile(r"\s*<think(?:ing)?>")
_THOUGHT = re.compile(r"</think(?:ing)?>\s*")
_LONGEST_TAG = len("<thinking>")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence; `gap` is what parts it from the one before: nothing, a space, one line break or two."""

    text: str
    numbers: tuple[int, ...] = ()
    gap: str = ""
    is_whole: bool = True


@dataclass
class Reader:
    """Reads one text. That of a summary loses the marks of its list items; what stands behind a line TOPICS goes to `topics`."""

    is_summary: bool = False
    topics: str = ""
    _raw: str = ""
    """Not looked at yet: it may be half a mark."""
    _line: str = ""
    """What there is of the line since its last sentence, without marks."""
    _marks: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    """Where they stood in that."""
    _gap: str = ""
    _is_new_line: bool = True
    _is_first: bool = True
    _is_topics: bool = False
    _is_thinking: bool | None = None

    def read(self, piece: str) -> Iterator[Said]:
        """The sentences that are over now."""
        self._raw += piece
        if self._is_still_thinking():
            return
        open_from = found.start() if (found := _OPEN.search(self._raw)) else len(self._raw)
        ready, self._raw = self._raw[:open_from], self._raw[open_from:]
        yield from self._parts(ready)
        yield from self._over(is_line_over=False)

    def end(self) -> Iterator[Said]:
        """What is left; the last one may not be whole."""
        if self._is_still_thinking(is_end=True):
            return
        ready, self._raw = self._raw, ""
        yield from self._parts(ready)
        yield from self._over(is_line_over=True)

    def _is_still_thinking(self, *, is_end: bool = False) -> bool:
        """Some models think aloud before they answer, which nobody asked for."""
        if self._is_thinking is None and (is_end or len(self._raw.lstrip()) >= _LONGEST_TAG):
            self._is_thinking = bool(_THINKING.match(self._raw))
        if self._is_thinking and (over := _THOUGHT.search(self._raw)):
            self._raw, self._is_thinking = self._raw[over.end() :], False
        return self._is_thinking is not False

    def _parts(self, text: str) -> Iterator[Said]:
        """Text goes to the line, marks are noted, a line that is over is handed out."""
        done = 0
        for found in _PART.finditer(text):
            self._line += text[done : found.start()]
            done = found.end()
            if found["line"]:
                yield from self._over(is_line_over=True)
                self._begin_line()
            elif found["named"]:
                self._marks.append((len(self._line), _numbers(found["named"])))
        self._line += text[done:]

    def _begin_line(self) -> None:
        if self._is_topics:
            self.topics += "\n"
        self._is_new_line = True
        self._gap += "\n" if self._gap in {"", "\n"} else ""

    def _over(self, *, is_line_over: bool) -> Iterator[Said]:
        """The sentences of the line but for the last, to which there may be more, unless the line is over."""
        self._look_at_beginning()
        if self._is_topics:
            self.topics, self._line = self.topics + self._line, ""
        ends = sentences.ends(self._line)
        begin = 0
        for end in ends if is_line_over else ends[:-1]:
            is_last = end == ends[-1]
            yield self._said(self._line[begin:end], end, is_whole=not is_last or sentences.is_finished(self._line[:end]))
            begin = end
        self._line = self._line[begin:] if not is_line_over else ""
        self._marks = [(at - begin, numbers) for at, numbers in self._marks if not is_line_over and at > begin]

    def _look_at_beginning(self) -> None:
        if not (self.is_summary and self._is_new_line):
            return
        listed = _LISTED.match(self._line)
        taken = listed.end() if listed else 0
        if topics := _TOPICS.match(self._line):
            self._is_topics, taken = True, topics.end()
        self._line = self._line[taken:]
        self._marks = [(max(at - taken, 0), numbers) for at, numbers in self._marks]

    def _said(self, text: str, end: int, *, is_whole: bool) -> Said:
        numbers = tuple(number for at, named in self._marks if at <= end for number in named)
        self._marks = [(at, named) for at, named in self._marks if at > end]
        gap = self._gap if self._is_new_line else " " if text[:1].isspace() else ""
        gap = "" if self._is_first else gap
        self._is_first, self._is_new_line, self._gap = False, False, ""
        return Said(_HEADING.sub("", text.strip(), count=1), tuple(dict.fromkeys(numbers)), gap, is_whole)


def topics(told: str, most: int) -> tuple[str, ...]:
    """Of what stands behind the line TOPICS, one a line: the first so many, each once."""
    lines = (" ".join(_LISTED.sub("", f" {line}", count=1).split()).strip("-*•,;| ") for line in re.split(r"[\n|]", told))
    found = {folding.fold(line): line for line in reversed([line for line in lines if len(line) <= LONGEST_TOPIC])}
    return tuple(line for key, line in reversed(found.items()) if key)[: max(most, 0)]


def _numbers(named: str) -> tuple[int, ...]:
    found: list[int] = []
    for first, last in _NAMED.findall(named):
        begin, end = int(first), int(last or first)
        found += range(begin, end + 1) if end - begin < LARGEST_RANGE else ()
    return tuple(found)
