"""An exact stretch of a recording, by seeking: milliseconds, even near the end of hours."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from math import ceil, gcd
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame

from textor.adapters.audio import decoding
from textor.adapters.audio.convert import Pcm
from textor.adapters.audio.decoding import PCM_RATE, SMALLEST_GAP_SECONDS, Resampler
from textor.adapters.audio.frames import Damage, frames, position
from textor.adapters.audio.opening import Source, opened

PREROLL_SECONDS = 0.5  # decoders need a run-up after a jump: an MP3 frame borrows bits from those before it
MARGIN_SECONDS = 0.1  # so does the resampler


def blocks(path: Path, start: float, end: float, *, channel: int | None = None) -> Iterator[Pcm]:
    """The samples of [start, end), in blocks of about a second, at flat memory: what `convert.blocks` gives there.

    To the sample where the format is lossless, else as exact as its decoder is after a jump. `channel` as in `convert.blocks`.
    Shorter where the recording ends before `end`. Raises NotMedia or InvalidInput.
    """
    first, last = round(start * PCM_RATE), round(end * PCM_RATE)
    channels = 1 if channel is None else 2
    with opened(path) as source:
        place = _place(source, start)
        if place:
            samples = decoding.continued(place.frames, Damage(), Resampler(channels), place.begin, place.seconds)
            skipped = round(place.seconds * PCM_RATE)
            yield from _between(samples, first - skipped, last - skipped, channel or 0)
            return
    with opened(path) as source:
        yield from _between(decoding.samples(source, Damage(), Resampler(channels)), first, last, channel or 0)


def cut(path: Path, start: float, end: float) -> Pcm:
    """`blocks` in one piece: 32 kB a second."""
    return np.concatenate([np.zeros(0, np.int16), *blocks(path, start, end)])


def _between(samples: Iterator[decoding.Samples], first: int, last: int, channel: int) -> Iterator[Pcm]:
    """The samples [first, last) of a stream."""
    at = 0
    for block in samples:
        wanted = block[channel, max(0, first - at) : max(0, last - at)]
        at += block.shape[1]
        if wanted.size:
            yield wanted
        if at >= last:
            return


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a jump has led: the frames from `seconds` on. The container's clock stands at `begin` where the recording starts."""

    begin: float
    seconds: float
    frames: Iterator[AudioFrame]


def _place(source: Source, start: float) -> _Place | None:
    """A place shortly before `start`. None: nothing but hearing the file from its start is exact."""
    rate = source.stream.rate
    unit = rate // gcd(rate, PCM_RATE)  # so many samples become a whole number of ours: on such a border the resampler must begin
    wanted = ceil((start - MARGIN_SECONDS) * rate / unit - 1) * unit
    begin = _begin(source)
    if begin is None or wanted <= PREROLL_SECONDS * rate or not _jump(source, wanted / rate - PREROLL_SECONDS + begin):
        return None
    heard = frames(source, Damage())
    for frame in heard:
        at = position(frame)
        if at is None or frame.sample_rate != rate:
            return None
        first = round((at - begin) * rate)
        if first > wanted:  # a hole in the recording just here, or the jump went too far
            return None
        if wanted < first + frame.samples:
            return _Place(begin, wanted / rate, chain(_without(frame, wanted - first), heard))
    return None


def _begin(source: Source) -> float | None:
    """Where the clock stands at the first sample that `decoding` gives: it makes no silence of a tiny delay."""
    at = next((position(frame) for frame in frames(source, Damage())), None)
    return source.begin if at is not None and at - source.begin > SMALLEST_GAP_SECONDS else at


def _jump(source: Source, clock: float) -> bool:
    try:
        source.container.seek(round(clock * av.time_base), backward=True)
    except av.FFmpegError:
        return False
    return True


def _without(frame: AudioFrame, count: int) -> Iterator[AudioFrame]:
    """The frame without its first `count` samples."""
    queue = av.AudioFifo()
    frame.pts = None
    queue.write(frame)
    if count:
        queue.read(count)
    yield from filter(None, [queue.read()])
