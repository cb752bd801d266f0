"""Where to cut a long recording: in its pauses, and where it has none, with an overlap."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import floor

import numpy as np
import numpy.typing as npt

from textor.adapters.audio.convert import Pcm
from textor.adapters.audio.decoding import PCM_RATE

FRAMES_PER_SECOND = 128  # a power of two: every time on this grid is exact as a float, and so are sums of them
FRAME_SAMPLES = PCM_RATE // FRAMES_PER_SECOND

SEARCHED_SHARE = 0.3  # of the longest slice, at its end
LARGEST_OVERLAP_SHARE = 0.25  # of the longest slice

SHORTEST_PAUSE_SECONDS = 0.3
LONG_PAUSE_SECONDS = 1.5  # a longer one is no better
CONTEXT_SECONDS = 15.0  # around the searched stretch, to learn what its noise is like

SILENT_DB = 3.0  # over one step of a 16-bit sample: what dither leaves of nothing
FLATTEST_DB = 12.0  # music and noise that never fall by more have no pause that could be told from a soft voice
PAUSE_DB = 6.0  # over the noise, at least
RAREST_PERCENT = 1.0  # the very quietest can be a fade or a hole
PAUSE_SHARE = 0.25  # of what lies between noise and voice: breath, and what codecs make of noise
STEPS_PER_DB = 2

Levels = npt.NDArray[np.float64]
"""Loudness in dB, one per frame."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A slice, in seconds. Of its start the slice before has heard `overlap` as well: that one ends at `start + overlap`."""

    start: float
    end: float
    overlap: float = 0.0


def cuts(blocks: Iterable[Pcm], longest_seconds: float, *, overlap_seconds: float = 3.0) -> list[Cut]:
    """Slices of at most `longest_seconds` that cover the recording, in one pass over it; 130 bytes a second are kept.

    A slice ends in the best pause of its last third. Where nobody pauses two slices overlap around the quietest moment, by
    `overlap_seconds` or a quarter of the longest slice. The last two are about equal: none is too short to be understood.
    """
    loudness = _Loudness()
    for block in blocks:
        loudness.add(block)
    plan = _Plan(loudness, floor(longest_seconds * FRAMES_PER_SECOND), overlap_seconds)
    starts = [(0.0, 0.0), *plan.starts(longest_seconds)]
    ends = [start + overlap for start, overlap in starts[1:]] + [loudness.seconds]
    return [Cut(start, end, overlap) for (start, overlap), end in zip(starts, ends, strict=True)]


class _Loudness:
    """How loud each frame is: half decibels in a byte."""

    def __init__(self) -> None:
        self._levels = bytearray()
        self._rest: Pcm = np.zeros(0, np.int16)

    @property
    def seconds(self) -> float:
        return (len(self._levels) * FRAME_SAMPLES + self._rest.size) / PCM_RATE

    def add(self, block: Pcm) -> None:
        samples = np.concatenate([self._rest, block])
        whole = samples.size - samples.size % FRAME_SAMPLES
        frames = samples[:whole].reshape(-1, FRAME_SAMPLES).astype(np.float32)
        power = frames.var(axis=1)  # not the mean square: a recorder's constant offset is no sound
        self._levels += np.rint(10 * STEPS_PER_DB * np.log10(np.maximum(power, 1))).astype(np.uint8).tobytes()
        self._rest = samples[whole:]

    def between(self, first: int, last: int) -> Levels:
        """The frames [first, last), as far as there are any."""
        return np.frombuffer(self._levels[max(0, first) : max(0, last)], np.uint8) / STEPS_PER_DB


class _Plan:
    """Decides slice by slice. All numbers but the seconds are frames."""

    def __init__(self, loudness: _Loudness, longest: int, overlap_seconds: float) -> None:
        self._loudness, self._longest = loudness, longest
        overlap = min(overlap_seconds * FRAMES_PER_SECOND, longest * LARGEST_OVERLAP_SHARE)
        self._half_overlap = int(overlap) // 2

    def starts(self, longest_seconds: float) -> Iterator[tuple[float, float]]:
        """Start and overlap of every slice but the first, in seconds."""
        start = 0
        while self._loudness.seconds - start / FRAMES_PER_SECOND > longest_seconds:
            left = int(self._loudness.seconds * FRAMES_PER_SECOND) + 1 - start
            pause = self._pause(*self._searched(start, left, 0))
            half = 0 if pause else self._half_overlap
            start = pause or self._quietest(*self._searched(start, left, half)) - half
            yield start / FRAMES_PER_SECOND, 2 * half / FRAMES_PER_SECOND

    def _searched(self, start: int, left: int, half: int) -> tuple[int, int]:
        """The stretch to look for a cut in, with `left` frames from `start` on: for the last two slices, their middle.

        Both slices reach `half` over the cut.
        """
        spread = int(self._longest * SEARCHED_SHARE)
        latest = self._longest - half
        if left > 2 * self._longest - spread:
            return start + self._longest - spread, start + latest
        return start + max((left - spread) // 2, left - latest), start + min((left + spread) // 2, latest)

    def _pause(self, first: int, last: int) -> int | None:
        """The frame in [first, last] to end at: in the middle of the longest pause, or the quietest of the long ones."""
        around = int(CONTEXT_SECONDS * FRAMES_PER_SECOND)
        begin = max(0, first - around)
        levels = _smooth(self._loudness.between(begin, last + around), _SMOOTHED)
        found = []
        for left, right in _runs(_is_quiet(levels)):
            at = min(max(begin + (left + right) // 2, first), last)
            if min(at - begin - left, begin + right - at) >= _AIR:
                found.append((min(right - left, _LONG_PAUSE), -float(levels[left:right].mean()), at))
        return max(found)[2] if found else None

    def _quietest(self, first: int, last: int) -> int:
        """The frame in [first, last] around which least is heard."""
        levels = _smooth(self._loudness.between(first, last + 1), _AIR)
        return first + int(levels.argmin())


_SMOOTHED = FRAMES_PER_SECOND // 32  # longer than a period of the deepest voice
_PAUSE = round(SHORTEST_PAUSE_SECONDS * FRAMES_PER_SECOND)
_AIR = _PAUSE // 2  # from a clean cut to the next sound, at least
_LONG_PAUSE = round(LONG_PAUSE_SECONDS * FRAMES_PER_SECOND)


def _smooth(levels: Levels, width: int) -> Levels:
    """The mean of the `width` frames around each; at the borders, of those that are there."""
    window = np.ones(width)
    around: Levels = np.convolve(levels, window, "full") / np.convolve(np.ones_like(levels), window, "full")
    return around[width // 2 :][: levels.size]


def _is_quiet(levels: Levels) -> npt.NDArray[np.bool_]:
    """Which frames are silent, or no louder than the noise here.

    The noise is the quietest stretch as long as a pause: a soft voice isn't taken for it, as no voice stays even for so long.
    """
    silent: npt.NDArray[np.bool_] = levels < SILENT_DB
    has_silence = np.convolve(silent, np.ones(_PAUSE, np.int32), "valid") > 0
    means = np.convolve(levels, np.ones(_PAUSE) / _PAUSE, "valid")[~has_silence]
    if not means.size:
        return silent
    noise, voice = np.percentile(means, RAREST_PERCENT), np.percentile(levels[~silent], 90)
    if voice - noise < FLATTEST_DB:
        return silent
    silent |= levels < noise + max(PAUSE_DB, (voice - noise) * PAUSE_SHARE)
    return silent


def _runs(flags: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Begin and end of every stretch of True."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
