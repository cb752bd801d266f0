"""What is sent to a provider: 16 kHz mono, whole or not there."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from tests.adapters.audio import sounds
from tests.adapters.audio.test_slicing import lag, whole
from textor.adapters.audio import encoding, looking
from textor.adapters.audio.convert import Pcm
from textor.errors import InvalidInput


def in_blocks(sound: Pcm, size: int = 16_000) -> Iterator[Pcm]:
    for at in range(0, sound.size, size):
        yield sound[at : at + size]


def test_every_codec_gives_a_mono_file_of_the_same_length(tmp_path: Path) -> None:
    assert encoding.CODECS == ("flac", "wav", "mp3", "opus")
    for codec in encoding.CODECS:
        encoding.write(in_blocks(sounds.tone(7.3)[0]), tmp_path / codec, codec=codec)
        with av.open(tmp_path / codec) as container:
            stream = container.streams.audio[0]
            assert stream.channels == 1
            assert container.duration is not None
            assert container.duration / av.time_base == pytest.approx(7.3, abs=0.1)
        assert looking.look(tmp_path / codec).container == {"opus": "ogg"}.get(codec, codec)


@pytest.mark.parametrize("codec", ["flac", "wav"])
@pytest.mark.parametrize("size", [1, 160, 16_000, 100_000])
def test_a_lossless_file_holds_every_sample(tmp_path: Path, codec: str, size: int) -> None:
    sound = sounds.noise(0.3 if size == 1 else 11.1)[0]
    encoding.write(in_blocks(sound, size), tmp_path / "x", codec=codec)
    assert (whole(tmp_path / "x") == sound).all()


@pytest.mark.parametrize("codec", ["mp3", "opus"])
def test_a_small_file_keeps_the_sound_where_it_was(tmp_path: Path, codec: str) -> None:
    sound = sounds.noise(20)[0]
    encoding.write(in_blocks(sound), tmp_path / "x", codec=codec)
    there = whole(tmp_path / "x")
    assert abs(there.size - sound.size) < 1_000
    assert abs(lag(sound, there)) <= 32
    assert (tmp_path / "x").stat().st_size < 0.25 * 2 * sound.size


def test_flac_is_what_is_written_where_nothing_is_said(tmp_path: Path) -> None:
    encoding.write(in_blocks(sounds.noise(1)[0]), tmp_path / "x")
    assert (tmp_path / "x").read_bytes()[:4] == b"fLaC"


def test_a_file_that_was_there_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "x.flac").write_bytes(b"older")
    encoding.write(in_blocks(sounds.noise(1)[0]), tmp_path / "x.flac")
    assert whole(tmp_path / "x.flac").size == 16_000
    assert [path.name for path in tmp_path.iterdir()] == ["x.flac"]


def test_no_half_file_is_left_when_the_sound_breaks_off(tmp_path: Path) -> None:
    def breaking() -> Iterator[Pcm]:
        yield sounds.noise(1)[0]
        raise OSError("the disk is gone")

    (tmp_path / "old.flac").write_bytes(b"older")
    for name in ("new.flac", "old.flac"):
        with pytest.raises(OSError, match="the disk is gone"):
            encoding.write(breaking(), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["old.flac"]
    assert (tmp_path / "old.flac").read_bytes() == b"older"


def test_nobody_sees_the_file_before_it_is_whole(tmp_path: Path) -> None:
    seen = []

    def watched() -> Iterator[Pcm]:
        for block in in_blocks(sounds.noise(5)[0]):
            seen.append((tmp_path / "x.flac").exists())
            yield block

    encoding.write(watched(), tmp_path / "x.flac")
    assert seen == [False] * 5
    assert (tmp_path / "x.flac").exists()


@pytest.mark.parametrize("codec", encoding.CODECS)
def test_without_a_sample_there_is_no_file(tmp_path: Path, codec: str) -> None:
    with pytest.raises(InvalidInput, match="no sound"):
        encoding.write(in_blocks(np.zeros(0, np.int16), 1), tmp_path / "x", codec=codec)
    with pytest.raises(InvalidInput, match="no sound"):
        encoding.write([np.zeros(0, np.int16)], tmp_path / "x", codec=codec)
    assert list(tmp_path.iterdir()) == []


def test_a_codec_nobody_knows_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        encoding.write(in_blocks(sounds.noise(1)[0]), tmp_path / "x", codec="midi")
    assert list(tmp_path.iterdir()) == []


def test_a_long_file_is_never_held_whole(tmp_path: Path) -> None:
    second = sounds.tone(1)[0]
    tracemalloc.start()
    encoding.write((second for _ in range(600)), tmp_path / "x.flac")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
