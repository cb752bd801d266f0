"""An exact stretch of a recording, by seeking: milliseconds, even near the end of hours."""

from pathlib import Path

import av
import numpy as np

from textor.adapters.audio.convert import Pcm
from textor.adapters.audio.decoding import PCM_RATE, Resampler
from textor.adapters.audio.frames import Damage, frames, position
from textor.adapters.audio.opening import Source, opened

PREROLL_SECONDS = 0.5  # decoders need a run-up after a jump: an MP3 frame borrows bits from those before it
MARGIN_SECONDS = 0.1


def cut(path: Path, start: float, end: float) -> Pcm:
    """The samples of [start, end), in seconds of the player's clock. Shorter where the recording ends before `end`.

    Holds the stretch in memory: 32 kB a second. Raises NotMedia or InvalidInput.
    """
    with opened(path) as source:
        _seek(source, start)
        first, heard = _heard(source, start, end)
    if first is None:
        return np.zeros(0, np.int16)
    skip = round((start - first) * PCM_RATE)
    if skip < 0:
        heard = np.concatenate([np.zeros(-skip, np.int16), heard])
    return heard[max(0, skip) :][: round((end - start) * PCM_RATE)]


def _seek(source: Source, start: float) -> None:
    if start > PREROLL_SECONDS:
        source.container.seek(round((start - PREROLL_SECONDS + source.begin) * av.time_base), backward=True)


def _heard(source: Source, start: float, end: float) -> tuple[float | None, Pcm]:
    """The samples around the stretch and the second at which they begin."""
    resampler, pieces, first, at = Resampler(), [], None, 0.0
    for frame in frames(source, Damage()):
        clock = position(frame)
        at = at if clock is None else clock - source.begin
        if at >= end + MARGIN_SECONDS:
            break
        length = frame.samples / frame.sample_rate
        if at + length > start - MARGIN_SECONDS:
            first = at if first is None else first
            pieces += list(resampler.push(frame))
        at += length
    pieces += list(resampler.flush())
    return first, np.concatenate(pieces, axis=1)[0] if pieces else np.zeros(0, np.int16)
