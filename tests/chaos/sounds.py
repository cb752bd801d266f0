"""Recordings to upload: bursts of noise with pauses between, no two alike."""

import io
import wave

import numpy as np

RATE = 8_000
BURST_SECONDS, PAUSE_SECONDS = 1.2, 0.8
LOUDNESS = 4_000


def recording(seed: int, seconds: float) -> bytes:
    """A WAV file."""
    dice = np.random.default_rng(seed)
    cycle = int((BURST_SECONDS + PAUSE_SECONDS) * RATE)
    samples = dice.integers(-LOUDNESS, LOUDNESS, int(seconds * RATE), dtype=np.int16)
    samples[np.arange(samples.size) % cycle >= int(BURST_SECONDS * RATE)] = 0
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())
    return file.getvalue()
