"""Sound made for a test: tones, noise, silence, in any container that the encoders here can write."""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer

Sound = npt.NDArray[np.int16]
"""Shape (channels, n)."""

CODECS = {
    "wav": "pcm_s16le",
    "mp3": "mp3",
    "flac": "flac",
    "ogg": "flac",
    "opus": "libopus",
    "webm": "libopus",
    "mkv": "flac",
    "m4a": "aac",
    "mov": "aac",
    "aac": "aac",
    "aiff": "pcm_s16be",
    "wma": "wmav2",
}

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def tone(seconds: float, *, rate: int = 16_000, hertz: float = 440.0, level: float = 0.5) -> Sound:
    time = np.arange(round(seconds * rate)) / rate
    return (np.sin(2 * np.pi * hertz * time) * level * 32_767).astype(np.int16)[np.newaxis]


def noise(seconds: float, *, rate: int = 16_000, seed: int = 1, channels: int = 1) -> Sound:
    return np.random.default_rng(seed).integers(-8_000, 8_000, (channels, round(seconds * rate)), np.int16)


def silence(seconds: float, *, rate: int = 16_000, channels: int = 1) -> Sound:
    return np.zeros((channels, round(seconds * rate)), np.int16)


def write(path: Path, sound: Sound, *, rate: int = 16_000, starts_at: float = 0.0) -> Path:
    """Encode `sound` as the ending of `path` says. `starts_at` sets the first sample's time on the container's clock."""
    with av.open(path, "w") as container:
        track = _track(container, CODECS[path.suffix[1:]], sound, rate)
        _encode(container, track, sound, rate, starts_at)
    return path


def write_video(path: Path, sound: Sound | None, *, rate: int = 48_000, starts_at: float = 0.0) -> Path:
    """A second of a grey picture, and `sound` beside it."""
    picture_codec, sound_codec = ("mpeg4", "aac") if path.suffix == ".mp4" else ("libvpx", "libopus")
    with av.open(path, "w") as container:
        picture: Any = container.add_stream(picture_codec, rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        track = None if sound is None else _track(container, sound_codec, sound, rate)
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 128, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        if sound is not None:
            _encode(container, track, sound, rate, starts_at)
    return path


def wav(sound: Sound, *, rate: int = 16_000, data_length: int | None = None, chunks: bytes = b"") -> bytes:
    """A WAV by hand, so that its header can lie."""
    data = sound.T.astype("<i2").tobytes()
    channels = sound.shape[0]
    head = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    stated = len(data) if data_length is None else data_length
    body = b"WAVEfmt " + struct.pack("<I", 16) + head + chunks + b"data" + struct.pack("<I", stated) + data
    return b"RIFF" + struct.pack("<I", len(body) & 0xFFFF_FFFF) + body


def _track(container: OutputContainer, codec: str, sound: Sound, rate: int) -> Any:
    track: Any = container.add_stream(codec, rate=rate, layout=LAYOUTS[sound.shape[0]])
    track.bit_rate = 96_000
    return track


def _encode(container: OutputContainer, track: Any, sound: Sound, rate: int, starts_at: float) -> None:
    packed = np.ascontiguousarray(sound.T.reshape(1, -1))
    whole = av.AudioFrame.from_ndarray(packed, format="s16", layout=LAYOUTS[sound.shape[0]])
    whole.sample_rate, whole.pts, whole.time_base = rate, 0, Fraction(1, rate)
    if not track.codec_context.is_open:  # a picture's first packet opens every track
        track.open()
    resampler = av.AudioResampler(format=track.format, layout=track.layout, rate=track.rate, frame_size=track.frame_size or 1024)
    for frame in (*resampler.resample(whole), *resampler.resample(None)):
        if starts_at and frame.pts is not None and frame.time_base is not None:
            frame.pts += round(starts_at / frame.time_base)
        container.mux(track.encode(frame))
    container.mux(track.encode(None))
