"""A long recording is cut where nobody speaks, and where somebody always does, with an overlap."""

import time
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.audio import sounds
from tests.adapters.stt.listening import REFERENCES
from tests.conftest import FIXTURES
from textor.adapters.audio import convert, silence
from textor.adapters.audio.convert import Pcm
from textor.adapters.audio.silence import Cut

SLICES = settings(max_examples=60, deadline=None)


def hiss(seconds: float, level: int = 40, seed: int = 7) -> Pcm:
    return np.random.default_rng(seed).normal(0, level, round(seconds * 16_000)).astype(np.int16)


def speech(seconds: float, level: int = 4_000, seed: int = 3) -> Pcm:
    """Noise that swells and fades four times a second, as syllables do. It never pauses."""
    clock = np.arange(round(seconds * 16_000)) / 16_000
    swelling = 0.05 + np.abs(np.sin(2 * np.pi * 2 * clock)) * (1 + 0.4 * np.sin(2 * np.pi * 0.31 * clock))
    return (hiss(seconds, level, seed) * swelling).clip(-32_000, 32_000).astype(np.int16)


def talk(*parts: tuple[str, float]) -> Pcm:
    """`("speech", 4)`, `("pause", 0.5)`, ...: over a hiss that never stops, as a telephone's does."""
    made = [speech(seconds, seed=n) if kind == "speech" else hiss(seconds, 1) for n, (kind, seconds) in enumerate(parts)]
    whole = np.concatenate(made)
    return (whole + hiss(whole.size / 16_000)).clip(-32_000, 32_000).astype(np.int16)


def cut(sound: Pcm, longest: float, block: int = 16_000, **how: float) -> list[Cut]:
    return silence.cuts((sound[at : at + block] for at in range(0, sound.size, block)), longest, **how)


def assert_sound(found: list[Cut], seconds: float, longest: float) -> None:
    """What holds for all slices of all recordings."""
    assert found[0].start == 0.0
    assert found[0].overlap == 0.0
    assert found[-1].end == seconds
    for one in found:
        assert one.end - one.start <= longest
        assert 0 <= one.overlap <= longest / 4
        assert len(found) == 1 or one.end - one.start >= 1
    for before, after in pairwise(found):
        assert before.end == after.start + after.overlap
        assert before.start < after.start


@SLICES
@given(
    seed=st.integers(0, 10**6),
    seconds=st.floats(0.01, 90),
    longest=st.floats(5, 40),
    overlap=st.floats(0, 6),
    block=st.integers(1_000, 40_000),
)
def test_slices_cover_the_recording_and_never_exceed_the_limit(
    seed: int, seconds: float, longest: float, overlap: float, block: int
) -> None:
    chance = np.random.default_rng(seed)
    lengths = chance.exponential(2, 60)
    kinds = chance.choice(["silence", "pause", "speech", "soft"], 60)
    levels = {"silence": (hiss, 0), "pause": (hiss, 40), "speech": (speech, 4_000), "soft": (speech, 90)}
    sound = np.concatenate([levels[kind][0](length, levels[kind][1]) for kind, length in zip(kinds, lengths, strict=True)])[
        : round(seconds * 16_000)
    ]
    found = cut(sound, longest, block, overlap_seconds=overlap)
    assert_sound(found, sound.size / 16_000, longest)
    assert found == cut(sound, longest, 16_000, overlap_seconds=overlap)  # however the blocks fall


def test_a_recording_within_the_limit_stays_whole() -> None:
    assert cut(speech(10), 10) == [Cut(0.0, 10.0)]
    assert silence.cuts([], 10) == [Cut(0.0, 0.0)]


def test_a_hair_over_the_limit_makes_two_halves() -> None:
    found = cut(speech(10.001), 10)
    assert len(found) == 2
    assert found[0].end == pytest.approx(5, abs=2)
    assert_sound(found, 160_016 / 16_000, 10)


def test_a_cut_is_in_the_middle_of_the_longest_pause_near_the_limit() -> None:
    found = cut(
        talk(("speech", 4), ("pause", 1), ("speech", 2.2), ("pause", 0.4), ("speech", 0.8), ("pause", 0.7), ("speech", 20)), 10
    )
    assert found[0].end == pytest.approx(8.75, abs=0.05)  # 5.0 is too early, 7.4 is shorter
    assert found[1] == Cut(found[0].end, found[1].end)


@pytest.mark.parametrize("seconds", [0.36, 0.45])
def test_a_pause_between_sentences_is_a_clean_cut(seconds: float) -> None:
    found = cut(talk(("speech", 8), ("pause", seconds), ("speech", 12)), 10)
    assert found[1].overlap == 0
    assert found[0].end == pytest.approx(8 + seconds / 2, abs=0.06)


