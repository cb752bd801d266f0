"""What only decoding the whole file tells, in one pass at flat memory: length, waveform, two voices or one room, damage."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from textor.adapters.audio import decoding, wav_header
from textor.adapters.audio.decoding import Resampler, Samples
from textor.adapters.audio.frames import Damage
from textor.adapters.audio.limits import refuse_longer
from textor.adapters.audio.looking import has_video, stated_seconds
from textor.adapters.audio.opening import DAMAGED, Source, opened
from textor.adapters.audio.peaks import Peaks
from textor.errors import InvalidInput

SILENT = "No sound was found in this recording: it is silent from start to end."
SILENCE_LEVEL = 33  # of 32,768: -60 dB
DUAL_CHANNEL_CORRELATION = 0.3  # measured: calls .00, one room or a copied channel 1.0
BLOCK_SECONDS = 8
CORRELATED_EVERY = 4  # every fourth sample decides as well as all of them

# These state no length; what libav gives for them is a guess from the bit rate.
GUESSED_LENGTH = frozenset({"aac", "amr"})

# Their frames are numbered without a hole: libav steps over a broken one and says nothing.
GAPLESS = frozenset({"flac"})


@dataclass(frozen=True, slots=True)
class Measurement:
    """`peaks` is the waveform, a byte (0..255, 255 = the loudest moment) per slice of equal length, at most 2,000 slices."""

    seconds: float
    peaks: bytes
    is_dual_channel: bool
    is_silent: bool
    warnings: tuple[str, ...]


@dataclass(slots=True)
class _Sides:
    """Running sums over two channels, for their correlation: left, right, left², right², left·right."""

    count: int = 0
    sums: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(5))

    def add(self, block: Samples) -> None:
        left, right = block[:, ::CORRELATED_EVERY].astype(np.float64)
        self.count += left.size
        # Not `left @ right`: OpenBLAS wakes its threads for it, which costs a hundred times the sum itself on a busy machine.
        parts = (left, right, left * left, right * right, left * right)
        self.sums += [part.sum() for part in parts]

    @property
    def are_two_voices(self) -> bool:
        """Both carry something, and not the same."""
        if not self.count:
            return False
        left, right, left_squared, right_squared, product = self.sums / self.count
        powers = left_squared - left**2, right_squared - right**2
        if min(powers) < SILENCE_LEVEL**2 / 2:
            return False
        return bool(abs(product - left * right) / np.sqrt(powers[0] * powers[1]) < DUAL_CHANNEL_CORRELATION)


def measure(path: Path, *, max_seconds: float | None = None) -> Measurement:
    """Decode the whole file once. Raises InvalidInput where nothing can be read or it is longer than `max_seconds`."""
    damage, sides = Damage(), _Sides()
    with opened(path) as source:
        channels, rate = 2 if source.stream.channels == 2 else 1, source.stream.rate  # its own: resampling would be half the work
        peaks = Peaks(rate)
        for block in decoding.samples(source, damage, Resampler(channels, rate, BLOCK_SECONDS)):
            peaks.add(block)
            refuse_longer(peaks.seconds, max_seconds)
            if channels == 2:
                sides.add(block)
        if not peaks.seconds:
            raise InvalidInput(DAMAGED, field="file")
        is_silent = peaks.loudest < SILENCE_LEVEL
        warnings = (*_damage_warnings(source, peaks.seconds, damage), *([SILENT] if is_silent else []))
        return Measurement(peaks.seconds, peaks.normalised(SILENCE_LEVEL), sides.are_two_voices, is_silent, warnings)


def _damage_warnings(source: Source, seconds: float, damage: Damage) -> list[str]:
    header = wav_header.data_length(source.path)
    if damage.lost_packets or (damage.gaps and source.container.format.name in GAPLESS):
        return [f"The file is damaged; {_spoken(seconds)} of it could be read."]
    if header and header.stated > header.present and not header.is_open_ended:
        return [f"The file is damaged; {_spoken(seconds)} of it could be read."]
    if header and header.is_open_ended:
        return [f"The file does not state its length; all {_spoken(seconds)} that are there were read."]
    if _promised(source) - seconds > max(1.0, 0.02 * seconds):
        return [f"The file is damaged; {_spoken(seconds)} of it could be read."]
    return []


def _promised(source: Source) -> float:
    """Seconds that a header, not a guess, says there should be; 0.0 where none does."""
    container, stream = source.container, source.stream
    if container.format.name in GUESSED_LENGTH or (stream.duration is None and has_video(container)):
        return 0.0
    stated = stated_seconds(source)
    rate = stream.codec_context.bit_rate or 0
    if container.format.name == "mp3" and rate and abs(stated * rate / 8 / container.size - 1) < 0.05:
        return 0.0  # libav's guess for an MP3 without a length in its header: size over the first frame's rate
    return stated


def _spoken(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
