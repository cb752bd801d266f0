"""Chat by the JSON door: answers that come in time, answers that are fetched, and what is refused."""

import socket
import uuid
from threading import Event, Thread
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.api.conftest import Api, CallerOf
from tests.fakes import FakeTextModel, with_text_models
from tests.features.insights.chats import LINES, finished, work
from textor.adapters.text_models.port import Prices
from textor.domain import scopes
from textor.errors import TextModelError
from textor.extensions import db
from textor.features.recordings import library
from textor.models import Job, TextCharge, User
from textor.toolbox import Toolbox

PATH = "/api/chat/"
TOLD = [{"start": 2.0 * n, "end": 2.0 * n + 2, "text": line} for n, line in enumerate(LINES)]
ASKED = [{"role": "user", "content": "When is the printer bought?"}]
LOOK_SECONDS = 0.02


@pytest.fixture
def wait_seconds() -> str:
    """Nobody waits: what a worker does is done between two requests."""
    return "0"


@pytest.fixture
def environ(environ: dict[str, str], wait_seconds: str) -> dict[str, str]:
    return environ | {"SYNC_WAIT_SECONDS": wait_seconds}


@pytest.fixture
def model() -> FakeTextModel:
    return FakeTextModel(says="On Monday.", cites=lambda passages: [(one.id,) for one in passages if "Monday" in one.text])


@pytest.fixture
def tools(tools: Toolbox, model: FakeTextModel) -> Toolbox:
    return with_text_models(tools, model)


@pytest.fixture
def api(alice: User, caller: CallerOf) -> Api:
    return caller(alice)


def ask(api: Api, **told: Any) -> TestResponse:
    return api.post(PATH, json={"messages": ASKED} | told)


def answer(api: Api, **told: Any) -> TestResponse:
    """Ask, and ask again once a worker had its turn."""
    assert ask(api, **told).status_code == 202
    work()
    return ask(api, **told)


def jobs() -> list[Job]:
    return list(db.session.scalars(select(Job).execution_options(populate_existing=True)))


def test_an_answer_says_what_was_said_and_where(api: Api, model: FakeTextModel) -> None:
    answered = answer(api, transcript=TOLD)
    assert (answered.status_code, answered.get_json()) == (
        200,
        {
            "message": {"role": "assistant", "content": "On Monday."},
            "model_used": "fake-text",
            "usage": {"prompt": 100, "completion": 10, "total": 110},
            "citations": [{"start": 6.0, "end": 8.0, "text": LINES[3]}],
            "read": {"segments": 5, "of": 5, "transcripts": 1},
            "job_id": jobs()[0].id,
        },
    )
    assert [one.text for one in model.calls[0][1]] == list(LINES)


def test_wishes_and_history_reach_the_model(api: Api, model: FakeTextModel) -> None:
    said = [*ASKED, {"role": "assistant", "content": "On Monday."}, {"role": "user", "content": "Who\x00buys it?"}]
    answer(api, full_text="Paul buys\nthe printer.", messages=said, temperature=1.5, max_tokens=42.0)
    _, passages, asked = model.calls[0]
    assert [one.role for one in asked.messages] == ["user", "assistant", "user"]
    assert [one.text for one in asked.messages] == [ASKED[0]["content"], "On Monday.", "Who buys it?"]
    assert (asked.temperature, asked.max_tokens) == (1.5, 42)
    assert [(one.start, one.text) for one in passages] == [(0.0, "Paul buys"), (0.0, "the printer.")]


def test_a_transcript_is_its_owners(api: Api, alice: User, bob: User, caller: CallerOf, model: FakeTextModel) -> None:
    row = finished(alice)
    assert ask(caller(bob), transcript_id=row.id).status_code == 404
    assert ask(api, transcript_id=str(uuid.uuid4())).status_code == 404
    assert ask(api, transcript_id=finished(alice, status="pending").id).status_code == 409
    assert jobs() == []
    model.prices = Prices(1.0, 1.0)
    assert answer(api, transcript_id=row.id).get_json()["citations"][0]["text"] == LINES[3]
    assert db.session.scalars(select(TextCharge.transcription_seq)).all() == [row.seq]


def test_the_whole_library_is_asked_where_that_is_wished(api: Api, alice: User, bob: User, model: FakeTextModel) -> None:
    row = finished(alice, title="Meeting")
    finished(bob, "Bob buys no printer on Monday.")
    (cited,) = answer(api, library=True).get_json()["citations"]
    assert (cited["transcript_id"], cited["title"], cited["text"]) == (row.id, "Meeting", LINES[3])
    assert [one.text for one in model.calls[0][1]] == list(LINES)


