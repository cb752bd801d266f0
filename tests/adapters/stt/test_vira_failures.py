"""Everything that goes wrong at Vira, as Textor tells it."""

import json
import socket
from typing import Any

import pytest

from tests.adapters.stt.test_vira import NO_OPTIONS, TOKEN, at, engine, provider, recording
from tests.emulators.vira import NO_CREDIT, Vira
from textor.adapters.stt.port import RemoteJob
from textor.adapters.stt.vira import ViraEngine
from textor.errors import EngineError, JobLost, TooLong

__all__ = ["engine", "provider"]

JOB = RemoteJob("11111111-2222-3333-4444-555555555555")
MISUNDERSTOOD = "Vira gave an answer that Textor does not understand."
CREDIT = "The Vira account has no credit left. Ask the operator to top it up."


def failure_of_start(engine: ViraEngine) -> EngineError:
    with pytest.raises(EngineError) as failed:
        engine.start(recording(), NO_OPTIONS)
    return failed.value


def failure_of_check(engine: ViraEngine, job: RemoteJob = JOB) -> EngineError:
    with pytest.raises(EngineError) as failed:
        engine.check(job, NO_OPTIONS)
    return failed.value


REFUSALS: list[tuple[dict[str, Any], tuple[bool, float | None], str]] = [
    ({"status": 400, "error": "Empty Audio file"}, (False, None), "Vira found no audio in this recording."),
    ({"status": 400, "error": "Input file content is unexpected"}, (False, None), "Vira can't read this recording."),
    (
        {"status": 400, "error": "The field\nmodel is wrong. See https://a.example/b."},
        (False, None),
        "The field model is wrong. See.",
    ),
    ({"status": 400, "body": '{"data": {"message": "A wrong field"}}'}, (False, None), "this recording: A wrong field."),
    ({"status": 400, "body": '{"data": {"data": {"aiResponse": {"message": "No model"}}}}'}, (False, None), "No model."),
    ({"status": 400, "body": "<html>No</html>"}, (False, None), "its answer was 400"),
    ({"status": 401, "error": "Unauthorized"}, (False, None), "check VIRA_TOKEN"),
    ({"status": 402}, (False, None), CREDIT),
    ({"status": 403, "error": NO_CREDIT}, (False, None), CREDIT),
    ({"status": 400, "error": NO_CREDIT}, (False, None), CREDIT),
    ({"status": 302, "body": "<html>Elsewhere</html>"}, (False, None), "its answer was 302"),
    ({"status": 408}, (True, None), "its answer was 408"),
    ({"status": 429, "retry_after": 7}, (True, 7.0), "no more requests"),
    ({"status": 429}, (True, 15.0), "no more requests"),
    ({"status": 500}, (True, None), "its answer was 500"),
    ({"status": 502, "body": "<html>Bad gateway</html>"}, (True, None), "its answer was 502"),
    ({"status": 503, "retry_after": 30}, (True, 30.0), "its answer was 503"),
    ({"reset": True}, (True, None), "could not be reached"),
]


@pytest.mark.parametrize(("fault", "advice", "said"), REFUSALS)
@pytest.mark.parametrize("call", ["request", "result"])
def test_a_refusal_says_why_and_whether_to_try_again(
    provider: Vira,
    engine: ViraEngine,
    call: str,
    fault: dict[str, Any],
    advice: tuple[bool, float | None],
    said: str,
) -> None:
    provider.fail(on=call, **fault)
    error = failure_of_start(engine) if call == "request" else failure_of_check(engine)
    assert type(error) is EngineError
    assert (error.retryable, error.retry_after) == advice
    assert said in error.message
    assert provider.url not in error.message
    assert TOKEN not in str(error) + repr(error) + repr(error.__cause__)
    assert provider.count(call) <= 1  # nothing is tried twice in here


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Empty Audio file", "Vira found no audio in this recording."),
        ("balanceError", CREDIT),
        ("", "Vira could not transcribe this recording: it gives no reason."),
    ],
)
@pytest.mark.parametrize("place", ["status", "message alone"])
def test_an_error_inside_of_a_good_answer_is_an_error(
    provider: Vira, engine: ViraEngine, place: str, message: str, said: str
) -> None:
    response = {"status": "failed" if place == "status" or not message else "", "message": message, "result": {"text": ""}}
    provider.fail(on="request", body=json.dumps({"data": {"status": "success", "data": {"aiResponse": response}}}))
    error = failure_of_start(engine)
    assert (error.retryable, error.message) == (False, said)


def test_a_recording_that_is_too_long_is_wanted_in_shorter_pieces(provider: Vira, engine: ViraEngine) -> None:
    provider.longest_seconds = 1
    error = failure_of_start(engine)
    assert isinstance(error, TooLong)
    assert (error.seconds, error.retryable, provider.jobs) == (50, False, {})


def test_a_file_that_is_too_large_is_wanted_in_shorter_pieces(provider: Vira, engine: ViraEngine) -> None:
    provider.fail(on="request", status=413, body="<html>Request entity too large</html>")
    assert isinstance(failure_of_start(engine), TooLong)


@pytest.mark.parametrize(
    "checked",
    [
        [{"field": "format", "passed": False}],
        [{"field": "duration", "passed": True}],
        [{"field": "duration", "passed": None}],
        ["duration"],
        {"field": "duration", "passed": False},
        None,
    ],
)
def test_another_check_that_failed_is_no_matter_of_length(provider: Vira, engine: ViraEngine, checked: object) -> None:
    data = {"message": "Checked", "additionalInfo": {"additionalInfo": {"validationResults": checked}}}
    provider.fail(on="request", status=400, body=json.dumps({"data": data}))
    error = failure_of_start(engine)
    assert (type(error), error.message) == (EngineError, "Vira could not transcribe this recording: Checked.")


