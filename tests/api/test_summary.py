"""Summaries for programs."""

import json
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import func, select

from tests import factories, fakes
from tests.api.conftest import Api, CallerOf
from tests.fakes import FakeTextModel
from textor import jobs, toolbox
from textor.domain import scopes
from textor.errors import TextModelError
from textor.extensions import db
from textor.features.insights import summary
from textor.models import Job, Transcription, User
from textor.settings import Settings
from textor.toolbox import Toolbox

LINES = [
    {"start": 0.0, "end": 6.5, "text": "The harbour of the town needs a new crane because the old crane has failed twice."},
    {"start": 6.5, "end": 12.0, "text": "The council has agreed to buy the new crane for the harbour in spring."},
    {"start": 12.0, "end": 14.0, "text": "Well, thank you all, good night."},
]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def model() -> FakeTextModel:
    return FakeTextModel()


@pytest.fixture
def tools(settings: Settings, model: FakeTextModel) -> Toolbox:
    real = toolbox.build(settings)
    real.redis.flushdb()
    return fakes.with_text_models(real, model)


def finished(owner: User, *lines: str) -> Transcription:
    row = factories.transcription(owner, status="completed", language="en", finished_at=factories.NOW)
    return factories.spoken(row, *(lines or ("Good morning, everybody.", "We buy a crane.")))


def work() -> None:
    waiting = db.session.execute(select(Job.id, Job.run_token).where(Job.state == "queued")).all()
    db.session.rollback()
    for job_id, token in waiting:
        with current_app.app_context():
            jobs.run("summary", job_id, token)
    db.session.expire_all()


def started(api: Api, **asked: Any) -> str:
    answer = api.post("/api/summary/", json=asked)
    assert answer.status_code == 200, answer.get_json()
    return str(answer.get_json()["job_id"])


def test_the_whole_journey_with_the_built_in_model(alice: User, caller: CallerOf) -> None:
    api = caller(alice, scopes.TEXT)
    answer = api.post("/api/summary", json={"transcript": LINES, "model_name": "textor-extractive", "max_length": 40})
    told = answer.get_json()
    assert (answer.status_code, told["status"], told["message"]) == (200, "processing", "Summary started")
    waiting = api.get(f"/api/summary/status/{told['job_id']}").get_json()
    assert (waiting["status"], waiting["message"], waiting["progress"]) == ("processing", "Waiting for its turn", 0.0)
    work()
    found = api.get(f"/api/summary/{told['job_id']}/").get_json()
    assert found["model_used"] == "textor-extractive"
    assert "crane" in found["summary"]
    assert 0 < found["length"] <= 40
    assert found["topics"]
    assert found["citations"][0].keys() == {"start", "end", "text"}
    assert found["read"] == {"segments": 3, "of": 3, "seconds": 14.0, "parts": 1}
    assert found["usage"] == {"prompt": 0, "completion": 0, "total": 0, "cost_usd": 0.0}
    assert (found["transcript_id"], found["is_stale"], found["format"]) == (None, False, "paragraph")
    status = api.get(f"/api/summary/status/{told['job_id']}/").get_json()
    assert (status["status"], status["message"], status["progress"]) == ("completed", "Summary completed", 100.0)


def test_a_stored_transcript_is_summed_up_as_it_was_ordered(alice: User, caller: CallerOf, model: FakeTextModel) -> None:
    row, api = finished(alice), caller(alice)
    job_id = started(api, transcript_id=row.id, max_length=9.0, format="key_points", instruction="Be kind.")
    work()
    found = api.get(f"/api/summary/{job_id}").get_json()
    assert (found["summary"], found["length"], found["transcript_id"]) == ("What was said.", 3, row.id)
    assert found["usage"] == {"prompt": 100, "completion": 10, "total": 110, "cost_usd": None}
    wanted = model.calls[0][2]
    assert (wanted.max_words, wanted.format, wanted.instruction) == (9, "key_points", "Be kind.")
    row.version += 1
    db.session.commit()
    assert api.get(f"/api/summary/{job_id}").get_json()["is_stale"] is True


