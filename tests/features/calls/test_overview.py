"""What the page of calls shows: asked of Twilio once a minute, in bounded time, and how transcripts stand."""

from dataclasses import replace
from time import monotonic

import pytest
from apiflask import APIFlask
from sqlalchemy import event

from tests import factories
from tests.emulators.twilio import TwilioHost, sid
from tests.features.calls.conftest import Somebody
from textor.domain.calls import CallRecording
from textor.errors import NotAllowed
from textor.extensions import db
from textor.features.calls import overview, standings, transcripts
from textor.features.calls.listing import Listed
from textor.features.calls.overview import Asked
from textor.features.calls.transcripts import Source
from textor.features.transcription.naming import Chosen
from textor.models import Job, User
from textor.toolbox import Toolbox


def test_it_is_the_same_for_a_minute_whoever_looks_and_only_for_those_who_may(
    tools: Toolbox, alice: Somebody, bob: Somebody, host: TwilioHost
) -> None:
    host.add(3)
    first = overview.shown(tools, alice.id, Asked())
    assert overview.shown(tools, bob.id, Asked()) == first
    assert first.calls[0].recorded is not None
    assert [host.count(kind) for kind in ("list", "call", "media")] == [1, 3, 3]
    overview.shown(tools, bob.id, Asked(limit=100))
    assert host.count("list") == 2, "another question"
    named = replace(tools, settings=replace(tools.settings, twilio_users=("alice",)))
    with pytest.raises(NotAllowed):
        overview.shown(named, bob.id, Asked())


def test_whoever_takes_long_to_say_who_called_is_not_waited_for(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    host.add(2)
    host.fail(on="call", delay=0.5)
    began = monotonic()
    shown = overview.shown(tools, alice.id, Asked(), legs_seconds=0.05)
    assert monotonic() - began < 0.5
    assert [(call.caller, call.direction) for call in shown.calls] == [("", None)] * 2


def test_a_call_that_nobody_knows_any_more_is_shown_without_its_numbers(
    tools: Toolbox, alice: Somebody, host: TwilioHost
) -> None:
    host.add(1)
    host.fail(on="call", status=404)
    (call,) = overview.shown(tools, alice.id, Asked()).calls
    assert (call.caller, call.called, call.audio) == ("", "", "available")


def test_without_redis_twilio_is_asked_each_time(tools: Toolbox, away: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    host.add(1)
    lost = replace(tools, redis=away.redis)
    for _ in range(2):
        assert overview.shown(lost, alice.id, Asked()).calls[0].direction == "in"
    assert host.count("list") == 2


@pytest.mark.parametrize(
    ("said", "error", "status", "word"),
    [
        ("completed", None, 206, "available"),
        ("completed", None, 401, "login"),
        ("completed", None, 410, "deleted"),
        ("completed", None, 500, "refused"),
        ("completed", None, None, "late"),
        ("paused", None, None, "preparing"),
        ("deleted", None, None, "deleted"),
        ("failed", 16101, None, "failed"),
    ],
)
def test_the_sound_in_one_word(said: str, error: int | None, status: int | None, word: str) -> None:
    recording = CallRecording("RE", "AC", "CA", 1, said, 1, error_code=error)
    assert overview.audio_of(Listed(recording, status)) == word


def test_how_far_transcripts_are_takes_one_statement(app: APIFlask, tools: Toolbox, alice: Somebody, bob: Somebody) -> None:
    sids = [sid("RE", n) for n in range(6)]
    rows = [transcripts.find(transcripts.begin(tools, alice.id, Source(sid=one), Chosen("fake")).id) for one in sids]
    owner = db.session.get_one(User, alice.id)
    db.session.get_one(Job, rows[1].job_id).progress = 5.0
    db.session.get_one(Job, rows[2].job_id).state = "failed"
    rows[3].transcription_seq = factories.transcription(owner, status="processing", progress=41.6, active_for=alice.id).seq
    rows[4].transcription_seq = (done := factories.transcription(owner, status="partial")).seq
    rows[5].transcription_seq = factories.transcription(owner, status="completed", deleted_at=factories.NOW).seq
    db.session.commit()
    done_id, statements = done.id, []
    event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    found = standings.known(alice.id, [*sids, sid("RE", 99)])
    assert len(statements) == 1
    assert [found[one].state for one in sids] == ["waiting", "fetching", "failed", "processing", "done", "failed"]
    assert (found[sids[3]].percent, found[sids[4]].transcription_id, found[sids[5]].error) == (42, done_id, transcripts.GONE)
    assert found[sids[5]].transcription_id is None
    theirs = standings.known(bob.id, sids)
    assert {one.transcription_id for one in theirs.values()} == {None}
    assert len(theirs) == 6
