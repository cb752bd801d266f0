"""A stretch of a recording is what decoding it whole gives there, to the sample where the format allows."""

import random
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.container import InputContainer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.audio import manifest, sounds
from textor.adapters.audio import convert, measure, slicing
from textor.adapters.audio.convert import Pcm
from textor.errors import InvalidInput

BRISK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def whole(path: Path, channel: int | None = None) -> Pcm:
    return np.concatenate(list(convert.blocks(path, channel=channel)))


def stretch(path: Path, start: float, end: float, channel: int | None = None) -> Pcm:
    return np.concatenate([np.zeros(0, np.int16), *slicing.blocks(path, start, end, channel=channel)])


def with_a_hole(first: Path, second: Path, target: Path, at: float) -> Path:
    """`first`, and from the second `at` on `second`: in between the container's clock goes on and there is no sound."""
    with av.open(target, "w") as container, av.open(first) as begin, av.open(second) as later:
        track = container.add_stream_from_template(begin.streams.audio[0])
        for packet in (*packets(begin, 0.0), *packets(later, at)):
            packet.stream = track
            container.mux(packet)
    return target


def packets(source: InputContainer, delay: float) -> "Iterator[av.Packet[AudioStream]]":
    for packet in source.demux(source.streams.audio[0]):
        if packet.dts is not None and packet.pts is not None:
            packet.pts, packet.dts = (round(clock + delay / packet.time_base) for clock in (packet.pts, packet.dts))
            yield packet


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


@pytest.mark.parametrize(
    ("ending", "rate"), [("wav", 8_000), ("flac", 22_050), ("wav", 44_100), ("flac", 48_000), ("wav", 44_056)]
)
@pytest.mark.parametrize("start", [0.4, 3.3, 7.77, 18.123456])
def test_a_lossless_stretch_is_exact_at_every_rate(tmp_path: Path, ending: str, rate: int, start: float) -> None:
    path = sounds.write(tmp_path / f"x.{ending}", sounds.noise(20, rate=rate, channels=2), rate=rate)
    for channel in (None, 0, 1):
        there = whole(path, channel)[round(start * 16_000) : round((start + 1.5) * 16_000)]
        assert (stretch(path, start, start + 1.5, channel) == there).all()


def test_stretches_side_by_side_are_the_recording(tmp_path: Path) -> None:
    path = sounds.write(tmp_path / "x.mp3", sounds.noise(30, rate=44_100), rate=44_100)
    edges = [0, 0.3, 4.71, 11.003, 19, 40]
    pieces = [stretch(path, start, end) for start, end in pairwise(edges)]
    assert sum(piece.size for piece in pieces) == whole(path).size
    assert np.abs(np.concatenate(pieces).astype(int) - whole(path)).mean() < 1


def test_a_format_without_an_index_is_exact_too(tmp_path: Path) -> None:
    sound = sounds.noise(30, rate=44_100)
    sound[:, : 15 * 44_100] = 0  # fewer bits: a place guessed from the bit rate would be seconds off
    path = sounds.write(tmp_path / "x.aac", sound, rate=44_100)
    assert np.abs(stretch(path, 21, 23).astype(int) - whole(path)[21 * 16_000 : 23 * 16_000]).max() <= 2


@pytest.mark.parametrize("start", [1.0, 2.5, 3.2, 4.9, 7.0])
def test_a_hole_in_the_recording_is_silence_in_a_stretch_too(tmp_path: Path, start: float) -> None:
    first = sounds.write(tmp_path / "a.mkv", sounds.noise(3, seed=1))
    second = sounds.write(tmp_path / "b.mkv", sounds.noise(4, seed=2))
    path = with_a_hole(first, second, tmp_path / "x.mkv", at=5.0)
    heard, there = stretch(path, start, start + 1.5), whole(path)[round(start * 16_000) :][:24_000]
    assert whole(path).size == pytest.approx(9 * 16_000, abs=20)
    assert heard.size == 24_000
    assert np.flatnonzero(np.abs(heard) > 100).size == pytest.approx(np.flatnonzero(np.abs(there) > 100).size, abs=20)
    assert not there.any() or abs(lag(there, heard)) <= 16


@pytest.mark.parametrize("ending", ["m4a", "mkv", "webm"])
def test_a_clock_that_does_not_begin_at_zero_is_no_delay(tmp_path: Path, ending: str) -> None:
    path = sounds.write(tmp_path / f"x.{ending}", sounds.noise(20, rate=48_000), rate=48_000, starts_at=100.0)
    there = whole(path)[12 * 16_000 : 14 * 16_000]
    assert there.size == 32_000
    assert abs(lag(there, stretch(path, 12, 14))) <= 16


def test_every_shared_recording_gives_the_same_stretch_as_when_it_is_heard_whole() -> None:
    for path in manifest.files():
        if path.name in manifest.REFUSED or "bomb" in path.name:
            continue
        sound = whole(path)
        for share in (0.2, 0.5, 0.9):
            start = round(sound.size / 16_000 * share, 2)
            there = sound[round(start * 16_000) : round((start + 1) * 16_000)]
            heard = stretch(path, start, start + 1)
            assert abs(heard.size - there.size) <= 16, path.name
            assert not there.any() or abs(lag(there, heard)) <= 16, path.name


def test_refusals_are_those_of_hearing_it_whole() -> None:
    for path in manifest.files():
        if path.name in manifest.REFUSED:
            with pytest.raises(InvalidInput):
                hear(path)


def hear(path: Path) -> None:
    stretch(path, 2, 3)
    measure.measure(path)  # a header without sound opens well


@BRISK
@given(
    ending=st.sampled_from(["wav", "mp3", "flac", "ogg", "opus", "webm", "m4a", "aiff", "wma"]),
    seed=st.integers(0, 10**6),
    is_cut=st.booleans(),
)
def test_damage_is_refused_or_stepped_over(tmp_path: Path, ending: str, seed: int, *, is_cut: bool) -> None:
    chance = random.Random(seed)
    path = tmp_path / f"x.{ending}"
    content = bytearray(sounds.write(path, sounds.noise(3, rate=48_000), rate=48_000).read_bytes())
    for _ in range(chance.randint(1, 40)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content[: chance.randrange(len(content))] if is_cut else content)
    with suppress(InvalidInput):
        assert stretch(path, 1.5, 2.5).size <= 16_000


def test_a_long_stretch_is_never_held_whole_and_a_late_one_comes_at_once(tmp_path: Path) -> None:
    path = sounds.write(tmp_path / "x.flac", sounds.tone(1_200))
    tracemalloc.start()
    sizes = [block.size for block in slicing.blocks(path, 10, 1_190)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(sizes) == 1_180 * 16_000
    assert max(sizes) < 24_000
    assert peak < 1_000_000
    started = time.process_time()
    assert slicing.cut(path, 1_190, 1_191).size == slicing.cut(path, 5, 6).size == 16_000
    assert time.process_time() - started < 0.2
