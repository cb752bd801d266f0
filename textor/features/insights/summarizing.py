"""A summary of any length of transcript, by a model that reads so much at once: map and reduce.

What fits is summed up in one call. What doesn't is read part by part; the points of all parts, in their order, are then read as a
transcript is, again in parts if need be, until one call reads them all and writes the summary. Every passage is read, and what
is cited in the end is what was said: a point knows its passages.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from textor.adapters.text_models.port import Passage, TextModel, Wanted, count_words
from textor.domain import folding
from textor.errors import TextModelError
from textor.features.insights import windows

Cited = Mapping[str, Any]
"""{start, end, text, ids}, as rows keep it."""

POINTS_SHARE = 1 / 4
"""Of the room of a call that the points of a part may take: so each round is far shorter than the one before."""
MOST_CITED = 3
"""Passages that one point stands on, as a summary of points cites it."""
READING_SHARE, JOINING_SHARE, WRITING_SHARE = 85.0, 90.0, 95.0
NOTHING_FOUND = "The model has found nothing to say about this. Try again, or choose another model."
_MARK = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+")
_LAST_MARK = re.compile(r"(?:^|\n)\s*(?:[-*•–]|\d{1,3}[.)])\s*$")
_BORDER = re.compile(r"(?<=[.!?؟۔…])[\"'”’»)\]]*(?=\s)|(?<=[。！？])|\n")


@dataclass(frozen=True, slots=True)
class Said:
    """What a model has said about passages. The ids of what it cites are theirs."""

    text: str
    topics: Sequence[str]
    citations: Sequence[Cited]


@dataclass(frozen=True, slots=True)
class Step:
    """A call, as those who wait are told of it: what is going on, and how much of all is done, 0..100."""

    message: str
    progress: float
    is_last: bool = False


class Read(Protocol):
    """Asks the model. What it was asked once need not be asked again."""

    def __call__(self, said: Sequence[Passage], wanted: Wanted, step: Step, /) -> Said: ...


@dataclass(frozen=True, slots=True)
class Made:
    """A summary, and how much was read for it: `segments` of `of`, `seconds` from the first word to the last, in `parts`."""

    text: str
    topics: Sequence[str]
    citations: Sequence[Cited]
    read: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Level:
    """Passages by their places, and what each stands for in the transcript."""

    passages: Sequence[Passage]
    sources: Sequence[Sequence[Cited]]

    def traced(self, citations: Sequence[Cited]) -> list[Cited]:
        """Where in the transcript that was said."""
        found = [source for one in citations for source in self._behind(one)]
        return list({(tuple(one["ids"]), one["text"]): one for one in found}.values())

    def _behind(self, cited: Cited) -> Sequence[Cited]:
        raise NotImplementedError


class _Spoken(_Level):
    """The transcript itself: its own words are cited, a piece by the number of its segment."""

    def _behind(self, cited: Cited) -> Sequence[Cited]:
        ids = [number for place in cited["ids"] for number in self.sources[place][0]["ids"]]
        return [{**cited, "ids": list(dict.fromkeys(ids))}]


class _Points(_Level):
    """Points of a round: what is cited is what they stand on."""

    def _behind(self, cited: Cited) -> Sequence[Cited]:
        return [source for place in cited["ids"] for source in self.sources[place]]


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stays the same through all rounds."""

    model: TextModel
    points: Wanted
    """Of each part."""
    read: Read
    room: int
    """For a part, in tokens."""
    last_room: int

    @property
    def points_room(self) -> int:
        return int(min(self.room, self.last_room) * POINTS_SHARE)


def made(model: TextModel, passages: Sequence[Passage], wanted: Wanted, read: Read) -> Made:
    """The summary. Raises what `read` does, InvalidInput where the model's window is too small, TextModelError where it has
    nothing to say."""
    writing = replace(wanted, max_words=windows.most_words(model, wanted.max_words))
    frame = _framed(model, writing, read)
    spoken = level = _spoken(passages, model, frame.room)
    part_count, rounds = 1, 0
    while windows.whole(model, level.passages) > frame.last_room:
        cut = list(windows.parts(model, level.passages, frame.room))
        part_count = part_count if rounds else len(cut)
        level, rounds = _condensed(frame, level, cut, rounds), rounds + 1
    last = read(level.passages, writing, Step("Writing the summary", WRITING_SHARE if rounds else 5.0, is_last=True))
    if not last.text.strip():
        raise TextModelError(NOTHING_FOUND)
    text = kept(last.text.strip(), wanted.max_words)
    return Made(text, last.topics, level.traced(last.citations), _read(passages, spoken, part_count))


