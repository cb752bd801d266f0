"""From frames to samples, at flat memory. Gaps in the container's clock become silence."""

from collections.abc import Iterable, Iterator

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame

from textor.adapters.audio.frames import Damage, frames, position
from textor.adapters.audio.limits import MOST_CHANNELS
from textor.adapters.audio.opening import Source

Samples = npt.NDArray[np.int16]
"""Shape (channels, n)."""

PCM_RATE = 16_000

SMALLEST_GAP_SECONDS = 0.1  # clocks of the containers jitter by less
LARGEST_GAP_SECONDS = 60.0  # a longer one is a clock set anew or a lie


def samples(source: Source, damage: Damage, resampler: "Resampler") -> Iterator[Samples]:
    """The whole stream as `resampler` hands it out. Damage is left out and counted.

    What the container's clock leaves out is silence here, so that times in the transcript fit the player.
    """
    yield from continued(frames(source, damage), damage, resampler, source.begin)


def continued(
    heard: Iterable[AudioFrame], damage: Damage, resampler: "Resampler", begin: float, reached: float = 0.0
) -> Iterator[Samples]:
    """`samples`, of frames that come after `reached` seconds; `begin` is where the container's clock stands at 0:00."""
    for frame in heard:
        at = position(frame)
        gap = 0.0 if at is None else at - begin - reached
        if SMALLEST_GAP_SECONDS < gap <= LARGEST_GAP_SECONDS:
            yield from resampler.drain()
            yield resampler.silence(gap)
            damage.gaps += reached > 0  # one at the start is a soundtrack that begins late
        if gap > SMALLEST_GAP_SECONDS:
            reached += gap
        reached += frame.samples / frame.sample_rate
        yield from resampler.push(frame)
    yield from resampler.flush()


class Resampler:
    """Frames of any format in, int16 at `rate` out, `block_seconds` at a time. A stream may change its format on the way."""

    def __init__(self, channels: int = 1, rate: int = PCM_RATE, block_seconds: int = 1) -> None:
        self._layout = "mono" if channels == 1 else "stereo"
        self._rate, self._block_seconds = rate, block_seconds
        self._format: tuple[str, int, int] | None = None
        self._held = av.AudioFifo()  # frames can be as short as 2 ms: one by one they would cost three times as much
        self._filter: av.AudioResampler | None = None

    def silence(self, seconds: float) -> Samples:
        """That much of nothing, in the shape of the rest."""
        return np.zeros((1 if self._layout == "mono" else 2, round(seconds * self._rate)), np.int16)

    def push(self, frame: AudioFrame) -> Iterable[Samples]:
        """What can be handed out after `frame`."""
        frame.pts = None  # FIFO and filter refuse clocks that jump
        seen = (frame.format.name, frame.layout.nb_channels, frame.sample_rate)
        if seen != self._format:  # PyAV's FIFO doesn't look at the channels: it would read behind the frame's end and crash
            return self._changed(frame, seen)
        self._held.write(frame)
        return self.drain() if self._held.samples >= frame.sample_rate * self._block_seconds else ()

    def _changed(self, frame: AudioFrame, seen: tuple[str, int, int]) -> Iterator[Samples]:
        """The stream begins, or goes on in another format."""
        yield from self.flush()
        if frame.layout.nb_channels <= MOST_CHANNELS:
            self._format, self._held = seen, av.AudioFifo()
            self._held.write(frame)

    def drain(self) -> Iterator[Samples]:
        """What is held back, but for the few samples inside the filter."""
        if self._held.samples:
            self._filter = self._filter or av.AudioResampler(format="s16p", layout=self._layout, rate=self._rate)
            yield from _arrays(self._filter.resample(self._held.read()))

    def flush(self) -> Iterator[Samples]:
        """Everything: the stream is over, or goes on in another format."""
        yield from self.drain()
        if self._filter:
            yield from _arrays(self._filter.resample(None))
            self._filter = None


def _arrays(resampled: Iterable[AudioFrame]) -> Iterator[Samples]:
    for frame in resampled:
        yield frame.to_ndarray().astype(np.int16, copy=False)
