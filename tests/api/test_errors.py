"""Errors of the API door: JSON always, our own sentences only."""

import logging

import pytest
from apiflask import APIFlask
from flask import abort
from flask.testing import FlaskClient
from redis.exceptions import ConnectionError as RedisConnectionError
from werkzeug.exceptions import ServiceUnavailable

from tests.api.conftest import CallerOf
from textor.errors import InvalidInput, NotFound, TextorError, TooManyRequests, Unavailable, WrongState
from textor.extensions import limiter
from textor.models import User

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def failing(app: APIFlask, error: Exception) -> FlaskClient:
    """Textor with a call at /api/broken that raises this."""

    def broken() -> str:
        raise error

    app.add_url_rule("/api/broken", "broken", broken)
    return app.test_client()


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/health/moon", "/api/transcribe/x/y/z"])
def test_an_unknown_address_answers_in_json(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.json == {"error": "There is nothing at this address.", "details": None}


def test_other_addresses_answer_with_a_page(client: FlaskClient) -> None:
    answer = client.get("/apiary", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.post("/health")
    assert answer.status_code == 405
    assert answer.json == {"error": "This address does not take that method.", "details": None}
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput("Name a file.", details="file"), 400),
        (NotFound("There is no such transcript."), 404),
        (WrongState("It is over."), 409),
    ],
)
def test_our_own_errors_keep_their_sentence(app: APIFlask, error: TextorError, status: int) -> None:
    answer = failing(app, error).get("/api/broken")
    assert answer.status_code == status
    assert answer.json == {"error": error.message, "details": error.details}


def test_something_away_says_when_to_come_back(app: APIFlask) -> None:
    answer = failing(app, Unavailable("Redis is away.", retry_after=7)).get("/api/broken")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")


def test_without_redis_it_is_no_fault_of_ours(app: APIFlask) -> None:
    answer = failing(app, RedisConnectionError("Error 111 connecting to 10.0.0.7:6379")).get("/api/broken")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "10.0.0.7" not in answer.text


def test_too_many_requests_carry_both_words(app: APIFlask) -> None:
    answer = failing(app, TooManyRequests("Slow down.", retry_after=9)).get("/api/broken")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "9")
    assert answer.json == {"error": "Slow down.", "detail": "Slow down.", "details": None}


def test_a_limit_on_a_call_says_when_to_come_back(app: APIFlask) -> None:
    app.add_url_rule("/api/once", "once", limiter.limit("1/hour")(lambda: "fine"))
    client = app.test_client()
    assert client.get("/api/once").status_code == 200
    answer = client.get("/api/once")
    assert answer.status_code == 429
    assert answer.json is not None
    assert answer.json["error"] == answer.json["detail"]
    assert 3500 < int(answer.headers["Retry-After"]) <= 3601


@pytest.mark.parametrize("error", [RuntimeError("SELECT secret FROM users"), TextorError("internal")])
def test_a_surprise_tells_nothing_and_is_logged(app: APIFlask, error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = failing(app, error).get("/api/broken")
    assert answer.status_code == 500
    assert answer.json is not None
    assert answer.json["error"] == answer.json["detail"]
    assert "secret" not in answer.text
    assert [record.exc_info[1] for record in caplog.records if record.exc_info] == [error]


@pytest.mark.parametrize(("code", "sentence"), [(401, "Credentials are missing"), (418, "could not be understood")])
def test_werkzeugs_own_words_are_not_passed_on(app: APIFlask, code: int, sentence: str) -> None:
    app.add_url_rule("/api/aborted", "aborted", lambda: abort(code, description="library text"))
    answer = app.test_client().get("/api/aborted")
    assert answer.status_code == code
    assert sentence in answer.text
    assert "library text" not in answer.text


def test_a_retry_hint_is_kept(app: APIFlask) -> None:
    answer = failing(app, ServiceUnavailable(retry_after=3)).get("/api/broken")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("speakers", [], "The body: Input should be an object."),
        ("speakers", {"version": 1, "speakers": []}, "speakers: Input should be a valid dictionary."),
    ],
)
def test_what_a_schema_finds_is_told_without_the_names_of_our_classes(
    caller: CallerOf, alice: User, path: str, body: object, said: str
) -> None:
    answer = caller(alice).patch(f"/api/transcribe/{UNKNOWN_ID}/{path}", json=body)
    assert (answer.status_code, answer.get_json()["error"]) == (400, said)


def test_what_our_own_checks_find_is_told_in_their_words(client: FlaskClient) -> None:
    answer = client.get(f"/api/transcribe/{UNKNOWN_ID}/export/txt?speakers=perhaps")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "speakers: must be true or false.")