def test_a_text_without_times_will_do(alice: User, caller: CallerOf, model: FakeTextModel) -> None:
    job_id = started(caller(alice), full_text="We meet at noon.\nThe boat leaves at two.", transcript=[{"text": " "}])
    work()
    assert [one.text for one in model.calls[0][1]] == ["We meet at noon.", "The boat leaves at two."]
    assert caller(alice).get(f"/api/summary/{job_id}").status_code == 200


def test_until_it_is_there_the_answer_is_409_with_the_status(
    alice: User, caller: CallerOf, model: FakeTextModel, tools: Toolbox
) -> None:
    api = caller(alice)
    job_id = started(api, full_text="Hello there.")
    early = api.get(f"/api/summary/{job_id}")
    assert early.status_code == 409
    assert early.get_json()["error"] == "There is no summary: Waiting for its turn."
    assert early.get_json()["status"] == "processing"
    model.error = TextModelError("The model has refused.")
    work()
    failed = api.get(f"/api/summary/{job_id}")
    assert (failed.status_code, failed.get_json()["status"]) == (409, "failed")
    assert failed.get_json()["error"] == "There is no summary: The model has refused."
    assert api.get(f"/api/summary/status/{job_id}").get_json()["message"] == "The model has refused."


def test_one_that_was_stopped_has_failed_for_programs(alice: User, caller: CallerOf, tools: Toolbox) -> None:
    job_id = started(caller(alice), full_text="Hello there.")
    summary.stop(tools, alice.id, job_id)
    status = caller(alice).get(f"/api/summary/status/{job_id}").get_json()
    assert (status["status"], status["message"]) == ("failed", "Cancelled by user")


def test_an_unknown_one_is_404(alice: User, caller: CallerOf) -> None:
    for path in (UNKNOWN, f"status/{UNKNOWN}", "status/x"):
        assert caller(alice).get(f"/api/summary/{path}").status_code == 404


def test_somebody_elses_is_404(alice: User, bob: User, caller: CallerOf) -> None:
    row = finished(alice)
    job_id = started(caller(alice), transcript_id=row.id)
    for path in (f"/api/summary/{job_id}", f"/api/summary/status/{job_id}"):
        assert caller(bob).get(path).status_code == 404
    assert caller(bob).post("/api/summary/", json={"transcript_id": row.id}).status_code == 404


def test_a_transcript_without_a_text_yet_is_409(alice: User, caller: CallerOf) -> None:
    row = factories.transcription(alice)
    assert caller(alice).post("/api/summary/", json={"transcript_id": row.id}).status_code == 409


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "transcript_id, transcript or full_text"),
    ({"transcript": []}, "transcript_id, transcript or full_text"),
    ({"full_text": " \n"}, "nothing was said"),
    ({"transcript": [{"start": 0, "end": 1, "text": ""}]}, "nothing was said"),
    ({"full_text": "Hello.", "model_name": "gpt-0"}, "Available: fake-text, textor-extractive."),
    ({"full_text": "Hello.", "model_name": "textor-extractive", "instruction": "Be kind."}, "follows no instructions"),
)


def test_what_cant_be_summed_up_is_400_and_costs_nothing(alice: User, caller: CallerOf) -> None:
    for asked, told in REFUSED:
        answer = caller(alice).post("/api/summary/", json=asked)
        assert answer.status_code == 400
        assert told in answer.get_json()["error"]
        assert answer.headers["X-RateLimit-Remaining"] == answer.headers["X-RateLimit-Limit"]


