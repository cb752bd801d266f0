"""The whole pass: true length, waveform, two voices or one room, silence, damage."""

import random
from pathlib import Path

import numpy as np
import pytest

from tests.adapters.audio import costs, manifest, sounds
from tests.conftest import FIXTURES
from textor.adapters.audio.measure import measure
from textor.errors import InvalidInput

BOMB = "broken_bomb_10h_silence.flac"


def test_a_sound_recording_has_its_true_length_and_no_warning(tmp_path: Path) -> None:
    for ending in sounds.CODECS:
        facts = measure(sounds.write(tmp_path / f"x.{ending}", sounds.tone(3, rate=48_000), rate=48_000))
        assert facts.seconds == pytest.approx(3, abs=0.05), ending
        assert facts.warnings == (), ending
        assert not facts.is_silent
        assert not facts.is_dual_channel


def test_the_waveform_follows_the_loudness_in_equal_slices(tmp_path: Path) -> None:
    parts = [sounds.tone(10, level=level) for level in (0.5, 0.25, 0.0, 0.5)]
    facts = measure(sounds.write(tmp_path / "x.wav", np.concatenate(parts, axis=1)))
    assert 1_000 <= len(facts.peaks) <= 2_000
    quarter = len(facts.peaks) // 4
    middles = [facts.peaks[quarter * n + quarter // 2] for n in range(4)]
    assert middles == [255, pytest.approx(128, abs=2), 0, 255]


def test_a_quiet_recording_fills_the_waveform_and_is_not_silent(tmp_path: Path) -> None:
    facts = measure(sounds.write(tmp_path / "x.wav", sounds.tone(2, level=0.005)))
    assert max(facts.peaks) == 255
    assert not facts.is_silent


def test_silence_is_named_and_drawn_flat(tmp_path: Path) -> None:
    facts = measure(sounds.write(tmp_path / "x.wav", sounds.silence(2)))
    assert facts.is_silent
    assert max(facts.peaks) == 0
    assert facts.warnings == ("No sound was found in this recording: it is silent from start to end.",)


def test_two_voices_on_two_channels_are_a_call(tmp_path: Path) -> None:
    both = np.concatenate([sounds.noise(3, seed=1), sounds.noise(3, seed=2)])
    assert measure(sounds.write(tmp_path / "x.wav", both)).is_dual_channel


def test_one_room_on_two_channels_is_not_a_call(tmp_path: Path) -> None:
    one = sounds.noise(3)
    for name, other in {"copied": one, "turned": -one, "louder": one * 2, "silent": sounds.silence(3)}.items():
        assert not measure(sounds.write(tmp_path / f"{name}.wav", np.concatenate([one, other]))).is_dual_channel, name


def test_the_projects_own_call_is_one_and_the_monologue_is_not() -> None:
    assert measure(FIXTURES / "dialogue_stereo.flac").is_dual_channel
    assert not measure(FIXTURES / "dialogue_mono.flac").is_dual_channel
    assert measure(FIXTURES / "silence.flac").is_silent


@pytest.mark.parametrize("ending", ["mp3", "flac", "wav"])
def test_a_truncated_file_keeps_what_is_there_and_says_so(tmp_path: Path, ending: str) -> None:
    whole = sounds.write(tmp_path / f"x.{ending}", sounds.noise(10)).read_bytes()
    cut = tmp_path / f"cut.{ending}"
    cut.write_bytes(whole[: len(whole) // 2])
    facts = measure(cut)
    assert 4 < facts.seconds < 6
    assert facts.warnings == (f"The file is damaged; {facts.seconds:.1f} s of it could be read.",)


def test_damage_in_the_middle_costs_that_part_only(tmp_path: Path) -> None:
    content = bytearray(sounds.write(tmp_path / "x.flac", sounds.noise(20)).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40_000] = random.Random(1).randbytes(40_000)
    path = tmp_path / "damaged.flac"
    path.write_bytes(content)
    facts = measure(path)
    assert facts.seconds == pytest.approx(20, abs=0.5)
    assert facts.warnings[0].startswith("The file is damaged; ")


@pytest.mark.parametrize("stated", [0, 0xFFFF_FFFF])
def test_a_streamed_wav_is_whole_though_its_header_is_open(tmp_path: Path, stated: int) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(sounds.wav(sounds.tone(2), data_length=stated))
    facts = measure(path)
    assert facts.seconds == 2
    assert facts.warnings == ("The file does not state its length; all 2.0 s that are there were read.",)


def test_a_late_soundtrack_keeps_its_place_in_the_film(tmp_path: Path) -> None:
    film = sounds.write_video(tmp_path / "x.webm", sounds.tone(2, rate=48_000), starts_at=1.5)
    facts = measure(film)
    assert facts.seconds == pytest.approx(3.5, abs=0.05)
    assert max(facts.peaks[: len(facts.peaks) // 3]) == 0


def test_a_film_that_goes_on_without_sound_is_not_damaged(tmp_path: Path) -> None:
    assert measure(sounds.write_video(tmp_path / "x.mp4", sounds.tone(0.3, rate=48_000))).warnings == ()


def test_more_than_the_longest_recording_is_refused_whatever_the_header_says(tmp_path: Path) -> None:
    path = sounds.write(tmp_path / "x.mp3", sounds.tone(20))
    with pytest.raises(InvalidInput, match=r"The recording is longer than 0\.0025 hours, the most Textor takes"):
        measure(path, max_seconds=9)
    assert measure(path, max_seconds=21).seconds == pytest.approx(20, abs=0.1)


def test_many_channels_are_mixed(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(sounds.wav(np.repeat(sounds.tone(2), 6, axis=0)))
    facts = measure(path)
    assert facts.seconds == 2
    assert not facts.is_dual_channel


def test_the_shared_recordings_have_their_lengths_and_warnings() -> None:
    true_lengths = manifest.seconds() if manifest.files() else {}
    for path in manifest.files():
        if path.name in manifest.REFUSED or path.name == BOMB:
            continue  # the bomb: below, with its costs
        facts = measure(path, max_seconds=12 * 3600)
        if path.name in true_lengths and not path.name.startswith("video_"):
            assert facts.seconds == pytest.approx(true_lengths[path.name], abs=0.15), path.name
        expected = manifest.WARNED.get(path.name)
        assert facts.warnings == () if expected is None else facts.warnings[0].startswith(expected), path.name
        assert facts.is_dual_channel == (path.name == "call_stereo_2spk.wav"), path.name


def test_no_shared_file_costs_more_than_seconds_and_megabytes_even_ten_hours_in_seven() -> None:
    measured = costs.of("measure")
    measuring = measured[BOMB][0]
    for name, (seconds, megabytes) in measured.items():
        if name != BOMB:
            assert seconds < 1, name
        assert megabytes < 100, name
    assert measuring < 5 or measuring < 3 * costs.of("decode", BOMB)[BOMB][0]  # on a busy machine even decoding takes longer
