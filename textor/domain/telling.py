"""What somebody who follows a transcription has been told of it, and what of it is news.

The text grows at its end, most of the time. A run that takes over from one that was killed, and the end, which puts slices
together, write it anew: then the times tell what was told before, because neither numbers nor words need be the same.
"""

from bisect import bisect_right, insort
from collections.abc import Sequence

from textor.domain.transcript import Segment

CLOSEST = 32
"""Of what was told before a moment, so many spans can reach up to it: people who talk at once are few."""


class Told:
    """Nothing is told twice, and what was told is not taken back."""

    def __init__(self) -> None:
        self._spans: list[tuple[float, float, str]] = []
        self._known = 0
        """Rows of the text that are no news."""
        self._last: Segment | None = None
        """The last of them, as it was read."""

    @property
    def count(self) -> int:
        """Segments told so far."""
        return len(self._spans)

    @property
    def first(self) -> int:
        """Rows are wanted from this number on: one that is known, to see whether it is still there, and what follows it."""
        return max(0, self._known - 1)

    def fits(self, rows: Sequence[Segment]) -> bool:
        """Whether these rows, from number `first` on, go on where the text was left."""
        return self._last is None or (bool(rows) and _same(rows[0], self._last))

    def following(self, rows: Sequence[Segment]) -> list[Segment]:
        """The news among rows that fit."""
        news = list(rows if self._last is None else rows[1:])
        self._read(self._known + len(news), rows)
        return self._tell(news)

    def anew(self, rows: Sequence[Segment]) -> list[Segment]:
        """The news in a text that was rewritten: what was said when nothing was told of. `rows` are all of it."""
        self._read(len(rows), rows)
        return self._tell([row for row in rows if not self._covers(row)])

    def _read(self, known: int, rows: Sequence[Segment]) -> None:
        self._known, self._last = known, rows[-1] if rows else None

    def _tell(self, news: list[Segment]) -> list[Segment]:
        for segment in news:
            insort(self._spans, (segment.start, segment.end, segment.speaker or ""))
        return news

    def _covers(self, segment: Segment) -> bool:
        """Whether more than half of it is time of which was told."""
        place = bisect_right(self._spans, segment.end, key=lambda span: span[0])
        near = [span for span in self._spans[max(0, place - CLOSEST) : place] if _may_be(span[2], segment.speaker)]
        told = sum(max(0.0, min(end, segment.end) - max(start, segment.start)) for start, end, _ in near)
        return 2 * told > segment.end - segment.start or any(span[:2] == (segment.start, segment.end) for span in near)


def _may_be(speaker: str, other: str | None) -> bool:
    """Whoever has no name may be anybody."""
    return not speaker or not other or speaker == other


def _same(one: Segment, other: Segment) -> bool:
    return (one.start, one.end, one.text) == (other.start, other.end, other.text)
