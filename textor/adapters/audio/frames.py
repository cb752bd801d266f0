"""From packets to frames: damage is stepped over, nothing is trusted."""

from collections.abc import Iterator
from dataclasses import dataclass

import av
from av.audio.frame import AudioFrame

from textor.adapters.audio.limits import FASTEST_RATE, SLOWEST_RATE
from textor.adapters.audio.opening import Source


@dataclass(slots=True)
class Damage:
    """What went wrong while a file was decoded."""

    lost_packets: int = 0
    gaps: int = 0


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
            if isinstance(frame, AudioFrame) and SLOWEST_RATE <= frame.sample_rate <= FASTEST_RATE:
                yield frame


def position(frame: AudioFrame) -> float | None:
    """Seconds on the container's clock; None where the container keeps none."""
    return frame.time
