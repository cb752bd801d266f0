"""What takes longer than a request may wait: 202 and the same request again, or a sign of life until there is a text."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest
from apiflask import APIFlask
from werkzeug.test import TestResponse

from tests.api.conftest import CallerOf
from tests.api.openai_compatible.conftest import Program, events, working
from tests.fakes import FakeClock, FakeEngine
from textor import bootstrap
from textor.api import openai_streaming as streaming
from textor.api.openai_asking import SEGMENTS, Wish
from textor.api.openai_endings import Work
from textor.errors import EngineError
from textor.extensions import db
from textor.features.recordings import library
from textor.features.recordings.intake import Choice
from textor.features.transcription import control, waiting
from textor.models import Transcription, User
from textor.settings import Settings
from textor.toolbox import Toolbox

OFFICIAL = {"X-Stainless-Lang": "python"}
RAW = OFFICIAL | {"X-Stainless-Raw-Response": "true"}
PLAIN = Wish(Choice(engine="fake"), "json", SEGMENTS, is_streamed=True, is_held=False)
ASYNC = OFFICIAL | {"Prefer": "respond-async"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, sync_wait_seconds=0)


@pytest.fixture
def engine(tools: Toolbox) -> FakeEngine:
    found = tools.engines["fake"]
    assert isinstance(found, FakeEngine)
    return found


@pytest.fixture(autouse=True)
def _today(clock: FakeClock) -> None:
    clock.time = datetime.now(UTC)  # Redis forgets quotas by its own clock


def rows() -> list[Transcription]:
    db.session.rollback()
    return db.session.query(Transcription).all()


def ask_again(app: APIFlask, program: Program, **fields: Any) -> TestResponse:
    """The same request once a worker was there."""
    with working(app):
        waiting.until(lambda: all(row.finished_at for row in rows()), 20)
    return program.ask(**fields)


def test_the_same_request_again_returns_the_finished_result_and_costs_nothing(app: APIFlask, program: Program) -> None:
    first = program.ask()

    told = first.get_json()
    assert first.status_code == 202
    assert (told["status"], told["job_id"]) == ("processing", rows()[0].id)
    assert program.api.get(told["status_url"]).get_json()["status"] == "processing"
    assert first.headers["Retry-After"]
    assert program.ask(response_format="srt").status_code == 202
    again = ask_again(app, program)
    assert (again.status_code, again.get_json()["text"]) == (200, "hello there general")
    assert len(rows()) == 1
    assert again.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"] == "24"


def test_other_wishes_other_sounds_and_other_people_get_their_own(program: Program, bob: User, caller: CallerOf) -> None:
    program.ask()
    program.ask(language="en")
    program.ask(response_format="diarized_json")
    program.ask(model="fake_remote")
    Program(caller(bob)).ask()

    assert len(rows()) == 5


def test_after_a_day_the_same_request_is_a_new_one(program: Program, clock: FakeClock) -> None:
    program.ask()
    clock.advance(24 * 3600 + 1)
    program.ask()

    assert len(rows()) == 2


def test_a_deleted_one_is_not_returned(app: APIFlask, program: Program, tools: Toolbox, alice: User) -> None:
    program.ask()
    library.delete(tools, alice.id, rows()[0].id)

    assert program.ask().status_code == 202
    assert len(rows()) == 2


def test_a_failure_is_told_once_and_whoever_asks_again_tries_again(app: APIFlask, program: Program, engine: FakeEngine) -> None:
    engine.error = EngineError("The engine has a cold.")
    program.ask()
    told = ask_again(app, program)

    assert (told.status_code, told.headers["x-should-retry"]) == (500, "false")
    assert told.get_json()["error"] == {
        "message": "The engine has a cold.",
        "type": "server_error",
        "param": None,
        "code": "transcription_failed",
    }
    assert program.ask().status_code == 202
    assert len(rows()) == 2


def test_a_cancelled_one_is_told_as_such(app: APIFlask, program: Program, tools: Toolbox, alice: User) -> None:
    program.ask()
    control.cancel(tools, alice.id, rows()[0].id)

    told = program.ask()

    assert (told.status_code, told.headers["x-should-retry"]) == (409, "false")
    assert told.get_json()["error"]["message"] == "Cancelled by user"


def test_what_was_begun_counts_once_however_it_ends(program: Program, tools: Toolbox, alice: User) -> None:
    for left in ("24", "23"):
        assert program.ask().headers["X-RateLimit-Remaining"] == left
        control.cancel(tools, alice.id, rows()[-1].id)
        told = program.ask()
        assert (told.status_code, told.headers["X-RateLimit-Remaining"]) == (409, left)


def test_what_fails_while_it_is_waited_for_counts(app: APIFlask, program: Program, engine: FakeEngine, tools: Toolbox) -> None:
    engine.error = EngineError("The engine has a cold.")
    app.extensions[bootstrap.EXTENSION] = replace(tools, settings=replace(tools.settings, sync_wait_seconds=20))
    with working(app):
        told = program.ask()

    assert (told.status_code, told.headers["X-RateLimit-Remaining"]) == (500, "24")


def test_official_clients_are_kept_until_there_is_a_text(app: APIFlask, program: Program) -> None:
    answer = program.ask(headers=OFFICIAL)
    with working(app):
        told = answer.text

    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert told.startswith("\n")
    assert json.loads(told)["text"] == "hello there general"


def test_subtitles_survive_the_signs_of_life(app: APIFlask, program: Program) -> None:
    told = {}
    for form, language in {"vtt": "en", "srt": "de", "text": "fr"}.items():  # each has to be heard
        answer = program.ask(response_format=form, language=language, headers=OFFICIAL)
        with working(app):
            told[form] = answer.text

    assert told["vtt"].startswith("WEBVTT\n\n")
    assert told["vtt"].count("WEBVTT") == 1
    assert told["srt"].strip().startswith("1\n00:00:00,000 --> ")
    assert told["text"].strip() == "hello there general"


@pytest.mark.parametrize("headers", [RAW, ASYNC, {}])
def test_whoever_can_see_a_status_is_told_it(program: Program, headers: dict[str, str]) -> None:
    assert program.ask(headers=headers).status_code == 202


def test_a_connection_on_which_no_text_can_come_breaks_off_and_the_next_request_says_why(
    app: APIFlask, program: Program, engine: FakeEngine
) -> None:
    engine.error = EngineError("The engine has a cold.")
    answer = program.ask(headers=OFFICIAL)
    with working(app), pytest.raises(ConnectionResetError):
        assert answer.text

    assert program.ask(headers=OFFICIAL).get_json()["error"]["message"] == "The engine has a cold."


def test_a_stream_has_comments_while_it_waits_and_each_piece_as_it_is_heard(
    app: APIFlask, program: Program, engine: FakeEngine, clock: FakeClock
) -> None:
    may_go_on = Event()

    def wait(n: int) -> None:
        clock.advance(1)
        assert n == 0 or may_go_on.wait(20)

    engine.before_each = wait
    program.ask()
    with app.test_request_context():
        blocks = streaming.events(Work(rows()[0].user_id, rows()[0].id), PLAIN, beat_seconds=0.05).iter_encoded()
        assert next(blocks) == b": waiting\n\n"
        assert next(blocks) == b": waiting\n\n"
        with working(app):
            first = next(block for block in blocks if block.startswith(b"data: "))
            assert b"hello there" in first
            may_go_on.set()
            rest = b"".join(blocks)
    assert b" general" in rest
    assert b"transcript.text.done" in rest


def test_a_stream_that_comes_to_nothing_says_why(app: APIFlask, program: Program, engine: FakeEngine) -> None:
    engine.error = EngineError("The engine has a cold.")
    answer = program.ask(stream="true")
    with working(app):
        told = events(answer)

    assert told == [{"error": {"message": "The engine has a cold.", "type": "server_error", "code": "transcription_failed"}}]
    assert program.ask(stream="true").status_code == 200
    assert len(rows()) == 2


@pytest.fixture
def full() -> Iterator[None]:
    """Nobody else may wait."""
    with ExitStack() as seats:
        assert all(seats.enter_context(waiting.seat(f"caller {n}")).is_taken for n in range(waiting.MOST_AT_ONCE))
        yield


def test_where_too_many_wait_whoever_can_come_again_is_told_at_once_and_the_others_are_sent_away_with_nothing_begun(
    program: Program, full: None
) -> None:
    for refused in (program.ask(stream="true"), program.ask(headers=OFFICIAL)):
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert refused.headers["X-RateLimit-Remaining"] == "25"
    assert rows() == []
    assert program.ask().status_code == 202


def test_nobody_takes_every_seat(program: Program, alice: User, bob: User, caller: CallerOf) -> None:
    with ExitStack() as seats:
        for _ in range(waiting.MOST_EACH):
            seats.enter_context(waiting.seat(f"user:{alice.id}"))
        assert program.ask(stream="true").status_code == 503
        others = Program(caller(bob))
        assert others.ask(stream="true").status_code == 200
        others.answers[-1].close()
    assert program.ask(stream="true").status_code == 200


def test_every_seat_is_free_again_after_answers_of_all_kinds(app: APIFlask, program: Program) -> None:
    refused = program.ask(response_format="xml")
    left = program.ask(stream="true")
    left.close()
    held = program.ask(headers=OFFICIAL)
    held.close()
    answers = [refused, program.ask()]
    with working(app):
        answers.append(program.ask(stream="true"))
        assert answers[-1].text
    for answer in answers:
        answer.close()

    assert [answer.status_code for answer in answers] == [400, 202, 200]
    with ExitStack() as seats:
        assert all(seats.enter_context(waiting.seat(f"caller {n}")).is_taken for n in range(waiting.MOST_AT_ONCE))


def test_a_client_that_goes_away_loses_nothing(app: APIFlask, program: Program) -> None:
    answer = program.ask(stream="true")
    next(answer.iter_encoded())
    answer.close()

    assert ask_again(app, program).get_json()["text"] == "hello there general"


def test_the_same_idempotency_key_waits_on_too(app: APIFlask, program: Program) -> None:
    key = {"Idempotency-Key": "one"}
    assert program.ask(headers=key).status_code == 202

    again = ask_again(app, program, headers=key)

    assert (again.status_code, again.get_json()["text"]) == (200, "hello there general")
