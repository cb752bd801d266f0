"""A recording as the samples that speech engines hear."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from textor.adapters.audio import decoding
from textor.adapters.audio.decoding import PCM_RATE, Damage, Resampler
from textor.adapters.audio.opening import opened
from textor.errors import InvalidInput

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


def refuse_longer(seconds: float, max_seconds: float | None) -> None:
    """Raise InvalidInput where `seconds` is over the limit."""
    if max_seconds is not None and seconds > max_seconds:
        raise InvalidInput(
            f"The recording is longer than {max_seconds / 3600:g} hours, the most Textor takes. Cut it and upload the parts.",
            field="file",
        )