def test_a_gap_between_two_words_is_none() -> None:
    found = cut(talk(("speech", 8), ("pause", 0.15), ("speech", 12)), 10)
    assert found[1].overlap > 0


def test_a_digitally_silent_pause_is_found_between_noisy_ones() -> None:
    sound = talk(("speech", 8), ("pause", 0.6), ("speech", 12))
    sound[(2 * 16_000) : round(2.4 * 16_000)] = 0
    assert cut(sound, 10)[0].end == pytest.approx(8.3, abs=0.05)


def test_a_soft_voice_is_no_pause() -> None:
    loud, soft = speech(7.6), speech(2.4, level=400)
    sound = np.concatenate([loud, soft, talk(("pause", 0.4)), speech(12)])
    sound = (sound + hiss(sound.size / 16_000, 10)).clip(-32_000, 32_000).astype(np.int16)
    found = cut(sound, 10.3)
    assert found[0].end == pytest.approx(10.2, abs=0.06)
    assert found[1].overlap == 0


def test_a_soft_recording_is_cut_as_a_loud_one_is() -> None:
    sound = talk(("speech", 8), ("pause", 0.6), ("speech", 12))
    assert cut((sound / 100).astype(np.int16), 10)[0].end == pytest.approx(8.3, abs=0.06)


def test_a_recorders_constant_offset_hides_no_pause() -> None:
    sound = talk(("speech", 8), ("pause", 0.6), ("speech", 12)) // 8 + 9_000
    assert cut(sound.astype(np.int16), 10)[0].end == pytest.approx(8.3, abs=0.05)


@pytest.mark.parametrize(("longest", "overlap"), [(20.0, 3.0), (8.0, 2.0), (5.0, 1.25)])
def test_without_a_pause_slices_overlap_around_the_quietest_moment(longest: float, overlap: float) -> None:
    sound = speech(60)
    quiet = round(0.8 * longest * 16_000)
    sound[quiet - 1_000 : quiet + 1_000] //= 50
    found = cut(sound, longest)
    assert_sound(found, 60.0, longest)
    assert {one.overlap for one in found[1:]} == {overlap}
    assert found[1].start + overlap / 2 == pytest.approx(0.8 * longest, abs=0.08)


def test_music_that_never_rests_is_cut_with_an_overlap() -> None:
    music = sum(sounds.tone(30, hertz=hertz, level=0.2)[0] for hertz in (220.0, 277.2, 329.6))
    assert all(one.overlap == 2 for one in cut(music, 8)[1:])


def test_silence_is_cut_clean_and_rarely() -> None:
    found = cut(np.zeros(16_000 * 61, np.int16), 20)
    assert len(found) <= 5
    assert {one.overlap for one in found} == {0}
    assert min(one.end - one.start for one in found) > 6


@pytest.mark.parametrize("seconds", [20.5, 21, 29, 34, 39.5, 41, 55])
def test_the_last_slice_is_never_tiny(seconds: float) -> None:
    for found in (cut(speech(seconds), 20), cut(talk(("speech", seconds - 1), ("pause", 1)), 20)):
        assert found[-1].end - found[-1].start >= 6


def test_two_slices_are_not_made_three() -> None:
    sound = speech(33)
    sound[round(13.55 * 16_000) : round(13.7 * 16_000)] //= (
        50  # the quietest moment, but with the overlap the rest would be too long
    )
    assert len(cut(sound, 20)) == 2


def test_our_own_recordings_are_cut_between_the_sentences() -> None:
    turns = REFERENCES["monologue.flac"]["turns"]
    found = silence.cuts(convert.blocks(FIXTURES / "monologue.flac"), 9)
    for one in found[1:]:
        assert one.overlap or not any(
            turn["start"] < one.start < turn["end"] - 0.3 for turn in turns if turn["end"] - turn["start"] < 5
        )
    assert [one.overlap for one in found[1:]].count(0) >= 2


def test_hours_fit_in_a_few_megabytes_and_take_seconds() -> None:
    minute = speech(60)

    def hours() -> Iterator[Pcm]:
        for _ in range(120):
            yield from np.split(minute, 60)

    tracemalloc.start()
    started = time.process_time()
    found = silence.cuts(hours(), 1_400)
    spent = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert_sound(found, 7_200.0, 1_400)
    assert peak < 5_000_000  # the samples would be 230 MB
    assert spent < 7_200 / 500