def test_an_address_without_vira_is_said(provider: Vira, engine: ViraEngine) -> None:
    provider.fail(on="request", status=404)
    error = failure_of_start(engine)
    assert (error.retryable, "check VIRA_BASE_URL" in error.message) == (False, True)


def test_a_wrong_token_and_an_empty_account_are_told_by_the_provider_itself(provider: Vira, engine: ViraEngine) -> None:
    assert "check VIRA_TOKEN" in failure_of_start(at(provider.url, token="another")).message
    provider.credit_seconds = 0
    assert failure_of_start(engine).message == CREDIT


def test_no_token_asks_nobody(provider: Vira) -> None:
    without = at(provider.url, token="")
    for failure in (failure_of_start(without), failure_of_check(without)):
        assert failure.message == "Set VIRA_TOKEN to use Vira."
    assert without.health().reason == "Set VIRA_TOKEN to use Vira."
    assert provider.calls == []


def test_a_job_that_is_unknown_there_is_lost(provider: Vira, engine: ViraEngine) -> None:
    provider.seconds = 3600
    job = engine.start(recording(), NO_OPTIONS)
    assert isinstance(job, RemoteJob)
    provider.lose(job.id)
    error = failure_of_check(engine, job)
    assert (type(error), error.retryable) == (JobLost, True)


@pytest.mark.parametrize(
    "body",
    [
        '{"data": {"status": "pending"}}',
        '{"data": {"status": "pending", "id": null}}',
        '{"data": {"status": "pending", "id": ""}}',
        '{"data": {"status": "pending", "id": "two words"}}',
        '{"data": {"status": "pending", "id": {"a": 1}}}',
        json.dumps({"data": {"status": "pending", "id": "7" * 256}}),
    ],
)
def test_a_job_without_a_number_is_not_sent_again(provider: Vira, engine: ViraEngine, body: str) -> None:
    provider.fail(on="request", body=body)
    error = failure_of_start(engine)
    assert (error.retryable, "did not say under which number" in error.message) == (False, True)


def response(**said: Any) -> str:
    return json.dumps({"data": {"status": "success", "data": {"aiResponse": said}}})


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "null",
        "[]",
        '"text"',
        "{}",
        '{"data": null}',
        '{"data": []}',
        '{"data": "text"}',
        '{"data": {"status": "resting"}}',
        '{"data": {"status": ["pending"]}}',
        '{"data": {"status": "success"}}',
        '{"data": {"status": "success", "data": []}}',
        '{"data": {"text": 5}}',
        '{"data": {"text": ["text"]}}',
        response(),
        response(result=None),
        response(result="text"),
        response(result={}),
        response(result={"text": None}),
        response(result={"text": 5}),
        response(result={"text": {"a": 1}}),
        response(segments=[]),
        response(segments=["text"]),
        response(segments=[{"text": "a"}, {"text": 5}]),
        response(segments=[{"text": "a"}, {}]),
        response(segments="text"),
    ],
)
@pytest.mark.parametrize("call", ["request", "result"])
def test_an_answer_of_the_wrong_shape_is_an_error_and_no_empty_transcript(
    provider: Vira, engine: ViraEngine, call: str, body: str
) -> None:
    provider.fail(on=call, body=body)
    error = failure_of_start(engine) if call == "request" else failure_of_check(engine)
    assert (type(error), error.retryable, error.message) == (EngineError, True, MISUNDERSTOOD)


@pytest.mark.parametrize("units", ["many", None, float("inf"), [1]])
def test_what_is_said_beyond_the_text_may_have_any_shape(provider: Vira, engine: ViraEngine, units: object) -> None:
    provider.extra = {"meta": {"units": units}}
    answer = engine.start(recording(), NO_OPTIONS)
    assert not isinstance(answer, RemoteJob)
    assert answer.details == {}


def test_a_provider_that_keeps_silent_is_given_up(provider: Vira) -> None:
    provider.fail(on="request", delay=3)
    assert failure_of_start(at(provider.url, seconds=0.3)).retryable


def test_patience_is_for_the_answer_alone(provider: Vira) -> None:
    """Connecting and sending may not take minutes, hearing may."""
    provider.fail(on="request", delay=1)
    patient = ViraEngine(TOKEN, provider.url, request_seconds=0.5, thinking_seconds=10)
    assert not isinstance(patient.start(recording(), NO_OPTIONS), RemoteJob)


def test_nobody_at_the_address_is_retryable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        error = failure_of_check(at(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert (error.retryable, error.message) == (True, "Vira could not be reached.")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 401}, "The token for Vira was refused. Ask the operator to check VIRA_TOKEN."),
        ({"status": 403}, CREDIT),
        ({"status": 503}, "Vira is out of order for the moment (its answer was 503)."),
        ({"reset": True}, "Vira could not be reached."),
    ],
)
def test_health_says_what_is_wrong(provider: Vira, engine: ViraEngine, fault: dict[str, Any], reason: str) -> None:
    provider.fail(on="result", **fault)
    state = engine.health()
    assert (state.reachable, state.reason) == (False, reason)


@pytest.mark.parametrize("status", [200, 400, 404])
def test_whatever_else_it_says_of_nobodys_job_it_is_there(provider: Vira, engine: ViraEngine, status: int) -> None:
    provider.fail(on="result", status=status, body="{}")
    assert engine.health().reachable


def test_a_key_that_is_repeated_in_a_refusal_is_told_to_nobody(provider: Vira, engine: ViraEngine) -> None:
    provider.fail(status=400, error=f"Not with {TOKEN} here")
    assert failure_of_start(engine).message == "Vira could not transcribe this recording: Not with here."
