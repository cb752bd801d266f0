"""A stretch of a recording is what decoding it whole gives there, to the sample where the format allows."""

from pathlib import Path

import numpy as np
import pytest

from tests.adapters.audio import sounds
from textor.adapters.audio import convert, slicing
from textor.adapters.audio.convert import Pcm


def whole(path: Path) -> Pcm:
    return np.concatenate(list(convert.blocks(path)))


def lag(first: Pcm, second: Pcm) -> int:
    """By how many samples `second` comes later than `first`."""
    size = min(first.size, second.size)
    spectrum = np.fft.rfft(first[:size].astype(float), 2 * size) * np.conj(np.fft.rfft(second[:size].astype(float), 2 * size))
    shift = int(np.fft.irfft(spectrum).argmax())
    return shift if shift <= size else shift - 2 * size


@pytest.mark.parametrize("ending", ["wav", "flac"])
@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (3.3, 7.77), (19.5, 20.0)])
def test_a_lossless_stretch_is_exact(tmp_path: Path, ending: str, start: float, end: float) -> None:
    path = sounds.write(tmp_path / f"x.{ending}", sounds.noise(20))
    assert (slicing.cut(path, start, end) == whole(path)[round(start * 16_000) : round(end * 16_000)]).all()


@pytest.mark.parametrize("ending", ["mp3", "m4a", "webm", "opus", "ogg", "mkv"])
@pytest.mark.parametrize("start", [0.0, 7.3, 18.0])
def test_a_stretch_stands_where_it_stood_in_every_format(tmp_path: Path, ending: str, start: float) -> None:
    path = sounds.write(tmp_path / f"x.{ending}", sounds.noise(20, rate=48_000), rate=48_000)
    cut = slicing.cut(path, start, start + 1.5)
    assert cut.size == 24_000
    there = whole(path)[round(start * 16_000) :][:24_000]
    assert abs(lag(there, cut)) <= 16  # a millisecond


def test_a_stretch_over_the_end_is_shorter_and_one_behind_it_empty(tmp_path: Path) -> None:
    path = sounds.write(tmp_path / "x.wav", sounds.noise(3))
    assert slicing.cut(path, 2, 5).size == 16_000
    assert slicing.cut(path, 7, 8).size == 0


def test_before_a_late_soundtrack_there_is_silence(tmp_path: Path) -> None:
    film = sounds.write_video(tmp_path / "x.webm", sounds.tone(2, rate=48_000), starts_at=1.0)
    cut = slicing.cut(film, 0.5, 1.5)
    assert cut.size == 16_000
    assert np.abs(cut[:7_000]).max() == 0
    assert np.abs(cut[9_000:]).max() > 8_000
