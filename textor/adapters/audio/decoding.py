"""From packets to samples, at flat memory: damage is stepped over, gaps in the clock become silence, nothing is trusted."""

from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame

from textor.adapters.audio.opening import FASTEST_RATE, MOST_CHANNELS, SLOWEST_RATE, Source

Samples = npt.NDArray[np.int16]
"""Shape (channels, n)."""

PCM_RATE = 16_000

SMALLEST_GAP_SECONDS = 0.1  # clocks of the containers jitter by less
LARGEST_GAP_SECONDS = 60.0  # a longer one is a clock set anew or a lie


@dataclass(slots=True)
class Damage:
    """What went wrong while a file was decoded."""

    lost_packets: int = 0


def samples(source: Source, damage: Damage, *, channels: int = 1, rate: int = PCM_RATE) -> Iterator[Samples]:
    """The whole stream in blocks of about a second, mixed to 1 or 2 `channels`. Damage is left out and counted.

    What the container's clock leaves out is silence here, so that times in the transcript fit the player.
    """
    resampler = Resampler(channels, rate)
    begin, reached = source.begin, 0.0
    for frame in frames(source, damage):
        at = position(frame)
        gap = 0.0 if at is None else at - begin - reached
        if SMALLEST_GAP_SECONDS < gap <= LARGEST_GAP_SECONDS:
            yield from resampler.drain()
            yield np.zeros((channels, round(gap * rate)), np.int16)
        if gap > SMALLEST_GAP_SECONDS:
            reached += gap
        reached += frame.samples / frame.sample_rate
        yield from resampler.push(frame)
    yield from resampler.flush()


def frames(source: Source, damage: Damage) -> Iterator[AudioFrame]:
    """Every frame that can be decoded. A damaged packet is counted and left out, a damaged container ends the stream."""
    packets = source.container.demux(source.stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, ValueError):
            damage.lost_packets += 1
            return
        if packet is None:
            return
        try:
            decoded = packet.decode()
        except (av.FFmpegError, ValueError):
            damage.lost_packets += 1
            continue
        for frame in decoded:
            if isinstance(frame, AudioFrame) and _is_plausible(frame):
                yield frame


def position(frame: AudioFrame) -> float | None:
    """Seconds on the container's clock; None where the container keeps none."""
    return None if frame.time is None else frame.time


class Resampler:
    """Frames of any format in, int16 at `rate` out, a second at a time. A stream may change its format on the way."""

    def __init__(self, channels: int = 1, rate: int = PCM_RATE) -> None:
        self._rate = rate
        self._layout = "mono" if channels == 1 else "stereo"
        self._format: object = None
        self._held = av.AudioFifo()  # frames can be as short as 2 ms: one by one they would cost three times as much
        self._filter: av.AudioResampler | None = None

    def push(self, frame: AudioFrame) -> Iterator[Samples]:
        """What can be handed out after `frame`."""
        seen = (frame.format.name, frame.layout.name, frame.sample_rate)
        if seen != self._format:
            yield from self.flush()
            self._format, self._held = seen, av.AudioFifo()
            self._filter = av.AudioResampler(format="s16p", layout=self._layout, rate=self._rate)
        frame.pts = None  # FIFO and filter refuse clocks that jump
        self._held.write(frame)
        if self._held.samples >= frame.sample_rate:
            yield from self.drain()

    def drain(self) -> Iterator[Samples]:
        """What is held back, but for the few samples inside the filter."""
        if self._filter and self._held.samples:
            yield from self._filtered(self._held.read())

    def flush(self) -> Iterator[Samples]:
        """Everything: the stream is over, or goes on in another format."""
        yield from self.drain()
        if self._filter:
            yield from self._filtered(None)
            self._filter = None

    def _filtered(self, frame: AudioFrame | None) -> Iterator[Samples]:
        if self._filter:
            for resampled in self._filter.resample(frame):
                yield resampled.to_ndarray().astype(np.int16, copy=False)


def _is_plausible(frame: AudioFrame) -> bool:
    return SLOWEST_RATE <= frame.sample_rate <= FASTEST_RATE and 0 < frame.layout.nb_channels <= MOST_CHANNELS
