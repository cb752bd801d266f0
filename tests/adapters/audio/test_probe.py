"""The quick look: what kind of sound it is, judged by content, in milliseconds."""

import json
import struct
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from tests.adapters.audio import costs, manifest, sounds
from tests.conftest import FIXTURES
from textor.adapters.audio import looking, probe
from textor.adapters.audio.opening import NOT_MEDIA
from textor.adapters.audio.probe import Limits
from textor.errors import InvalidInput

KINDS = {
    "wav": ("wav", "pcm_s16le", "audio/wav"),
    "mp3": ("mp3", "mp3float", "audio/mpeg"),
    "flac": ("flac", "flac", "audio/flac"),
    "ogg": ("ogg", "flac", "audio/ogg"),
    "opus": ("ogg", "opus", "audio/ogg"),
    "webm": ("webm", "opus", "audio/webm"),
    "mkv": ("matroska", "flac", "audio/x-matroska"),
    "m4a": ("mp4", "aac", "audio/mp4"),
    "mov": ("mov", "aac", "audio/mp4"),
    "aac": ("aac", "aac", "audio/aac"),
    "aiff": ("aiff", "pcm_s16be", "audio/aiff"),
    "wma": ("asf", "wmav2", "audio/x-ms-wma"),
}


@pytest.mark.parametrize("ending", KINDS)
def test_every_format_is_known_by_its_content_alone(tmp_path: Path, ending: str) -> None:
    made = sounds.write(tmp_path / f"x.{ending}", sounds.tone(2, rate=48_000), rate=48_000)
    upload = made.rename(tmp_path / "upload.part")
    facts = probe.probe(upload, Limits())
    assert (facts.container, facts.codec, facts.media_type) == KINDS[ending]
    assert (facts.sample_rate, facts.channels, facts.has_video) == (48_000, 1, False)
    assert facts.seconds == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(("ending", "media_type"), [("mp4", "video/mp4"), ("webm", "video/webm")])
def test_a_video_with_sound_is_a_recording(tmp_path: Path, ending: str, media_type: str) -> None:
    facts = probe.probe(sounds.write_video(tmp_path / f"x.{ending}", sounds.tone(2, rate=48_000)), Limits())
    assert (facts.has_video, facts.media_type) == (True, media_type)


def test_a_header_without_sound_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.flac"
    path.write_bytes(sounds.write(tmp_path / "whole.flac", sounds.noise(2)).read_bytes()[:8300])
    with pytest.raises(InvalidInput, match="no sound could be read"):
        probe.probe(path, Limits())


def test_a_recording_over_the_limit_is_refused_at_once(tmp_path: Path) -> None:
    path = sounds.write(tmp_path / "x.wav", sounds.tone(4))
    with pytest.raises(InvalidInput, match=r"longer than 0\.001 hours"):
        probe.probe(path, Limits(max_seconds=3.6))
    assert probe.probe(path, Limits(max_seconds=4)).seconds == 4


def test_a_length_that_the_file_has_no_room_for_is_not_believed(tmp_path: Path) -> None:
    lie = bytearray(sounds.write(tmp_path / "x.flac", sounds.tone(1)).read_bytes())
    struct.pack_into(">I", lie, 22, 0xFFFF_FFFF)  # the low half of STREAMINFO's number of samples
    path = tmp_path / "lie.flac"
    path.write_bytes(lie)
    assert probe.probe(path, Limits(max_seconds=3600)).seconds > 100_000


def test_the_projects_own_recordings_are_sound() -> None:
    made = json.loads((FIXTURES / "recordings.json").read_text(encoding="utf-8"))
    for name, facts in made.items():
        assert probe.probe(FIXTURES / name, Limits()).channels == facts["channels"], name


def test_the_shared_recordings_are_accepted_or_told_why_not() -> None:
    for path in manifest.files():
        if path.name in manifest.REFUSED:
            with pytest.raises(InvalidInput) as caught:
                probe.probe(path, Limits(max_seconds=12 * 3600))
            assert caught.value.message.startswith(manifest.REFUSED[path.name]), path.name
        else:
            assert probe.probe(path, Limits(max_seconds=12 * 3600)).channels in {1, 2}, path.name


def test_a_tag_that_claims_gigabytes_is_refused_and_costs_this_process_nothing(tmp_path: Path) -> None:
    tag = b"INFOISFT" + struct.pack("<I", 0x7FFF_0000) + b"some"
    path = tmp_path / "x.wav"
    path.write_bytes(sounds.wav(sounds.tone(1), chunks=b"LIST" + struct.pack("<I", 0x7FFF_0010) + tag))
    before = psutil.Process().memory_info().rss
    with pytest.raises(InvalidInput, match="no sound could be read"):
        probe.probe(path, Limits())
    assert psutil.Process().memory_info().rss - before < 5_000_000


def test_the_looking_process_answers_what_looking_sees(tmp_path: Path) -> None:
    sound = sounds.write(tmp_path / "x.wav", sounds.tone(1))
    assert looking.answer(sound, None) == {"probe": asdict(probe.probe(sound, Limits()))}
    (tmp_path / "y").write_bytes(b"words")
    assert looking.answer(tmp_path / "y", None) == {"refused": {"is_media": False, "message": NOT_MEDIA}}


def test_a_look_that_ends_badly_is_a_damaged_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no sound could be read"):
        probe.probe(tmp_path / "nowhere.wav", Limits())


def test_the_looking_process_gets_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere: Python would not start with it")
    assert probe.probe(sounds.write(tmp_path / "x.wav", sounds.tone(1)), Limits()).seconds == 1


def test_no_shared_file_costs_more_than_a_moment() -> None:
    for name, (seconds, megabytes) in costs.of("look").items():
        assert seconds < 1, name
        assert megabytes < 50, name
