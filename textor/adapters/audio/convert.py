"""A recording as the samples that speech engines hear."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from textor.adapters.audio import decoding
from textor.adapters.audio.decoding import PCM_RATE, Resampler
from textor.adapters.audio.frames import Damage
from textor.adapters.audio.limits import refuse_longer
from textor.adapters.audio.opening import opened

Pcm = npt.NDArray[np.int16]
"""Mono samples at 16 kHz, shape (n,)."""


def blocks(path: Path, *, channel: int | None = None, max_seconds: float | None = None) -> Iterator[Pcm]:
    """Decode the file from its start, in blocks of about a second, at flat memory.

    `channel` 0 or 1 picks one side of a stereo file; None mixes all channels. What is damaged is left out, what is there is kept.
    Raises NotMedia or InvalidInput where nothing can be read, and InvalidInput once more than `max_seconds` were decoded.
    """
    count = 0
    with opened(path) as source:
        for block in decoding.samples(source, Damage(), Resampler(1 if channel is None else 2)):
            count += block.shape[1]
            refuse_longer(count / PCM_RATE, max_seconds)
            yield block[channel or 0]
