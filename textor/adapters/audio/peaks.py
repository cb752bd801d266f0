"""The waveform of a recording whose length is known at its end only."""

import numpy as np
import numpy.typing as npt

from textor.adapters.audio.decoding import Samples

Levels = npt.NDArray[np.uint16]

MOST_SLICES = 2_000
UNITS_PER_SECOND = 200  # twelve hours of them are 17 MB


class Peaks:
    """The loudest sample of every slice, over all channels. `seconds` were seen so far."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._unit_samples = rate // UNITS_PER_SECOND
        self._samples = 0
        self._units: list[Levels] = []
        self._rest: Levels = np.zeros(0, np.uint16)  # the begin of the next unit

    @property
    def seconds(self) -> float:
        return self._samples / self._rate

    @property
    def loudest(self) -> int:
        """0..32,768."""
        return max(int(units.max(initial=0)) for units in (*self._units, self._rest))

    def add(self, block: Samples) -> None:
        loud = np.abs(block).view(np.uint16).max(axis=0)  # abs(-32,768) is itself: right once read as unsigned
        levels = np.concatenate([self._rest, loud])
        whole = levels.size - levels.size % self._unit_samples
        self._units.append(levels[:whole].reshape(-1, self._unit_samples).max(axis=1))
        self._rest = levels[whole:]
        self._samples += block.shape[1]

    def normalised(self, floor: int) -> bytes:
        """A byte per slice, 255 for the loudest. What never gets louder than `floor` stays a flat line."""
        last = [self._rest.max(keepdims=True)] if self._rest.size else []
        units = np.concatenate([*self._units, *last])
        slices = np.maximum.reduceat(units, np.arange(0, units.size, -(-units.size // MOST_SLICES)))
        return np.rint(slices * (255 / max(self.loudest, floor))).astype(np.uint8).tobytes()
