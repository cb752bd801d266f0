"""Recordings go at Twilio once they are here for good: each once, and none that could still be needed."""

from collections.abc import Callable

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests import factories
from tests.emulators.twilio import TwilioHost, sid
from tests.features.calls.conftest import Somebody
from textor import jobs
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.calls import cleaning, switches, transcripts
from textor.features.calls.transcripts import Source
from textor.features.recordings import library
from textor.features.transcription.naming import Chosen
from textor.models import CallTranscript, Job, Transcription
from textor.models.users import Role
from textor.toolbox import Toolbox

Break = Callable[[Toolbox, Transcription], None]


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"TWILIO_DELETE_AFTER_IMPORT": "true"}


@pytest.fixture(autouse=True)
def confirmed(tools: Toolbox, app: APIFlask) -> None:
    """An admin wants it, too."""
    switches.turn(tools, factories.user("Ada", Role.ADMIN).id, switches.DELETE, on=True)


def imported(
    tools: Toolbox, user: Somebody, of: str, text: str | None = "Good morning.", engine: str = "fake"
) -> Transcription | None:
    """Fetched by a worker, and heard where `text` is there."""
    row = transcripts.find(transcripts.begin(tools, user.id, Source(sid=of), Chosen(engine)).id)
    job = db.session.get_one(Job, row.job_id)
    jobs.run("call", job.id, job.run_token)
    found = db.session.scalars(
        select(Transcription)
        .join(CallTranscript, CallTranscript.transcription_seq == Transcription.seq)
        .order_by(-Transcription.seq)
    ).first()
    if found and text is not None:
        found.status, found.active_for, found.text = Status.COMPLETED, None, text
        db.session.commit()
    return found


def test_what_is_transcribed_and_stored_is_deleted_there_once(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    (call,) = host.add(1)
    imported(tools, alice, call.sid)
    for _ in range(2):
        cleaning.delete_imported(tools)
    assert (host.deleted, host.count("delete")) == ([call.sid], 1)
    assert db.session.scalars(select(CallTranscript.deleted_there_at)).all() == [tools.clock.now()]
    assert "deleted_calls" in {one.name for one in jobs.PERIODIC if one.work is cleaning.delete_imported}


def is_thrown_away(tools: Toolbox, row: Transcription) -> None:
    library.delete(tools, row.user_id, row.id)


def is_not_stored(tools: Toolbox, row: Transcription) -> None:
    tools.storage.delete(row.recording.storage_key)


def is_heard_anew(_tools: Toolbox, row: Transcription) -> None:
    row.status = Status.PENDING


def has_failed(_tools: Toolbox, row: Transcription) -> None:
    row.status = Status.FAILED


def has_no_text(_tools: Toolbox, row: Transcription) -> None:
    row.text = ""


def is_awaited_by_another_engine(tools: Toolbox, row: Transcription) -> None:
    of = db.session.scalars(select(CallTranscript.sid).where(CallTranscript.transcription_seq == row.seq)).one()
    transcripts.begin(tools, row.user_id, Source(sid=of), Chosen("fake_remote"))


@pytest.mark.parametrize(
    "reason", [is_thrown_away, is_not_stored, is_heard_anew, has_failed, has_no_text, is_awaited_by_another_engine]
)
def test_what_may_still_be_needed_stays(tools: Toolbox, alice: Somebody, host: TwilioHost, reason: Break) -> None:
    (call,) = host.add(1)
    row = imported(tools, alice, call.sid)
    assert row
    reason(tools, row)
    db.session.commit()
    cleaning.delete_imported(tools)
    assert host.deleted == []


def test_one_whose_import_failed_stays(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    (call,) = host.add(1, sound=b"no sound at all")
    assert imported(tools, alice, call.sid) is None
    cleaning.delete_imported(tools)
    assert host.count("delete") == 0


def test_where_twilio_is_away_it_is_tried_in_a_later_round(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    for call in host.add(2):
        imported(tools, alice, call.sid)
    host.fail(on="delete", status=503, calls=1)
    cleaning.delete_imported(tools)
    assert (host.deleted, host.count("delete")) == ([], 1)
    cleaning.delete_imported(tools)
    assert sorted(host.deleted) == sorted(sid("RE", number) for number in range(2))


def test_what_somebody_has_deleted_there_is_noted_and_not_asked_for_again(
    tools: Toolbox, alice: Somebody, host: TwilioHost
) -> None:
    (call,) = host.add(1)
    imported(tools, alice, call.sid)
    host.recordings.clear()
    for _ in range(2):
        cleaning.delete_imported(tools)
    assert host.count("delete") == 1
