"""A transcript as a file: what is asked for, by whom, and the small ones made at once."""

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.features.recordings.export_stage import ALL, FakeFormat, ask, contents, transcript
from textor.adapters.exports.port import ExportOptions
from textor.domain.job_states import Status
from textor.errors import InvalidInput, NotFound, Unavailable, WrongState
from textor.extensions import db
from textor.features.recordings import exports
from textor.features.recordings.exports import Ready
from textor.models import Job, Transcription, User
from textor.toolbox import Toolbox


def test_a_small_one_is_made_at_once(press: Toolbox, short: Transcription) -> None:
    ready = ask(press, short)
    assert contents(ready) == b"Hello there."
    assert isinstance(ready, Ready)
    assert (ready.filename, ready.media_type) == ("Meeting.fake", "application/x-fake")
    assert db.session.scalar(select(func.count()).select_from(Job)) == 0


@pytest.mark.both_databases
def test_every_format_is_offered_and_made(press: Toolbox, short: Transcription) -> None:
    for name, kind in press.formats.items():
        if not kind.missing():
            assert contents(ask(press, short, name))


def test_a_light_format_is_made_at_once_however_long(press: Toolbox, alice: User) -> None:
    assert len(contents(ask(press, transcript(alice, "word " * 20_000), "txt"))) > 90_000


def test_the_options_reach_the_format(press: Toolbox, short: Transcription, fake: FakeFormat) -> None:
    assert contents(ask(press, short, options=ExportOptions(speakers=False, timestamps=False)))
    document, options = fake.asked[0]
    assert options == ExportOptions(speakers=False, timestamps=False)
    assert document.speakers == ("Ann",)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ALL),
        ({"speakers": "false"}, ExportOptions(speakers=False)),
        ({"timestamps": "0"}, ExportOptions(timestamps=False)),
        ({"speakers": "NO", "timestamps": "on"}, ExportOptions(speakers=False)),
    ],
)
def test_options_are_read_from_a_query(query: dict[str, str], expected: ExportOptions) -> None:
    assert exports.read_options(query) == expected


def test_an_option_that_is_neither_true_nor_false_is_refused() -> None:
    with pytest.raises(InvalidInput, match="timestamps must be true or false"):
        exports.read_options({"timestamps": "maybe"})


def test_an_unknown_format_is_told_what_there_is(press: Toolbox, short: Transcription) -> None:
    with pytest.raises(NotFound, match="Available: txt, docx, pdf, srt, vtt, md, csv, json, fake"):
        ask(press, short, "exe")


def test_bob_cannot_take_alices_transcript_away(press: Toolbox, short: Transcription, bob: User) -> None:
    with pytest.raises(NotFound, match="no such transcript"):
        exports.export(press, bob.id, short.id, "txt", ALL)


@pytest.mark.parametrize("status", [Status.PENDING, Status.FAILED, Status.CANCELLED])
def test_what_is_not_finished_can_not_be_downloaded(press: Toolbox, alice: User, status: Status) -> None:
    with pytest.raises(WrongState, match="no text to download yet"):
        ask(press, factories.transcription(alice, status=status))


def test_what_the_server_lacks_is_said(press: Toolbox, short: Transcription, fake: FakeFormat) -> None:
    fake.lacking = "Fakes need glue. Install glue."
    with pytest.raises(Unavailable, match="Install glue"):
        ask(press, short)


def test_a_format_that_fails_leaves_no_open_file(press: Toolbox, short: Transcription, fake: FakeFormat) -> None:
    fake.error = Unavailable("No font.")
    with pytest.raises(Unavailable, match="No font"):
        ask(press, short)
