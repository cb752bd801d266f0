"""The slices of a long recording put together: no word lost or doubled where two of them meet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import merge

from textor.domain import seams, transcript
from textor.domain.seams import Side
from textor.domain.transcript import Segment, Word
from textor.domain.writing import joined

LONGEST_JOINED_SECONDS = 30.0
LONGEST_BREATH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in one slice. All times are seconds of the recording.

    The slice before has heard `overlap` seconds of its start as well, if it was heard at all. `channel` None: all of them.
    """

    start: float
    end: float
    overlap: float
    channel: int | None
    segments: Sequence[Segment]


def merged(heard: Sequence[Heard]) -> list[Segment]:
    """All slices of all channels, in order of time. A slice that is absent leaves its neighbours as they are."""
    channels = dict.fromkeys(one.channel for one in heard)
    each = [_channel(sorted((h for h in heard if h.channel == one), key=lambda h: h.start)) for one in channels]
    return list(merge(*each, key=lambda segment: segment.start))  # never changes the order within one of them


def _channel(slices: Sequence[Heard]) -> list[Segment]:
    whole: list[Segment] = []
    reached = 0.0
    for one in slices:
        segments = [_clamped(segment, one.start, one.end) for segment in one.segments if segment.text.strip() or segment.words]
        if one.overlap > 0 and reached > one.start:
            _append(whole, segments, one.start, reached)
        else:
            whole += segments
        reached = max(reached, one.end)
    return whole


def _append(whole: list[Segment], segments: list[Segment], begin: float, end: float) -> None:
    """Both `whole` and `segments` have heard what was said from `begin` to `end`; `whole` becomes one text of them."""
    tail = _count_from_end(whole, begin - seams.SLACK_SECONDS)
    head = _count_from_start(segments, end + seams.SLACK_SECONDS)
    left, right = Side(whole[len(whole) - tail :]), Side(segments[:head])
    kept, dropped = seams.seam(left, right, begin, end)
    is_inside = left.is_inside(kept) or right.is_inside(dropped)
    before, after = left.until(kept), right.since(dropped) + segments[head:]
    whole[len(whole) - tail :] = before
    if whole and after:
        whole[-1], after = _in_order(whole[-1], after)
        if is_inside and _is_one(whole[-1], after[0]):
            after[0] = _joined(whole.pop(), after[0])
    whole += after


def _count_from_end(segments: Sequence[Segment], begin: float) -> int:
    """How many of the last reach into what comes after `begin`."""
    return next((n for n, segment in enumerate(reversed(segments)) if segment.end < begin), len(segments))


def _count_from_start(segments: Sequence[Segment], end: float) -> int:
    return next((n for n, segment in enumerate(segments) if segment.start > end), len(segments))


def _clamped(segment: Segment, first: float, last: float) -> Segment:
    """Engines let words end after the sound that they were given."""

    def inside(seconds: float) -> float:
        return min(max(seconds, first), last)

    words = tuple(replace(word, start=inside(word.start), end=inside(word.end)) for word in segment.words)
    text = segment.text if segment.text.strip() else " ".join(word.text.strip() for word in words)
    return replace(segment, start=inside(segment.start), end=inside(segment.end), text=text, words=words)


def _in_order(before: Segment, after: list[Segment]) -> tuple[Segment, list[Segment]]:
    """Two engines' runs give a word two times: nothing after the seam may start before what stands in front of it."""
    last = before.words[-1] if before.words else Word("", before.start, before.end)
    earliest = min(segment.start for segment in after)
    border = last.end if earliest >= last.end else max(earliest, (last.start + last.end) / 2)
    words = before.words[:-1] + ((replace(last, end=border),) if before.words else ())
    later = [_clamped(segment, border, max(segment.end, border)) for segment in after]
    return replace(before, end=min(before.end, border) if before.words else border, words=words), later


def _is_one(before: Segment, after: Segment) -> bool:
    """Whether the seam went through one sentence, as far as a reader would like it in one piece."""
    is_close = after.start - before.end <= LONGEST_BREATH_SECONDS and after.end - before.start <= LONGEST_JOINED_SECONDS
    return before.speaker == after.speaker and bool(before.words) == bool(after.words) and is_close


def _joined(before: Segment, after: Segment) -> Segment:
    return replace(
        before,
        end=after.end,
        text=joined(before.text.rstrip(), after.text.lstrip()),
        words=before.words + after.words,
        confidence=transcript.confidence((before, after)),
    )
