"""What engines hear: 16 kHz, mono, in order, at flat memory."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.adapters.audio import sounds
from textor.adapters.audio import convert
from textor.adapters.audio.convert import Pcm
from textor.errors import InvalidInput


def heard(path: Path, channel: int | None = None) -> Pcm:
    return np.concatenate(list(convert.blocks(path, channel=channel)))


def loudest_hertz(sound: Pcm) -> float:
    return float(np.abs(np.fft.rfft(sound.astype(float))).argmax() * 16_000 / sound.size)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_any_rate_becomes_sixteen_kilohertz(tmp_path: Path, rate: int) -> None:
    sound = heard(sounds.write(tmp_path / "x.wav", sounds.tone(2, rate=rate), rate=rate))
    assert sound.dtype == np.int16
    assert sound.shape == (32_000,)
    assert loudest_hertz(sound) == pytest.approx(440, abs=1)


def test_what_is_sixteen_kilohertz_already_arrives_unchanged(tmp_path: Path) -> None:
    original = sounds.noise(3)
    assert (heard(sounds.write(tmp_path / "x.flac", original)) == original[0]).all()


def test_a_channel_is_heard_alone(tmp_path: Path) -> None:
    sides = np.concatenate([sounds.tone(2, hertz=300), sounds.tone(2, hertz=900)])
    path = sounds.write(tmp_path / "x.wav", sides)
    assert (heard(path, channel=0) == sides[0]).all()
    assert (heard(path, channel=1) == sides[1]).all()
    assert np.abs(heard(path)).max() > 8_000


def test_blocks_are_about_a_second_and_can_be_had_again(tmp_path: Path) -> None:
    path = sounds.write(tmp_path / "x.mp3", sounds.tone(5, rate=44_100), rate=44_100)
    lengths = [block.size for block in convert.blocks(path)]
    assert max(lengths) < 24_000
    assert lengths == [block.size for block in convert.blocks(path)]


def test_a_long_recording_is_never_held_whole(tmp_path: Path) -> None:
    path = sounds.write(tmp_path / "x.flac", sounds.tone(600))
    tracemalloc.start()
    total = sum(block.size for block in convert.blocks(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 600 * 16_000
    assert peak < 1_000_000


def test_a_limit_ends_the_decoding(tmp_path: Path) -> None:
    path = sounds.write(tmp_path / "x.wav", sounds.tone(10))
    decoded = convert.blocks(path, max_seconds=4)
    assert sum(next(decoded).size for _ in range(3)) == pytest.approx(3 * 16_000, abs=4_000)
    with pytest.raises(InvalidInput, match="longer than"):
        next(decoded)


def test_a_format_that_changes_on_the_way_is_followed(tmp_path: Path) -> None:
    first = sounds.write(tmp_path / "a.mp3", sounds.tone(2, rate=48_000), rate=48_000).read_bytes()
    second = sounds.write(tmp_path / "b.mp3", sounds.tone(2, rate=24_000), rate=24_000).read_bytes()
    path = tmp_path / "joined.mp3"
    path.write_bytes(first + second)
    sound = heard(path)
    assert sound.size / 16_000 == pytest.approx(4, abs=0.3)
    assert loudest_hertz(sound[:30_000]) == pytest.approx(440, abs=2)
    assert loudest_hertz(sound[-30_000:]) == pytest.approx(440, abs=2)


def test_a_file_that_is_no_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(b"no sound")
    with pytest.raises(InvalidInput):
        next(convert.blocks(path))
