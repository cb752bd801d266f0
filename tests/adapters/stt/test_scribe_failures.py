"""Everything that goes wrong at MetisAI, as Textor tells it."""

import json
import math
from typing import Any

import pytest

from tests.adapters.stt.test_scribe import KEY, NO_OPTIONS, SHA256, at, engine, provider, started
from tests.emulators.scribe import Scribe
from textor.adapters.stt.port import RemoteJob
from textor.adapters.stt.scribe import ScribeEngine
from textor.domain.transcript import Transcript
from textor.errors import EngineError, JobLost, TooLong

__all__ = ["engine", "provider"]

JOB = RemoteJob("11111111-2222-3333-4444-555555555555")
MISUNDERSTOOD = "MetisAI gave an answer that Textor does not understand."


def failure_of_start(engine: ScribeEngine) -> EngineError:
    with pytest.raises(EngineError) as failed:
        started(engine)
    return failed.value


def failure_of_check(engine: ScribeEngine, job: RemoteJob = JOB) -> EngineError:
    with pytest.raises(EngineError) as failed:
        engine.check(job, NO_OPTIONS)
    return failed.value


@pytest.mark.parametrize(
    ("fault", "advice", "said"),
    [
        (
            {"status": 400, "error": "The format is not\n supported. See https://a.example/b."},
            (False, None),
            "not supported. See.",
        ),
        ({"status": 400, "body": '{"message": null}'}, (False, None), "its answer was 400"),
        ({"status": 400, "body": '{"message": "x", "errorCode": "INSUFFICIENT_CREDITS"}'}, (False, None), "no credit left"),
        ({"status": 401, "error": "Unauthorized"}, (False, None), "check SCRIBE_TOKEN"),
        ({"status": 403, "body": "<html>"}, (False, None), "check SCRIBE_TOKEN"),
        ({"status": 402, "error": "Insufficient credits"}, (False, None), "no credit left"),
        ({"status": 302}, (False, None), "Something went wrong"),
        ({"status": 404, "error": "No such model"}, (False, None), "refused this recording: No such model"),
        ({"status": 408}, (True, None), "its answer was 408"),
        ({"status": 429, "retry_after": 7}, (True, 7.0), "no more requests"),
        ({"status": 429}, (True, 15.0), "no more requests"),
        ({"status": 429, "retry_after": "soon"}, (True, 15.0), "no more requests"),
        ({"status": 500}, (True, None), "its answer was 500"),
        ({"status": 503, "retry_after": 30}, (True, 30.0), "its answer was 503"),
        ({"status": 502, "body": "<html>Bad gateway</html>"}, (True, None), "its answer was 502"),
        ({"status": 418, "body": "<html>No</html>"}, (False, None), "its answer was 418"),
        ({"status": 418, "body": "[1]"}, (False, None), "its answer was 418"),
        ({"reset": True}, (True, None), "could not be reached"),
    ],
)
@pytest.mark.parametrize("call", ["upload", "submit"])
def test_a_failed_start_says_why_and_whether_to_try_again(
    provider: Scribe, engine: ScribeEngine, call: str, fault: dict[str, Any], advice: tuple[bool, float | None], said: str
) -> None:
    provider.fail(on=call, **fault)
    error = failure_of_start(engine)
    assert type(error) is EngineError
    assert (error.retryable, error.retry_after) == advice
    assert said in error.message
    assert provider.url not in error.message
    assert KEY not in error.message
    assert provider.count(call) <= 1  # nothing is tried twice in here


def test_too_large_for_the_store_is_too_long_for_a_slice(provider: Scribe, engine: ScribeEngine) -> None:
    provider.fail(on="upload", status=413, body="<html>")
    error = failure_of_start(engine)
    assert isinstance(error, TooLong)
    assert error.seconds == math.inf


@pytest.mark.parametrize("call", ["upload", "submit", "check", "result"])
def test_a_provider_that_keeps_silent_is_given_up(provider: Scribe, engine: ScribeEngine, call: str) -> None:
    provider.delivers = "plain"
    job = started(engine)
    provider.fail(on=call, delay=3)
    impatient = at(provider.url, seconds=0.3)
    error = failure_of_check(impatient, job) if call in {"check", "result"} else failure_of_start(impatient)
    assert (error.retryable, error.message) == (True, "MetisAI did not answer in time.")


