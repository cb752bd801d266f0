"""Recordings coming in: judged by content, stored, queued; refused with a sentence and without a trace."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.adapters.audio import manifest, sounds
from tests.conftest import FIXTURES
from textor.adapters.storage.local import LocalStorage
from textor.domain.job_states import Status
from textor.errors import InvalidInput, NotMedia, Unavailable
from textor.extensions import db
from textor.features.recordings import intake
from textor.features.recordings.intake import Choice
from textor.models import Recording, Transcription, User
from textor.toolbox import Toolbox

FAKE = Choice(engine="fake")


def take(tools: Toolbox, user: User, source: Path, choice: Choice = FAKE, filename: str | None = None) -> Transcription:
    with intake.spool(tools) as spool:
        with source.open("rb") as file:
            while block := file.read(65_536):
                spool.write(block)
        return intake.accept(tools, user.id, spool, filename or source.name, choice)


def stored(tools: Toolbox) -> list[Path]:
    """Every file Textor holds, received or stored."""
    folders = (tools.settings.incoming_dir, tools.settings.recordings_dir)
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def recordings() -> int:
    return db.session.scalars(select(func.count()).select_from(Recording)).one()


@pytest.mark.both_databases
def test_an_upload_becomes_a_recording_and_its_transcription_gets_its_turn(tools: Toolbox, alice: User) -> None:
    source = FIXTURES / "dialogue_stereo.flac"
    row = take(tools, alice, source, filename="Call with Bob.flac")
    recording = row.recording
    assert (row.status, row.user_id, row.engine) == (Status.QUEUED, alice.id, "fake")
    assert (recording.title, recording.filename) == ("Call with Bob", "Call with Bob.flac")
    assert (recording.container, recording.codec, recording.channels) == ("flac", "flac", 2)
    assert recording.media_type == "audio/flac"
    assert recording.size_bytes == source.stat().st_size
    assert recording.warnings == []
    assert recording.peaks is None
    with tools.storage.local_path(recording.storage_key) as path:
        assert path.read_bytes() == source.read_bytes()
    assert len(stored(tools)) == 1


def test_the_hash_is_that_of_the_file(tools: Toolbox, alice: User) -> None:
    first, second = take(tools, alice, FIXTURES / "sample.flac"), take(tools, alice, FIXTURES / "sample.flac")
    assert first.recording.sha256 == second.recording.sha256
    assert first.recording.storage_key != second.recording.storage_key


def test_the_second_upload_waits_for_the_first(tools: Toolbox, alice: User, bob: User) -> None:
    first, second = take(tools, alice, FIXTURES / "sample.flac"), take(tools, alice, FIXTURES / "sample.flac")
    other = take(tools, bob, FIXTURES / "sample.flac")
    assert [first.status, second.status, other.status] == [Status.QUEUED, Status.PENDING, Status.QUEUED]


def test_an_upload_is_kept_while_redis_is_away(away: Toolbox, alice: User) -> None:
    row = take(away, alice, FIXTURES / "sample.flac")
    assert row.status == Status.PENDING


def test_the_name_says_nothing_about_the_content(tools: Toolbox, alice: User) -> None:
    row = take(tools, alice, FIXTURES / "sample.flac", filename="report.pdf")
    assert row.recording.container == "flac"
    assert row.recording.warnings == []
    lied = take(tools, alice, FIXTURES / "sample.flac", filename="song.MP3")
    assert lied.recording.warnings == ["The file is named .mp3, but holds FLAC. It was read as what it is."]


@pytest.mark.parametrize("ending", sounds.CODECS)
def test_a_file_with_its_own_ending_gets_no_warning(tools: Toolbox, alice: User, tmp_path: Path, ending: str) -> None:
    source = sounds.write(tmp_path / f"x.{ending}", sounds.tone(1, rate=48_000), rate=48_000)
    assert take(tools, alice, source).recording.warnings == []


@pytest.mark.parametrize("name", ["", "/", "\x00", ".", "\u202e"])
def test_a_file_without_a_name_gets_one(tools: Toolbox, alice: User, name: str) -> None:
    with intake.spool(tools) as spool:
        spool.write((FIXTURES / "sample.flac").read_bytes())
        row = intake.accept(tools, alice.id, spool, name, FAKE)
    assert (row.recording.title, row.recording.filename) == ("Recording", "recording")


def test_a_title_may_be_given(tools: Toolbox, alice: User) -> None:
    row = take(tools, alice, FIXTURES / "sample.flac", replace(FAKE, title="  جلسه\u202e اول\n"))
    assert row.recording.title == "جلسه اول"


def test_the_choice_is_kept_for_the_run_and_offered_again(tools: Toolbox, alice: User) -> None:
    row = take(tools, alice, FIXTURES / "sample.flac", Choice(engine="fake", language="fa", diarize=True))
    assert (row.requested_language, row.diarize, row.model) == ("fa", True, None)
    assert (alice.speech_language, alice.engine, alice.model) == ("fa", "fake", None)


def test_whoever_names_no_engine_gets_the_default(tools: Toolbox, alice: User) -> None:
    chosen = replace(tools, settings=replace(tools.settings, default_engine="fake_remote"))
    assert take(chosen, alice, FIXTURES / "sample.flac", Choice()).engine == "fake_remote"
    assert alice.engine is None


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        (Choice(engine="nobody"), "engine"),
        (Choice(engine="sphinx", language="fa"), "language"),
        (Choice(engine="fake", language="xx"), "language"),
        (Choice(engine="fake", model="giant"), "model"),
    ],
)
def test_a_choice_that_cannot_be_honoured_leaves_nothing(tools: Toolbox, alice: User, choice: Choice, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        take(tools, alice, FIXTURES / "sample.flac", choice)
    assert caught.value.field == field
    assert (stored(tools), recordings()) == ([], 0)


def test_what_is_no_sound_leaves_nothing(tools: Toolbox, alice: User, tmp_path: Path) -> None:
    page = tmp_path / "page.mp3"
    page.write_text("<html>")
    with pytest.raises(NotMedia):
        take(tools, alice, page)
    assert (stored(tools), recordings()) == ([], 0)


def test_a_recording_over_the_longest_leaves_nothing(tools: Toolbox, alice: User, tmp_path: Path) -> None:
    strict = replace(tools, settings=replace(tools.settings, max_audio_hours=0))
    with pytest.raises(InvalidInput, match="longer than 0 hours"):
        take(strict, alice, FIXTURES / "sample.flac")
    assert (stored(tools), recordings()) == ([], 0)


def test_a_database_that_refuses_leaves_no_file(tools: Toolbox, alice: User) -> None:
    nobody = User(id=alice.id + 1_000)
    with pytest.raises(Unavailable, match="could not be stored"):
        take(tools, nobody, FIXTURES / "sample.flac")
    assert (stored(tools), recordings()) == ([], 0)


def test_a_store_that_is_away_leaves_no_row(tools: Toolbox, alice: User, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    broken = replace(tools, storage=LocalStorage(tmp_path / "taken"))
    with pytest.raises(Unavailable):
        take(broken, alice, FIXTURES / "sample.flac")
    assert recordings() == 0


def test_every_shared_recording_is_accepted_or_told_why_not(tools: Toolbox, alice: User) -> None:
    for source in manifest.files():
        if source.name in manifest.REFUSED:
            with pytest.raises(InvalidInput) as caught:
                take(tools, alice, source)
            assert caught.value.message.startswith(manifest.REFUSED[source.name]), source.name
        else:
            warnings = take(tools, alice, source).recording.warnings
            assert bool(warnings) == (source.name == manifest.WARNED_FOR_ITS_NAME), source.name
    assert len(stored(tools)) == recordings() == len(manifest.files()) - len(manifest.REFUSED)