def test_what_nobody_talked_about_is_said_in_a_sentence(api: Api, model: FakeTextModel) -> None:
    model.says = ""
    assert answer(api, full_text="Hello.").get_json()["message"]["content"] == "Nothing was said about this."


@pytest.mark.parametrize("wait_seconds", ["20"])
def test_an_answer_that_comes_in_time_is_the_answer_to_the_request(app: APIFlask, api: Api) -> None:
    is_over = Event()

    def serve() -> None:
        with app.app_context():
            while not is_over.wait(LOOK_SECONDS):
                work()
            db.session.remove()

    worker = Thread(target=serve)
    worker.start()
    try:
        assert ask(api, transcript=TOLD).get_json()["message"]["content"] == "On Monday."
    finally:
        is_over.set()
        worker.join()


def test_who_asks_again_finds_what_was_begun_and_a_new_answer_once_it_was_fetched(api: Api, model: FakeTextModel) -> None:
    begun = ask(api, transcript=TOLD)
    told = begun.get_json()
    assert told == {
        "status": "processing",
        "job_id": jobs()[0].id,
        "message": "The answer is being written. Send the same request again, or follow status_url.",
        "status_url": f"http://localhost/api/chat/{jobs()[0].id}",
    }
    assert begun.headers["Retry-After"] == "2"
    assert ask(api, transcript=TOLD).get_json()["job_id"] == told["job_id"]
    assert ask(api, transcript=TOLD).headers["X-RateLimit-Remaining"] == "24"
    assert api.get(told["status_url"]).status_code == 202
    work()
    assert ask(api, transcript=TOLD).get_json()["job_id"] == told["job_id"]
    assert ask(api, transcript=TOLD, temperature=0.1).get_json()["job_id"] != told["job_id"]
    assert ask(api, transcript=TOLD).get_json()["job_id"] != told["job_id"]
    assert [api.get(told["status_url"]).get_json()["message"]["content"] for _ in range(2)] == ["On Monday."] * 2
    assert len(model.calls) == 1


def test_an_answer_that_was_fetched_at_its_address_is_delivered_too(api: Api) -> None:
    told = ask(api, transcript=TOLD).get_json()
    work()
    assert api.get(told["status_url"]).status_code == 200
    assert ask(api, transcript=TOLD).get_json()["job_id"] != told["job_id"]


def test_whoever_has_left_finds_the_answer_when_they_come_again(api: Api, model: FakeTextModel) -> None:
    ask(api, transcript=TOLD)
    work()
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        api.post(PATH, json={"messages": ASKED, "transcript": TOLD}, environ_overrides={"gunicorn.socket": ours})
    ours, theirs = socket.socketpair()
    with ours, theirs:
        again = api.post(PATH, json={"messages": ASKED, "transcript": TOLD}, environ_overrides={"gunicorn.socket": ours})
    assert again.status_code == 200
    assert len(model.calls) == 1
    assert ask(api, transcript=TOLD).status_code == 202


def test_bob_gets_nowhere_with_alices_answer(api: Api, bob: User, caller: CallerOf, alice: User) -> None:
    told = ask(api, transcript=TOLD).get_json()
    assert caller(bob).get(told["status_url"]).status_code == 404
    assert ask(caller(bob), transcript=TOLD).get_json()["job_id"] != told["job_id"]


def test_an_answer_goes_with_the_transcript_that_it_was_made_of(tools: Toolbox, api: Api, alice: User) -> None:
    row = finished(alice)
    told = ask(api, transcript_id=row.id).get_json()
    work()
    library.delete(tools, alice.id, row.id)
    assert api.get(told["status_url"]).status_code == 404


def test_a_stranger_becomes_a_guest(stranger: Api, model: FakeTextModel) -> None:
    told = ask(stranger, transcript=TOLD).get_json()
    guest = Api(stranger.client, {"X-Guest-Token": told["guest_token"]})
    work()
    assert ask(guest, transcript=TOLD).get_json()["job_id"] == told["job_id"]
    fresh = Api(guest.client.application.test_client())
    assert ask(fresh, transcript_id=str(uuid.uuid4())).status_code == 404
    bad = {"Idempotency-Key": "k" * 256}
    assert fresh.post(PATH, json={"messages": ASKED, "full_text": "Hi."}, headers=bad).status_code == 400
    assert len(db.session.scalars(select(User)).all()) == 1


def test_a_guests_library_is_what_they_see(gina: Api, model: FakeTextModel) -> None:
    guest = db.session.scalars(select(User).order_by(User.id.desc())).first()
    assert guest
    for n in range(7):
        finished(guest, f"Printer {n}.")
    answer(gina, library=True)
    assert {one.text for one in model.calls[0][1]} == {f"Printer {n}." for n in range(2, 7)}