def _framed(model: TextModel, writing: Wanted, read: Read) -> _Frame:
    wish = writing.instruction or ""
    windows.check(model, writing.max_words, wish)
    points = replace(writing, max_words=windows.point_words(model), format="bullet_points", max_topics=1)
    room, last_room = (windows.room(model, one.max_words, wish) for one in (points, writing))
    return _Frame(model, points, read, room, last_room)


def kept(text: str, most_words: int) -> str:
    """So much of a text as has no more words, whatever the model thought: whole lines or sentences, else words."""
    if count_words(text) <= most_words:
        return text
    borders = [0, *(found.end() for found in _BORDER.finditer(text))]
    fitting = bisect_right(borders, most_words, key=lambda end: count_words(text[:end]))
    return _LAST_MARK.sub("", text[: borders[fitting - 1]]).strip() or _clipped(text, most_words)


def _clipped(text: str, most_words: int) -> str:
    short = " ".join(text.split()[:most_words])
    while count_words(short) > most_words:
        short = short[: [token.start for token in folding.tokens(short)][most_words]].rstrip()
    return f"{short}…"


def _spoken(passages: Sequence[Passage], model: TextModel, room: int) -> _Level:
    pieces = list(windows.pieces(model, passages, room))
    return _Spoken(windows.numbered(iter(pieces)), [[{"ids": [one.id]}] for one in pieces])


def _condensed(frame: _Frame, level: _Level, parts: Sequence[Sequence[Passage]], rounds: int) -> _Level:
    """The points of all parts, in their order."""
    points: list[tuple[Passage, Sequence[Cited]]] = []
    for n, part in enumerate(parts):
        said = frame.read(part, frame.points, _step(rounds, n, len(parts)))
        points += _fitting(frame, _points(level, part, said))
    if not points:
        raise TextModelError(NOTHING_FOUND)
    return _Points(windows.numbered(one for one, _ in points), [cited for _, cited in points])


def _step(rounds: int, n: int, count: int) -> Step:
    if rounds == 0:
        return Step(f"Reading part {n + 1} of {count}", READING_SHARE * n / count)
    begin, end = (READING_SHARE, JOINING_SHARE) if rounds == 1 else (JOINING_SHARE, WRITING_SHARE)
    return Step("Putting the parts together", begin + (end - begin) * n / count)


def _points(level: _Level, part: Sequence[Passage], said: Said) -> Iterator[tuple[Passage, Sequence[Cited]]]:
    """Each line with what it stands on; its times are theirs, or the part's."""
    lines = [line for line in (_MARK.sub("", line).strip() for line in said.text.splitlines()) if line]
    for line, cited in zip(lines, _shared_out(lines, said.citations), strict=True):
        sources = level.traced(cited)[:MOST_CITED]
        start = min((one["start"] for one in sources), default=part[0].start)
        end = max((one["end"] for one in sources), default=part[-1].end)
        yield Passage(0, start, end, line), sources


def _shared_out(lines: Sequence[str], citations: Sequence[Cited]) -> list[list[Cited]]:
    """Which line each citation belongs to: both are in one order, and those that belong together share words."""
    shares: list[list[Cited]] = [[] for _ in lines]
    words = [set(folding.words(line)) for line in lines]
    for n, one in enumerate(citations if lines else ()):
        usual, told = n * len(lines) // len(citations), set(folding.words(one["text"]))
        best = max(range(len(lines)), key=lambda place: (len(words[place] & told), -abs(place - usual)))
        shares[best].append(one)
    return shares


def _fitting(frame: _Frame, points: Iterator[tuple[Passage, Sequence[Cited]]]) -> Iterator[tuple[Passage, Sequence[Cited]]]:
    """So many as were wanted, the first in any case: a model that rambles on must come to an end."""
    words, tokens = frame.points.max_words, frame.points_room
    for n, (one, cited) in enumerate(points):
        short = one if n else next(windows.pieces(frame.model, [replace(one, text=kept(one.text, words))], tokens))
        words, tokens = words - count_words(short.text), tokens - windows.cost(frame.model, short)
        if min(words, tokens) < 0 and n:
            return
        yield short, cited


def _read(passages: Sequence[Passage], spoken: _Level, part_count: int) -> dict[str, Any]:
    """What was said, and what of it was given."""
    given = {number for source in spoken.sources for number in source[0]["ids"]}
    begin = min((one.start for one in spoken.passages), default=0.0)
    seconds = max((one.end for one in spoken.passages), default=0.0) - begin
    said = sum(1 for one in passages if one.text.strip())
    return {"segments": len(given), "of": said, "seconds": round(max(seconds, 0.0), 3), "parts": part_count}
