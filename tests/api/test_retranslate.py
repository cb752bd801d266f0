"""One segment heard anew: of a file and of a transcript, for owners, guests and strangers; at once, or later."""

import io
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests import factories
from tests.api.conftest import Api, CallerOf
from tests.fakes import FakeEngine
from tests.stage import clock, tools
from tests.waiting import until
from textor.domain import scopes
from textor.domain.job_states import Status
from textor.errors import EngineError
from textor.extensions import db
from textor.features.recordings import sample
from textor.features.transcription import rehearing, retranslate
from textor.job_queue import tickets
from textor.models import Job, Recording, Transcription, User
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

__all__ = ["clock", "tools"]

FILE, STORED = "/api/retranslate/segment", "/api/retranslate/segment-from-full"
SOUND = sample.FILE.read_bytes()
HEARD = {"segment_id": "7", "text": "hello there general", "confidence": None, "speaker": None, "model_used": "fake"}


@pytest.fixture
def wait_seconds() -> str:
    """How long a request may wait for its answer."""
    return "0"


@pytest.fixture
def environ(environ: dict[str, str], wait_seconds: str) -> dict[str, str]:
    return environ | {"SYNC_WAIT_SECONDS": wait_seconds, "DEFAULT_ENGINE": "sphinx"}


def work(tools: Toolbox) -> str:
    """A worker takes the one job that is open; its id."""
    one = db.session.execute(select(Job.id, Job.run_token).where(Job.state == JobState.QUEUED)).one()
    rehearing.HANDLER[0](tools, *one)
    return str(one.id)


def noisy(tools: Toolbox) -> None:
    """Nothing can be heard."""
    fake = tools.engines["fake"]
    assert isinstance(fake, FakeEngine)
    fake.error = EngineError("It is too noisy.")


def send(caller: Api, **form: Any) -> TestResponse:
    told: dict[str, Any] = {
        "segment_id": "7",
        "start_time": "0.5",
        "end_time": "1.25",
        "model_name": "fake",
        "file": SOUND,
    } | form
    told["file"] = (io.BytesIO(told["file"]), "talk.flac")
    return caller.post(FILE, data=told, content_type="multipart/form-data")


def ask(caller: Api, job_id: str, **wish: Any) -> TestResponse:
    told = {"segment_id": 7, "start_time": 0.5, "end_time": 1.25, "model_name": "fake"} | wish
    return caller.post(STORED, query_string={"job_id": job_id}, json=told)


@pytest.fixture
def row(tools: Toolbox, alice: User) -> Transcription:
    recording = factories.stored_recording(tools, alice, sample.FILE)
    return factories.spoken(factories.transcription(alice, recording, status=Status.COMPLETED, text="one"), "one")


@contextmanager
def working(app: APIFlask, tools: Toolbox) -> Iterator[None]:
    """A worker for the next job."""

    def worker() -> None:
        with app.app_context():
            until(lambda: tickets.waiting(tools, "speech"), "there is something to do")
            work(tools)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(worker)
        yield
        done.result()


@pytest.mark.parametrize("wait_seconds", ["20"])
def test_a_segment_of_a_file_is_heard_while_the_request_waits(
    app: APIFlask, caller: CallerOf, alice: User, tools: Toolbox
) -> None:
    with working(app, tools):
        answer = send(caller(alice))
    assert (answer.status_code, answer.get_json()) == (200, HEARD)
    assert db.session.scalar(select(func.count()).select_from(Recording)) == 0, "it is kept nowhere"