MISSHAPEN = (
    '{"full_text": "a", "max_length": 0}',
    '{"full_text": "a", "max_length": 5001}',
    '{"full_text": "a", "max_length": 1e308}',
    '{"full_text": "a", "format": "poem"}',
    '{"transcript": [{"start": NaN, "end": 1, "text": "a"}]}',
    '{"transcript": [{"start": 0, "end": Infinity, "text": "a"}]}',
    '{"transcript": [{"start": -1, "end": 1, "text": "a"}]}',
    '{"transcript": [{"start": "0", "end": 1, "text": "a"}]}',
    '{"transcript": [{"start": 0, "end": 1}]}',
    '{"transcript": "a"}',
    '{"transcript_id": "a"}',
    '{"full_text": "\\ud800"}',
    "[]",
    "null",
)


def test_what_has_not_the_shape_is_400(alice: User, caller: CallerOf) -> None:
    answers = {
        body: caller(alice).post("/api/summary/", data=body, content_type="application/json").status_code for body in MISSHAPEN
    }
    assert answers == dict.fromkeys(MISSHAPEN, 400)


def test_what_is_too_much_is_never_read(alice: User, caller: CallerOf) -> None:
    body = json.dumps({"full_text": "a" * 12_000_000})
    assert caller(alice).post("/api/summary/", data=body, content_type="application/json").status_code == 413


def test_a_guest_has_their_own_text_summed_up(stranger: Api, gina: Api, app: Any) -> None:
    answer = stranger.post("/api/summary/", json={"transcript": LINES})
    token, job_id = answer.get_json()["guest_token"], answer.get_json()["job_id"]
    assert "textor_guest=" in answer.headers["Set-Cookie"]
    known = Api(app.test_client(), {"X-Guest-Token": token})
    assert known.get(f"/api/summary/status/{job_id}").status_code == 200
    assert gina.get(f"/api/summary/status/{job_id}").status_code == 404
    again = known.post("/api/summary/", json={"transcript": LINES})
    assert "guest_token" not in again.get_json()


def test_a_stranger_who_is_refused_leaves_nothing_behind(stranger: Api) -> None:
    before = db.session.scalar(select(func.count()).select_from(User))
    assert stranger.post("/api/summary/", json={"full_text": ""}).status_code == 400
    assert stranger.post("/api/summary/", json={"transcript_id": UNKNOWN}).status_code == 404
    assert db.session.scalar(select(func.count()).select_from(User)) == before


def test_webhooks_are_for_those_with_an_account(gina: Api, alice: User, caller: CallerOf) -> None:
    asked = {"full_text": "Hello.", "webhook_url": "https://example.com/hook"}
    assert "need an account" in gina.post("/api/summary/", json=asked).get_json()["error"]
    bad = caller(alice).post("/api/summary/", json=asked | {"webhook_url": "http://127.0.0.1/"})
    assert bad.status_code == 400


def test_it_needs_the_scope_for_texts(alice: User, caller: CallerOf) -> None:
    assert caller(alice, scopes.TRANSCRIBE).post("/api/summary/", json={"full_text": "Hello."}).status_code == 403


def test_it_counts_against_the_days_work(alice: User, caller: CallerOf) -> None:
    answer = caller(alice).post("/api/summary/", json={"full_text": "Hello."})
    assert int(answer.headers["X-RateLimit-Remaining"]) == int(answer.headers["X-RateLimit-Limit"]) - 1


def test_the_same_request_with_a_key_begins_one(alice: User, caller: CallerOf) -> None:
    headers = {"Idempotency-Key": "once"}
    found = [caller(alice).post("/api/summary/", json={"full_text": "Hello."}, headers=headers).get_json() for _ in range(2)]
    assert found[0] == found[1]
    assert db.session.scalar(select(func.count()).select_from(Job)) == 1


def test_over_budget_is_402(alice: User, caller: CallerOf) -> None:
    alice.monthly_budget = 0.0
    db.session.commit()
    assert caller(alice).post("/api/summary/", json={"full_text": "Hello."}).status_code == 402