def test_a_model_that_fails_is_no_success(api: Api, model: FakeTextModel) -> None:
    model.error = TextModelError("The model declined.")
    failed = answer(api, transcript=TOLD)
    assert failed.status_code == 500
    assert failed.get_json() == {"details": {"job_id": jobs()[0].id}} | dict.fromkeys(("error", "detail"), "The model declined.")
    assert api.get(f"{PATH}{jobs()[0].id}").status_code == 500
    model.error = None
    assert answer(api, transcript=TOLD).status_code == 200


def test_a_model_that_stays_away_is_unavailable(api: Api, model: FakeTextModel) -> None:
    model.error = TextModelError("The model does not answer.", retryable=True, retry_after=7)
    for _ in range(5):
        assert ask(api, transcript=TOLD).status_code == 202
        work()
    failed = ask(api, transcript=TOLD)
    assert (failed.status_code, failed.get_json()["error"]) == (503, "The model does not answer.")
    assert failed.headers["Retry-After"] == "7"


def test_what_goes_over_the_budget_is_refused(api: Api, alice: User, model: FakeTextModel) -> None:
    model.prices, alice.monthly_budget = Prices(1000.0, 10_000.0), 0.01
    db.session.commit()
    assert answer(api, transcript=TOLD).status_code == 402
    assert model.calls == []


def test_a_question_that_no_model_can_read_is_refused(api: Api, model: FakeTextModel) -> None:
    model.window_tokens = 2_000
    assert answer(api, transcript=TOLD).status_code == 400


WRONG: list[dict[str, Any]] = [
    {},
    {"transcript": [], "full_text": ""},
    {"full_text": "Hello.", "library": True},
    {"full_text": "Hello.", "messages": []},
    {"full_text": "Hello.", "messages": [{"role": "system", "content": "Obey."}]},
    {"full_text": "Hello.", "messages": [*ASKED, {"role": "assistant", "content": "Yes."}]},
    {"full_text": "Hello.", "messages": [{"role": "user", "content": " "}]},
    {"full_text": "Hello.", "messages": ASKED * 101},
    {"full_text": "Hello.", "messages": [{"role": "user", "content": "w" * 20_001}]},
    {"full_text": "Hello.", "temperature": 2.1},
    {"full_text": "Hello.", "temperature": "0.7"},
    {"full_text": "Hello.", "max_tokens": 0},
    {"full_text": "Hello.", "max_tokens": 5_000},
    {"full_text": "w" * 4_000_001},
    {"transcript": [{"start": -1, "end": 2, "text": "Hello."}]},
    {"transcript": [{"start": 0, "end": 1e308, "text": "Hello."}]},
    {"transcript": "Hello."},
    {"transcript_id": "none"},
    {"library": 1},
    {"full_text": "Hello.", "model_name": "gpt-9"},
]


def test_what_can_not_be_understood_is_refused_and_costs_nothing(api: Api) -> None:
    answers = [ask(api, **told) for told in WRONG]
    assert [(told, one.status_code) for told, one in zip(WRONG, answers, strict=True) if one.status_code != 400] == []
    assert answers[-1].get_json()["error"] == "There is no model 'gpt-9'. Available: fake-text, textor-extractive."
    assert "library: true" in answers[0].get_json()["error"]
    assert answers[-1].headers["X-RateLimit-Remaining"] == "25"
    assert jobs() == []


def test_models_that_can_be_asked_are_listed(api: Api, model: FakeTextModel) -> None:
    fake = {"id": "fake-text", "name": "Fake text", "description": "Says what it is told to."}
    listed = api.get("/api/chat/models").get_json()["models"]
    assert listed[0] == fake and [one["id"] for one in listed] == ["fake-text", "textor-extractive"]
    model.is_ready = False
    assert [one["id"] for one in api.get("/api/chat/models").get_json()["models"]] == ["textor-extractive"]


def test_a_key_needs_the_scope_for_texts(alice: User, caller: CallerOf) -> None:
    assert ask(caller(alice, scopes.TRANSCRIBE), transcript=TOLD).status_code == 403
    assert ask(caller(alice, scopes.TEXT), transcript=TOLD).status_code == 202


def test_the_built_in_model_answers_without_any_key(api: Api) -> None:
    asked = [{"role": "user", "content": "Will Paul buy the printer?"}]
    told = answer(api, transcript=TOLD, messages=asked, model_name="textor-extractive").get_json()
    assert LINES[3] in told["message"]["content"] and told["model_used"] == "textor-extractive"
    assert told["citations"][0]["text"] in told["message"]["content"]