@pytest.mark.parametrize("wait_seconds", ["20"])
def test_whoever_waits_is_told_why_it_could_not_be_heard(app: APIFlask, caller: CallerOf, alice: User, tools: Toolbox) -> None:
    noisy(tools)
    with working(app, tools):
        answer = send(caller(alice))
    assert (answer.status_code, answer.get_json()["error"]) == (409, "It is too noisy.")
    limit, left = (int(answer.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining"))
    assert limit - left == 1, "that was work, too"


def test_a_segment_of_a_transcript_is_heard_anew_and_nothing_is_overwritten(
    caller: CallerOf, alice: User, row: Transcription, tools: Toolbox
) -> None:
    ask(caller(alice), row.id)
    work(tools)
    answer = ask(caller(alice), row.id)
    assert (answer.status_code, answer.get_json()) == (200, HEARD | {"segment_id": 7})
    assert [one["text"] for one in caller(alice).get(f"/api/transcribe/result/{row.id}").get_json()["segments"]] == ["one"]


def test_what_takes_longer_is_answered_202_and_the_same_request_gets_the_result(
    caller: CallerOf, alice: User, tools: Toolbox
) -> None:
    program = caller(alice)
    first = send(program)
    told = first.get_json()
    assert (first.status_code, told["status"], first.headers["Retry-After"]) == (202, "processing", "2")
    path = told["status_url"].partition("localhost")[2]
    assert path == f"/api/retranslate/{told['job_id']}"
    waiting = program.get(path)
    assert (waiting.status_code, waiting.get_json()["status"]) == (409, "processing")
    assert send(program).get_json() == told, "the same job"
    assert work(tools) == told["job_id"]
    assert (program.get(path).get_json(), send(program).get_json()) == (HEARD, HEARD)


def test_only_what_begins_work_counts(caller: CallerOf, alice: User) -> None:
    program = caller(alice)
    left = [
        int(send(program, **more).headers["X-RateLimit-Remaining"]) for more in ({}, {}, {"end_time": "99"}, {"language": "en"})
    ]
    assert [left[0] - one for one in left] == [0, 0, 0, 1]


def test_whoever_asks_later_is_told_so_too(caller: CallerOf, alice: User, tools: Toolbox) -> None:
    noisy(tools)
    send(caller(alice))
    later = caller(alice).get(f"/api/retranslate/{work(tools)}")
    assert (later.status_code, later.get_json()["status"]) == (409, "failed")
    assert later.get_json()["error"] == "There is no result: It is too noisy."


def test_a_stranger_becomes_a_guest_and_only_they_see_it(stranger: Api, gina: Api, tools: Toolbox) -> None:
    answer = send(stranger)
    assert answer.status_code == 202
    path, token = f"/api/retranslate/{work(tools)}", answer.get_json()["guest_token"]
    assert stranger.get(path, headers={"X-Guest-Token": token}).get_json() == HEARD
    assert gina.get(path).status_code == 404


def test_a_stranger_whose_request_is_refused_leaves_nothing(stranger: Api) -> None:
    before = db.session.scalar(select(func.count()).select_from(User))
    assert send(stranger, file=b"no sound").status_code == 400
    assert db.session.scalar(select(func.count()).select_from(User)) == before


def test_nobody_hears_somebody_elses(caller: CallerOf, alice: User, bob: User, stranger: Api, row: Transcription) -> None:
    job_id = ask(caller(alice), row.id).get_json()["job_id"]
    for other in (caller(bob), stranger):
        assert ask(other, row.id).status_code == 404
        assert ask(other, str(uuid.uuid4())).get_json() == ask(other, row.id).get_json()
        assert other.get(f"/api/retranslate/{job_id}").status_code == 404
    assert ask(caller(alice), "nothing").status_code == 404
    assert caller(alice).get(f"/api/retranslate/{row.id}").status_code == 404, "a transcription is none"


def test_a_key_without_the_scope_is_refused(caller: CallerOf, alice: User, row: Transcription) -> None:
    assert ask(caller(alice, scopes.TEXT), row.id).status_code == 403


def test_a_transcript_without_a_text_is_not_yet_to_be_heard_anew(caller: CallerOf, alice: User) -> None:
    assert ask(caller(alice), factories.transcription(alice).id).status_code == 409


def test_what_can_not_be_honoured_is_refused_with_what_can(caller: CallerOf, alice: User, row: Transcription) -> None:
    program = caller(alice)
    unknown = ask(program, row.id, model_name=retranslate.FIRST_CHOICE)
    assert unknown.status_code == 400 and "Available: " in unknown.get_json()["error"]
    for wish in ({"start_time": 2, "end_time": 1}, {"start_time": "soon"}, {"end_time": 1e300}, {"language": "klingon"}):
        assert ask(program, row.id, **wish).status_code == 400, wish
    odd: Any
    for odd in ("", "a\x00b", None, [], 1.5, -1, 2**70, True):
        assert ask(program, row.id, segment_id=odd).status_code == 400, odd
    assert send(program, segment_id="").status_code == 400


def test_whoever_names_no_model_is_told_which_was_used(caller: CallerOf, alice: User, tools: Toolbox, row: Transcription) -> None:
    job_id = ask(caller(alice), row.id, model_name="").get_json()["job_id"]
    assert db.session.get_one(Job, job_id).payload["engine"] == "sphinx"
