"""Transcripts of recorded calls: one for each recording and engine, and every way in which they come to nothing has its words."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from aiohttp import web
from apiflask import APIFlask
from sqlalchemy import func, select

from tests.conftest import FIXTURES
from tests.emulators.provider import Provider, serving
from tests.emulators.twilio import ACCOUNT, TwilioHost, sid
from tests.features.calls.conftest import Somebody
from textor import jobs
from textor.domain.job_states import Status
from textor.errors import AddressRefused, InvalidInput, NotAllowed
from textor.extensions import db
from textor.features.calls import transcripts
from textor.features.calls.transcripts import FETCH, HEAR, Outcome, Source
from textor.features.recordings import library
from textor.features.transcription.naming import Chosen
from textor.models import CallTranscript, Job, Recording, Transcription
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

FAKE = Chosen("fake")


class Site(Provider):
    """A web server with a recording on it."""

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/talk.flac", self._give, name="sound"), web.get("/page", self._page, name="page")]

    def refusal(self, request: web.Request) -> web.Response | None:
        return None

    def error(self, status: int, message: str) -> web.Response:
        return web.Response(status=status, text=message)

    async def _give(self, request: web.Request) -> web.Response:
        return web.Response(body=(FIXTURES / "silence.flac").read_bytes())

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text="<html>")


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"ALLOW_PRIVATE_ADDRESSES": "true"}


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as site:
        yield site


def fetched(row_id: int) -> Outcome:
    """After a worker's turn at the fetch."""
    job = db.session.get_one(Job, transcripts.find(row_id).job_id)
    jobs.run("call", job.id, job.run_token)
    return transcripts.outcome(row_id)


def heard(found: Outcome, text: str = "Good morning.") -> None:
    """Its recording has been heard."""
    row = db.session.scalars(select(Transcription).where(Transcription.id == found.transcription_id)).one()
    row.status, row.active_for, row.text = Status.COMPLETED, None, text
    db.session.commit()


def begun(tools: Toolbox, user: Somebody, of: str, chosen: Chosen = FAKE) -> int:
    return transcripts.begin(tools, user.id, Source(sid=of), chosen).id


def count(kind: type[CallTranscript | Job | Recording]) -> int:
    return db.session.scalar(select(func.count()).select_from(kind)) or 0


