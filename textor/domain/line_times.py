"""When the lines of a text were said that a transcript was before somebody changed it.

A line that stands as it was said has that segment's time; lines that were changed share the time of the segments that they stand
for; a line that was added has the moment at which it stands.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from textor.domain.transcript import Segment

MOST_COMPARED = 4_000_000
"""Pairs of lines: beyond, a changed stretch counts as one. A transcript of a day that was changed at both ends takes a second."""

Block = tuple[int, int, int, int]
"""Segments [first, last) and lines [begin, end)."""


def timed(lines: Sequence[str], segments: Sequence[Segment], most_compared: int = MOST_COMPARED) -> list[Segment]:
    """The lines, each with the time at which it was said, in seconds; speakers stay where nothing was changed."""
    said = [one for one in segments if one.text.strip()]
    texts = [one.text.strip() for one in said]
    return [line for block in _blocks(texts, lines, most_compared) for line in _of_block(block, said, lines)]


def _blocks(texts: Sequence[str], lines: Sequence[str], most_compared: int) -> Iterator[Block]:
    head, tail = _same_ends(texts, lines)
    yield from ((n, n + 1, n, n + 1) for n in range(head))
    between, lines_between = texts[head : len(texts) - tail], lines[head : len(lines) - tail]
    if len(between) * len(lines_between) > most_compared:
        yield head, head + len(between), head, head + len(lines_between)
    else:
        yield from _changed(between, lines_between, head)
    ends = zip(range(len(texts) - tail, len(texts)), range(len(lines) - tail, len(lines)), strict=True)
    yield from ((n, n + 1, m, m + 1) for n, m in ends)


def _changed(texts: Sequence[str], lines: Sequence[str], head: int) -> Iterator[Block]:
    """The stretch between; it begins `head` lines into the whole."""
    for kind, first, last, begin, end in SequenceMatcher(None, texts, lines, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (
                (head + n, head + n + 1, head + m, head + m + 1)
                for n, m in zip(range(first, last), range(begin, end), strict=True)
            )
        else:
            yield head + first, head + last, head + begin, head + end


def _same_ends(texts: Sequence[str], lines: Sequence[str]) -> tuple[int, int]:
    """How many lines at the beginning, and how many at the end, are what was said there."""
    most = min(len(texts), len(lines))
    head = next((n for n in range(most) if texts[n] != lines[n]), most)
    tail = next((n for n in range(most - head) if texts[-1 - n] != lines[-1 - n]), most - head)
    return head, tail


def _of_block(block: Block, said: Sequence[Segment], lines: Sequence[str]) -> Iterator[Segment]:
    first, last, begin, end = block
    if last - first == end - begin == 1 and said[first].text.strip() == lines[begin]:
        yield Segment(said[first].start, said[first].end, lines[begin], speaker=said[first].speaker)
        return
    start, stop = _bounds(first, last, said)
    per_letter = (stop - start) / max(1, sum(map(len, lines[begin:end])))
    for line in lines[begin:end]:
        until = start + len(line) * per_letter
        yield Segment(start, until, line)
        start = until


def _bounds(first: int, last: int, said: Sequence[Segment]) -> tuple[float, float]:
    if last > first:
        return said[first].start, max(said[first].start, said[last - 1].end)
    moment = said[first - 1].end if first else said[0].start if said else 0.0
    return moment, moment
