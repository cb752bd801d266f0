"""OpenAI's models as they are offered, how the engine is set up, and under which name a recording goes out."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.stt.test_openai import KEY
from tests.conftest import FIXTURES
from textor import settings as settings_module
from textor.adapters.stt import openai_uploads as uploads
from textor.adapters.stt.openai import OpenAIEngine
from textor.adapters.stt.openai_models import ENTRIES, LANGUAGES

AFTER = date(2027, 2, 26)


def built(folder: Path, **environ: str) -> OpenAIEngine:
    return OpenAIEngine.from_settings(settings_module.load({"DATA_DIR": str(folder), **environ}))


def names(engine: OpenAIEngine) -> list[str]:
    return [model.name for model in engine.models()]


def test_it_is_ready_with_a_key_and_says_what_to_set_without(tmp_path: Path) -> None:
    engine = built(tmp_path, OPENAI_API_KEY=KEY)
    assert (engine.availability().ready, KEY in repr(engine)) == (True, False)
    state = built(tmp_path).availability()
    assert (state.ready, state.reason) == (False, "Set OPENAI_API_KEY to use OpenAI.")


@pytest.mark.parametrize(
    ("url", "is_openai"),
    [
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1/", True),
        ("https://API.OpenAI.com/v1", True),
        ("https://api.groq.com/openai/v1", False),
        ("https://textor.openai.azure.com/openai/v1", False),
        ("https://api.openai.com.example/v1", False),
        ("http://127.0.0.1:8000/v1", False),
    ],
)
def test_a_host_that_is_not_openais_own_counts_as_ready_without_a_key(tmp_path: Path, url: str, is_openai: bool) -> None:
    engine = built(tmp_path, OPENAI_BASE_URL=url)
    assert engine.is_openai is is_openai
    assert engine.availability().ready is not is_openai
    assert ("gpt-transcribe" in names(engine)) is is_openai


def test_the_newest_model_is_the_default_and_the_older_ones_tell_when_they_end(tmp_path: Path) -> None:
    offered = built(tmp_path).models()
    assert (offered[0].name, offered[0].shutdown_date) == ("gpt-transcribe", None)
    assert {model.name: model.shutdown_date for model in offered[1:]} == dict.fromkeys(
        ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize"], "2027-02-26"
    )


@pytest.mark.parametrize("chosen", ["whisper-1", "gpt-4o-transcribe-diarize", "gpt-5-transcribe"])
def test_the_operators_model_is_the_default(tmp_path: Path, chosen: str) -> None:
    engine = built(tmp_path, OPENAI_TRANSCRIBE_MODEL=chosen)
    assert (names(engine)[0], len(names(engine))) == (chosen, len({*names(engine)}))
    assert {entry.name for entry in ENTRIES} <= set(names(engine))
    assert engine.can() == engine.can(chosen)


def test_a_model_that_is_switched_off_is_no_default(tmp_path: Path) -> None:
    engine = built(tmp_path, OPENAI_TRANSCRIBE_MODEL="whisper-1")
    engine.today = lambda: date(2027, 2, 25)
    assert names(engine)[0] == "whisper-1"
    engine.today = lambda: AFTER
    assert names(engine)[0] == "gpt-transcribe"
    assert names(engine).count("whisper-1") == 1


@pytest.mark.parametrize(
    ("model", "can"),
    [
        (None, {"segment_times": False, "vocabulary": True, "usd_per_hour": 0.27, "max_seconds": 1380}),
        ("whisper-1", {"segment_times": True, "word_times": True, "speakers": False, "usd_per_hour": 0.36, "max_seconds": 600}),
        ("gpt-4o-mini-transcribe", {"segment_times": False, "word_times": False, "usd_per_hour": 0.18}),
        ("gpt-4o-transcribe-diarize", {"segment_times": True, "word_times": False, "speakers": True, "max_seconds": 1380}),
        ("forgotten", {"segment_times": False, "usd_per_hour": 0.27}),
    ],
)
def test_each_model_tells_what_it_can_do(tmp_path: Path, model: str | None, can: dict[str, Any]) -> None:
    found = built(tmp_path).can(model)
    assert {name: getattr(found, name) for name in can} == can
    assert (found.languages, found.max_bytes, found.detects_language, "ogg" in (found.formats or ())) == (
        LANGUAGES,
        25_000_000,
        True,
        True,
    )


def test_a_model_that_nobody_knows_is_promised_no_price_and_no_languages(tmp_path: Path) -> None:
    can = built(tmp_path, OPENAI_TRANSCRIBE_MODEL="gpt-5-transcribe").can()
    assert (can.usd_per_hour, can.languages) == (None, None)


def test_a_recording_goes_out_under_a_name_that_fits_its_bytes(tmp_path: Path) -> None:
    """The store's files have names of its own."""
    copy = tmp_path / "5f0c"
    copy.write_bytes((FIXTURES / "sample.flac").read_bytes())
    found = uploads.upload(copy)
    assert found is not None
    assert (found.path, found.name, found.mime) == (copy, "audio.flac", "audio/flac")


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"OggS\x00\x02", "audio.ogg"),
        (b"ID3\x04\x00", "audio.mp3"),
        (b"\xff\xfb\x90\x44", "audio.mp3"),
        (b"\xff\xf3\x40\xc4", "audio.mp3"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio.wav"),
        (b"\x00\x00\x00\x20ftypM4A \x00", "audio.m4a"),
        (b"\x00\x00\x00\x20ftypisom\x00", "audio.mp4"),
        (b"\x00\x00\x01\xba\x44", "audio.mpeg"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "audio.webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", None),
        (b"\xff\xf1\x50\x80", None),
        (b"RIFF\x00\x00\x00\x00AVI LIST", None),
        (b"FORM\x00\x00\x00\x00AIFF", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_format(tmp_path: Path, head: bytes, name: str | None) -> None:
    path = tmp_path / "file"
    path.write_bytes(head)
    found = uploads.upload(path)
    assert (found and found.name) == name


@pytest.mark.parametrize(("ending", "name"), [("MP3", "audio.mp3"), ("aiff", None)])
def test_bytes_that_tell_nothing_are_believed_to_be_what_their_name_says(tmp_path: Path, ending: str, name: str | None) -> None:
    path = tmp_path / f"file.{ending}"
    path.write_bytes(b"\x00\x01\x02\x03 what is this")
    found = uploads.upload(path)
    assert (found and found.name) == name


def test_bytes_that_tell_of_another_format_are_not_believed_their_name(tmp_path: Path) -> None:
    path = tmp_path / "file.mp3"
    path.write_bytes(b"\xff\xf1\x50\x80")
    assert uploads.upload(path) is None