def test_a_call_becomes_a_recording_with_both_sides_and_then_a_text(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    (call,) = host.add(1, caller="+1", called="+2")
    row_id = begun(tools, alice, call.sid)
    found = fetched(row_id)
    assert (found.is_over, found.error) == (False, None)
    row = library.find(alice.id, found.transcription_id or "")
    assert (row.engine, row.diarize, row.recording.channels, row.recording.title) == (
        "fake",
        True,
        2,
        "+1 → +2, 2026-11-20 09:00",
    )
    assert found.details == {
        "status": "completed",
        "duration": 2,
        "date_created": "2026-11-20T09:00:00Z",
        "call_sid": call.call_sid,
    }
    heard(found)
    assert (transcripts.outcome(row_id).text, transcripts.outcome(row_id).is_over) == ("Good morning.", True)


def test_it_is_transcribed_once_for_all_who_may_see_calls(
    tools: Toolbox, alice: Somebody, bob: Somebody, host: TwilioHost
) -> None:
    (call,) = host.add(1)
    row_id = begun(tools, alice, call.sid)
    assert begun(tools, bob, call.sid) == row_id, "while it is fetched"
    found = fetched(row_id)
    assert begun(tools, bob, call.sid) == row_id, "while it is heard"
    heard(found)
    assert begun(tools, bob, call.sid) == row_id, "when it is done"
    assert (count(CallTranscript), count(Job), count(Recording), host.count("fetch")) == (1, 1, 1, 1)
    assert begun(tools, alice, call.sid, Chosen("fake_remote")) != row_id, "another engine hears it anew"


def test_of_many_at_once_one_begins(app: APIFlask, tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    (call,) = host.add(1)
    alice_id = alice.id

    def ask(_: int) -> int:
        with app.app_context():
            return transcripts.begin(tools, alice_id, Source(sid=call.sid), FAKE).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    open_jobs = db.session.scalars(select(Job.id).where(Job.state == JobState.QUEUED)).all()
    assert transcripts.find(1).job_id in open_jobs
    assert len(open_jobs) == 1


def test_a_recording_that_twilio_does_not_know(tools: Toolbox, alice: Somebody) -> None:
    found = fetched(begun(tools, alice, sid("RE", 404)))
    assert (found.error, found.failed_at) == ("Failed to fetch recording details: Recording not found", FETCH)


@pytest.mark.parametrize("status", ["in-progress", "processing", "absent"])
def test_a_recording_that_is_not_finished(tools: Toolbox, alice: Somebody, host: TwilioHost, status: str) -> None:
    (call,) = host.add(1, status=status)
    found = fetched(begun(tools, alice, call.sid))
    assert (found.error, found.failed_at) == (f"Recording not completed (status={status})", HEAR)
    assert count(Recording) == 0


def test_what_has_failed_is_begun_anew_by_whoever_asks_next(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    (call,) = host.add(1, status="in-progress")
    row_id = begun(tools, alice, call.sid)
    assert fetched(row_id).error
    call.status = "completed"
    assert begun(tools, alice, call.sid) == row_id
    assert fetched(row_id).error is None


def test_a_transcript_that_was_deleted_is_made_anew(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    (call,) = host.add(1)
    row_id = begun(tools, alice, call.sid)
    found = fetched(row_id)
    heard(found)
    library.delete(tools, alice.id, found.transcription_id or "")
    assert transcripts.outcome(row_id).error == transcripts.GONE
    begun(tools, alice, call.sid)
    assert fetched(row_id).transcription_id != found.transcription_id


def test_a_twilio_that_is_away_is_asked_again_later(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    (call,) = host.add(1)
    host.fail(on="media", status=503)
    row_id = begun(tools, alice, call.sid)
    assert not fetched(row_id).is_over
    job = db.session.get_one(Job, transcripts.find(row_id).job_id)
    assert (job.state, job.attempts) == (JobState.QUEUED, 1)
    assert job.due_at is not None
    host.mend()
    assert fetched(row_id).transcription_id


def test_a_second_ticket_makes_no_second_recording(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    (call,) = host.add(1)
    row_id = begun(tools, alice, call.sid)
    job = db.session.get_one(Job, transcripts.find(row_id).job_id)
    told = (job.id, job.run_token)
    for _ in range(2):
        jobs.run("call", *told)
    assert count(Recording) == 1


def test_sound_that_is_no_sound_is_said(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    (call,) = host.add(1, sound=b"<html>" * 100)
    found = fetched(begun(tools, alice, call.sid))
    assert found.failed_at == HEAR
    assert "Invalid file format" in (found.error or "")


def test_a_recording_by_its_address_is_its_owners_alone(tools: Toolbox, alice: Somebody, bob: Somebody, site: Site) -> None:
    wanted = transcripts.source(tools, alice.id, None, f"{site.url}/talk.flac")
    row_id = transcripts.begin(tools, alice.id, wanted, FAKE).id
    found = fetched(row_id)
    assert library.find(alice.id, found.transcription_id or "").recording.filename == "talk.flac"
    assert transcripts.begin(tools, alice.id, wanted, FAKE).id == row_id
    assert transcripts.begin(tools, bob.id, wanted, FAKE).id != row_id


@pytest.mark.parametrize("path", ["/nothing", "/page"])
def test_an_address_without_a_recording_is_said(tools: Toolbox, alice: Somebody, site: Site, path: str) -> None:
    wanted = transcripts.source(tools, alice.id, None, site.url + path)
    assert fetched(transcripts.begin(tools, alice.id, wanted, FAKE).id).error


def test_an_address_of_twilios_is_the_recording_that_it_names(tools: Toolbox, alice: Somebody, host: TwilioHost) -> None:
    (call,) = host.add(1)
    url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{call.sid}.mp3"
    assert transcripts.source(tools, alice.id, None, url) == Source(sid=call.sid)


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest/meta-data", "ftp://a.example/x", "file:///etc/passwd", "http://a:b@c.example/", "x"]
)
def test_an_address_that_is_not_asked_is_refused_at_once(tools: Toolbox, alice: Somebody, url: str) -> None:
    with pytest.raises(AddressRefused):
        transcripts.source(tools, alice.id, None, url)


def test_something_must_be_named_and_be_what_it_says(tools: Toolbox, alice: Somebody, bob: Somebody) -> None:
    with pytest.raises(InvalidInput, match="Either recording_sid or audio_url is required"):
        transcripts.source(tools, alice.id, None, None)
    with pytest.raises(InvalidInput, match="hexadecimal"):
        transcripts.source(tools, alice.id, "RE../..", None)
    chosen = replace(tools, settings=replace(tools.settings, twilio_users=("alice",)))
    with pytest.raises(NotAllowed):
        transcripts.source(chosen, bob.id, sid("RE", 1), None)