def test_a_wrong_key_is_refused(provider: Scribe) -> None:
    error = failure_of_start(at(provider.url, key="another-key"))
    assert (error.retryable, error.message) == (
        False,
        "The key for MetisAI was refused. Ask the operator to check SCRIBE_TOKEN.",
    )


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "null",
        "{}",
        '{"files": null}',
        '{"files": []}',
        '{"files": ["a"]}',
        '{"files": {"url": "https://a.example"}}',
        '{"files": [{"objectName": "a"}]}',
        '{"files": [{"url": 5}]}',
        '{"files": [{"url": "/etc/passwd"}]}',
    ],
)
def test_an_upload_without_an_address_is_no_upload(provider: Scribe, engine: ScribeEngine, body: str) -> None:
    provider.fail(on="upload", body=body)
    error = failure_of_start(engine)
    assert (error.retryable, error.message) == (True, MISUNDERSTOOD)
    assert provider.count("submit") == 0


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", "{}", '{"id": null}', '{"id": ""}', '{"id": "../x"}', '{"id": 5}'])
def test_an_order_without_a_number_is_not_repeated(provider: Scribe, engine: ScribeEngine, body: str) -> None:
    provider.fail(on="submit", body=body, is_done_first=True)
    error = failure_of_start(engine)
    assert (error.retryable, "did not say under which number" in error.message) == (False, True)
    assert provider.submits() == {SHA256: 1}


@pytest.mark.parametrize(
    ("text", "kind", "retryable", "said"),
    [
        ("Internal server error", JobLost, True, "gave this job up: Internal server error."),
        ("The upstream timed out", JobLost, True, "gave this job up"),
        ("Provider returned 503", JobLost, True, "gave this job up"),
        ("Insufficient credits", EngineError, False, "no credit left"),
        (
            "The file is\nno audio. See https://a.example/b.",
            EngineError,
            False,
            "could not transcribe this recording: The file is no audio. See.",
        ),
        ("", EngineError, False, "it gives no reason"),
    ],
)
def test_a_job_that_fails_there_says_why_and_whether_a_new_one_helps(
    provider: Scribe, engine: ScribeEngine, text: str, kind: type[EngineError], retryable: bool, said: str
) -> None:
    provider.fail(on="job", error=text)
    error = failure_of_check(engine, started(engine))
    assert (type(error), error.retryable) == (kind, retryable)
    assert said in error.message


@pytest.mark.parametrize("error", ["The file is no audio", {"code": "The file is no audio"}, {"error": "The file is no audio"}])
def test_a_reason_is_found_in_any_shape(provider: Scribe, engine: ScribeEngine, error: object) -> None:
    job = started(engine)
    provider.fail(on="check", body=json.dumps({"status": "ERROR", "error": error}))
    assert "recording: The file is no audio." in failure_of_check(engine, job).message


@pytest.mark.parametrize("error", [None, 5, ["a"], {"message": {"a": 1}}])
def test_a_reason_that_is_none_is_not_shown(provider: Scribe, engine: ScribeEngine, error: object) -> None:
    job = started(engine)
    provider.fail(on="check", body=json.dumps({"status": "ERROR", "error": error}))
    assert failure_of_check(engine, job).message.endswith("it gives no reason.")


def test_a_job_that_was_cancelled_there_is_over(provider: Scribe, engine: ScribeEngine) -> None:
    job = started(engine)
    provider.jobs[job.id].is_cancelled = True
    error = failure_of_check(engine, job)
    assert (type(error), error.retryable, error.message) == (EngineError, False, "The job was cancelled at MetisAI.")


def test_a_job_that_is_unknown_there_is_lost(provider: Scribe, engine: ScribeEngine) -> None:
    assert isinstance(failure_of_check(engine), JobLost)
    assert provider.count("check") == 1


@pytest.mark.parametrize("id_", ["../../v1/credit/statement", "a b", "a?b", ""])
def test_what_is_no_number_of_a_job_is_not_asked_for(provider: Scribe, engine: ScribeEngine, id_: str) -> None:
    assert isinstance(failure_of_check(engine, RemoteJob(id_)), JobLost)
    assert provider.calls == []


def test_a_job_that_was_forgotten_is_lost(provider: Scribe, engine: ScribeEngine) -> None:
    job = started(engine)
    provider.lose(job.id)
    assert isinstance(failure_of_check(engine, job), JobLost)


@pytest.mark.parametrize("fault", [{"status": 503, "retry_after": 9}, {"status": 429, "retry_after": 9}])
def test_a_failed_check_asks_once_and_leaves_the_job_where_it_is(
    provider: Scribe, engine: ScribeEngine, fault: dict[str, Any]
) -> None:
    job = started(engine)
    provider.fail(on="check", calls=1, **fault)
    error = failure_of_check(engine, job)
    assert (type(error), error.retryable, error.retry_after, provider.count("check")) == (EngineError, True, 9.0, 1)
    assert isinstance(engine.check(job, NO_OPTIONS), Transcript)
