"""Samples as a file that a provider takes."""

import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import OutputContainer

from textor.adapters.audio.convert import Pcm
from textor.adapters.audio.decoding import PCM_RATE
from textor.adapters.audio.opening import DAMAGED
from textor.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class _Form:
    """How libav calls container and encoder."""

    container: str
    encoder: str
    bits_per_second: int | None = None


# Speech at 16 kHz gains nothing from more bits: 48 kbit/s MP3 and 24 kbit/s Opus are what engines hear as well as the original.
_FORMS = {
    "flac": _Form("flac", "flac"),
    "wav": _Form("wav", "pcm_s16le"),
    "mp3": _Form("mp3", "libmp3lame", 48_000),
    "opus": _Form("ogg", "libopus", 24_000),
}
CODECS = tuple(_FORMS)

PCM_FRAME_SAMPLES = 4_096  # for encoders that take any number


def write(blocks: Iterable[Pcm], target: Path, *, codec: str = "flac") -> None:
    """Write `blocks` as a 16 kHz mono file, at flat memory: flac and wav without loss, mp3, or opus in Ogg.

    `target` is there whole or, when something goes wrong on the way, not at all. Raises InvalidInput where there are no
    samples: a file without sound is none that anybody takes.
    """
    form = _FORMS[codec]
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        with av.open(part, "w", format=form.container) as container:
            _encode(container, form, blocks)
        part.replace(target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _encode(container: OutputContainer, form: _Form, blocks: Iterable[Pcm]) -> None:
    track: Any = container.add_stream(form.encoder, rate=PCM_RATE, layout="mono")
    if form.bits_per_second:
        track.bit_rate = form.bits_per_second
    track.open()
    resampler = av.AudioResampler(track.format, "mono", PCM_RATE, frame_size=track.frame_size or PCM_FRAME_SAMPLES)
    reached = 0
    for block in filter(np.size, blocks):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block[np.newaxis]), format="s16", layout="mono")
        frame.sample_rate, frame.pts = PCM_RATE, reached
        reached += block.size
        for ready in resampler.resample(frame):
            container.mux(track.encode(ready))
    if not reached:
        raise InvalidInput(DAMAGED, field="file")
    for ready in resampler.resample(None):
        container.mux(track.encode(ready))
    container.mux(track.encode(None))
