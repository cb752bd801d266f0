"""The Twilio family: letter for letter what clients know."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.api.conftest import Api, CallerOf
from tests.emulators.provider import serving
from tests.emulators.twilio import ACCOUNT, BEGAN, TOKEN, Call, TwilioHost, sid
from textor import bootstrap, jobs
from textor.domain import scopes
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.calls import transcripts
from textor.models import CallTranscript, Job, Transcription, User

TEXTS = {"sid", "account_sid", "call_sid", "status", "uri", "media_location", "media_url", "source", "price_unit", "track"}
NUMBERS = {"duration", "channels", "error_code", "media_status_code", "price"}
TIMES = {"date_created", "date_updated", "start_time"}
ANNOUNCED = "http://localhost/api/twilio/recording-status/"


@pytest.fixture
def host() -> Iterator[TwilioHost]:
    with serving(TwilioHost()) as host:
        yield host


@pytest.fixture
def environ(environ: dict[str, str], host: TwilioHost) -> dict[str, str]:
    ours = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_BASE_URL": host.url, "DEFAULT_ENGINE": "sphinx"}
    return environ | ours | {"SYNC_WAIT_SECONDS": "0", "TWILIO_IMPORT_USER": "Alice", "QUOTA_USER": "5/day"}


@pytest.fixture
def program(caller: CallerOf, alice: User) -> Api:
    return caller(alice, scopes.CALLS)


def worked() -> None:
    """A worker has fetched what was asked for."""
    for job in db.session.scalars(select(Job).where(Job.kind == transcripts.KIND, Job.state == "queued")).all():
        jobs.run("call", job.id, job.run_token)


def heard(text: str = "Good morning.") -> None:
    """The recordings that are here have been heard."""
    for row in db.session.scalars(select(Transcription)).all():
        row.status, row.active_for, row.text = Status.COMPLETED, None, text
    db.session.commit()


def asked(program: Api, **body: object) -> TestResponse:
    return program.post("/api/twilio/transcript/", json=body)


def test_recordings_have_exactly_the_fields_that_clients_know(program: Api, host: TwilioHost) -> None:
    (call,) = host.add(1, seconds=65)
    host.add(1, status="absent", error_code=16102, channels=1)
    host.add(1, status="processing")
    body = program.get("/api/twilio/recordings/").get_json()
    assert set(body) == {"total_recordings", "query_parameters", "recordings", "summary"}
    assert body["total_recordings"] == 3
    assert body["query_parameters"] == {"limit": 50, "status": None, "date_created_after": None, "date_created_before": None}
    assert body["summary"] == {"completed": 1, "in_progress": 1, "failed": 1, "accessible_media": 1, "inaccessible_media": 2}
    first, absent, under_way = body["recordings"]
    assert set(first) == TEXTS | NUMBERS | TIMES | {"media_accessible"}
    assert (first["sid"], first["duration"], first["status"], first["price"]) == (call.sid, 65, "completed", -0.0025)
    assert (first["media_accessible"], first["media_status_code"], first["date_created"]) == (True, 206, "2026-11-20T09:00:00Z")
    assert (absent["status"], absent["error_code"], absent["media_accessible"]) == ("failed", 16102, False)
    assert (under_way["status"], under_way["media_status_code"]) == ("in-progress", None)


def test_recordings_are_filtered_by_state_and_by_time_in_any_zone(program: Api, host: TwilioHost) -> None:
    made = host.add(4)
    host.add(1, status="deleted")
    body = program.get("/api/twilio/recordings/?status=failed&limit=1").get_json()
    assert [one["status"] for one in body["recordings"]] == ["failed"]
    after = (BEGAN - timedelta(hours=2) + timedelta(hours=3, minutes=30)).strftime("%Y-%m-%dT%H:%M:%S") + "+03:30"
    for written in (after, after.replace("+", "%2B")):
        body = program.get(f"/api/twilio/recordings/?date_created_after={written}").get_json()
        assert [one["sid"] for one in body["recordings"]] == [one.sid for one in made[:3]]
        assert body["query_parameters"]["date_created_after"] == "2026-11-20T07:00:00Z"


def test_a_date_is_the_whole_day(program: Api, host: TwilioHost) -> None:
    today, yesterday = host.add(1)[0], host.add(30)[-1]
    body = program.get("/api/twilio/recordings/?date_created_before=2026-11-20&date_created_after=2026-11-20").get_json()
    found = [one["sid"] for one in body["recordings"]]
    assert today.sid in found
    assert yesterday.sid not in found


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "status=absent", "date_created_after=yesterday", "date_created_before=2026-13-01"],
)
def test_a_wrong_parameter_is_named(program: Api, query: str) -> None:
    answer = program.get(f"/api/twilio/recordings/?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in str(answer.get_json()["details"])


def test_only_those_with_the_scope_who_may(caller: CallerOf, gina: Api, alice: User, bob: User, app: APIFlask) -> None:
    assert caller(alice, scopes.TRANSCRIBE).get("/api/twilio/recordings/").status_code == 403
    assert gina.get("/api/twilio/recordings/").status_code in {401, 403}
    tools = bootstrap.tools()
    named = replace(tools, settings=replace(tools.settings, twilio_users=("alice",)))
    app.extensions[bootstrap.EXTENSION] = named
    assert caller(alice).get("/api/twilio/recordings/").status_code == 200
    answer = caller(bob).get("/api/twilio/recordings/")
    assert (answer.status_code, "TWILIO_USERS" in answer.get_json()["error"]) == (403, True)


def test_a_twilio_that_is_away_is_no_fault_of_the_caller(program: Api, host: TwilioHost) -> None:
    host.fail(on="list", status=503)
    answer = program.get("/api/twilio/recordings/")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert TOKEN not in answer.get_data(as_text=True)


def test_a_call_is_transcribed_and_then_served_from_the_store(program: Api, host: TwilioHost) -> None:
    (call,) = host.add(1)
    waiting = asked(program, recording_sid=call.sid)
    assert waiting.status_code == 202
    assert waiting.get_json()["status"] == "processing"
    status_url = waiting.get_json()["status_url"]
    worked()
    assert program.get(status_url).status_code == 202
    heard()
    answer = asked(program, recording_sid=call.sid)
    assert answer.status_code == 200
    body = answer.get_json()
    assert set(body) == {"recording_sid", "audio_url", "transcript", "recording_details", "status", "timestamp"}
    assert (body["recording_sid"], body["transcript"], body["status"]) == (call.sid, "Good morning.", "completed")
    assert set(body["recording_details"]) == {"status", "duration", "date_created", "call_sid"}
    assert body["audio_url"].endswith(f"/Recordings/{call.sid}.wav")
    assert program.get(status_url).get_json() == body
    assert answer.headers["X-RateLimit-Remaining"] == "4", "what is there already costs nothing"


def test_its_failures_are_in_the_words_that_clients_know(program: Api, host: TwilioHost) -> None:
    for body in ({}, {"recording_sid": None, "audio_url": ""}):
        answer = asked(program, **body)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "Either recording_sid or audio_url is required")
    (unfinished,) = host.add(1, status="in-progress")
    for wanted in (sid("RE", 99), unfinished.sid):
        status_url = asked(program, recording_sid=wanted).get_json()["status_url"]
        worked()
        answer = program.get(status_url)
        assert answer.status_code == 500
        told = (answer.get_json()["error"], answer.get_json()["details"])
        if wanted == unfinished.sid:
            assert told == (
                "Unexpected error occurred",
                "Transcription failed: Recording not completed (status=in-progress)",
            )
        else:
            assert told == ("Failed to fetch recording details: Recording not found", None)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x", "http://[::1]/", "http://169.254.169.254/", "file:///etc/passwd", "gopher://x/"]
)
def test_an_address_that_only_this_machine_can_reach_is_refused(program: Api, url: str) -> None:
    answer = asked(program, audio_url=url)
    assert answer.status_code == 400
    assert db.session.scalars(select(CallTranscript)).all() == []


def test_somebody_elses_transcript_of_an_address_is_unknown(caller: CallerOf, program: Api, bob: User) -> None:
    status_url = asked(program, audio_url="https://recordings.example/talk.mp3").get_json()["status_url"]
    assert program.get(status_url).status_code == 202
    answer = caller(bob).get(status_url)
    assert (answer.status_code, answer.get_json()["error"]) == (404, "There is no such transcript.")


def announce(app: APIFlask, host: TwilioHost, fields: dict[str, str], **how: str) -> TestResponse:
    url = how.get("url", ANNOUNCED)
    headers = {"X-Twilio-Signature": how.get("signature") or host.signature(url, fields)}
    return app.test_client().post("/api/twilio/recording-status/", data=fields, headers=headers)


def test_an_announced_call_is_imported_once_for_the_one_who_is_named(app: APIFlask, host: TwilioHost, alice: User) -> None:
    (call,), alice_id = host.add(1), alice.id
    for _ in range(3):  # delivered again and again
        assert announce(app, host, host.callback(call)).status_code == 204
        worked()
    (row,) = db.session.scalars(select(CallTranscript)).all()
    assert (row.sid, row.user_id) == (call.sid, alice_id)
    (transcription,) = db.session.scalars(select(Transcription)).all()
    assert (transcription.user_id, transcription.recording.channels) == (alice_id, 2)


def test_what_is_not_signed_by_twilio_is_refused(app: APIFlask, host: TwilioHost, alice: User) -> None:
    (call,) = host.add(1)
    fields = host.callback(call)
    assert app.test_client().post("/api/twilio/recording-status/", data=fields).status_code == 403
    assert announce(app, host, fields, signature="x" * 28).status_code == 403
    assert announce(app, host, fields, url="http://evil.example/").status_code == 403
    assert db.session.scalars(select(CallTranscript)).all() == []


@pytest.mark.parametrize(
    "changed",
    [{"RecordingStatus": "in-progress"}, {"AccountSid": "AC" + "f" * 32}, {"RecordingSid": "RE/../x"}, {"RecordingSid": ""}],
)
def test_what_announces_no_finished_recording_of_ours_changes_nothing(
    app: APIFlask, host: TwilioHost, alice: User, changed: dict[str, str]
) -> None:
    assert announce(app, host, host.callback(Call(1)) | changed).status_code == 204
    assert db.session.scalars(select(CallTranscript)).all() == []


def test_behind_a_proxy_the_signed_address_is_the_public_one(app: APIFlask, host: TwilioHost, alice: User) -> None:
    tools = bootstrap.tools()
    app.extensions[bootstrap.EXTENSION] = replace(tools, settings=replace(tools.settings, public_url="https://textor.example"))
    fields = host.callback(host.add(1)[0])
    assert announce(app, host, fields).status_code == 403
    assert announce(app, host, fields, url="https://textor.example/api/twilio/recording-status/").status_code == 204
