"""Everything that goes wrong at EBOO, as Textor tells it."""

import json
import math
from typing import Any

import pytest

from tests.adapters.stt.test_eboo import NO_OPTIONS, SHA256, TOKEN, at, engine, provider, segments, started
from tests.emulators.eboo import Eboo, status
from textor.adapters.stt.eboo import EbooEngine
from textor.adapters.stt.eboo_answers import ERRORS
from textor.adapters.stt.port import RemoteJob
from textor.errors import EngineError, JobLost, TooLong

__all__ = ["engine", "provider"]

JOB = RemoteJob("00112233445566778899aabbccddeeff")
MISUNDERSTOOD = "EBOO gave an answer that Textor does not understand."
Known = tuple[str | int, type[EngineError], bool, str]
WORDS: list[Known] = [
    ("FileCorrupted", EngineError, False, "takes it for damaged"),
    ("NoEnoughCredit", EngineError, False, "no credit left"),
    ("UploadFailed", EngineError, True, "did not get the recording whole"),
    ("UnkwonURL", EngineError, False, "Tell the operator"),
    ("UnknowMethod", EngineError, False, "Tell the operator"),
    ("TokenNotFound", EngineError, False, "check EBOO_TOKEN"),
    ("MethodNotAllowed", EngineError, False, "not allowed to transcribe speech"),
    ("IPError", EngineError, False, "this server's address"),
    ("FileDeletedFromServer", JobLost, True, "has deleted the recording"),
    ("ConvertError", JobLost, True, "gave this job up"),
    ("ConvertFailed", JobLost, True, "gave this job up"),
    ("Error", JobLost, True, "gave this job up"),
    ("404", EngineError, True, "its answer was 404"),
    (500, EngineError, True, "its answer was 500"),
]


def failure_of_start(engine: EbooEngine) -> EngineError:
    with pytest.raises(EngineError) as failed:
        started(engine)
    return failed.value


def failure_of_check(engine: EbooEngine, job: RemoteJob = JOB) -> EngineError:
    with pytest.raises(EngineError) as failed:
        engine.check(job, NO_OPTIONS)
    return failed.value


def test_every_word_that_is_known_is_tried_here() -> None:
    assert {str(word) for word, *_ in WORDS} == set(ERRORS)


@pytest.mark.parametrize("known", WORDS)
@pytest.mark.parametrize("command", ["addfile", "convert", "checkconvert"])
def test_each_word_for_an_error_says_why_and_whether_to_try_again(
    provider: Eboo, engine: EbooEngine, command: str, known: Known
) -> None:
    word, kind, retryable, said = known
    provider.fail(on=command, calls=1, body=status(word))
    error = failure_of_check(engine) if command == "checkconvert" else failure_of_start(engine)
    assert (type(error), error.retryable) == (kind, retryable)
    assert said in error.message
    assert provider.count(command) == 1  # nothing is tried twice in here
    assert provider.files == {}  # what was refused is deleted there
    if command == "convert" and (not retryable or kind is JobLost):
        assert provider.count("checkconvert") == 0  # a word is clear


@pytest.mark.parametrize(
    ("fault", "advice", "said"),
    [
        ({"status": 401}, (False, None), "check EBOO_TOKEN"),
        ({"status": 403, "body": "<html>"}, (False, None), "check EBOO_TOKEN"),
        ({"status": 402}, (False, None), "no credit left"),
        ({"status": 302}, (False, None), "check EBOO_BASE_URL"),
        ({"status": 404, "body": "<html>Not found</html>"}, (False, None), "check EBOO_BASE_URL"),
        ({"status": 418, "body": "[1]"}, (False, None), "its answer was 418"),
        ({"status": 408}, (True, None), "its answer was 408"),
        ({"status": 429, "retry_after": 7}, (True, 7.0), "no more requests"),
        ({"status": 429}, (True, 15.0), "no more requests"),
        ({"status": 429, "retry_after": "soon"}, (True, 15.0), "no more requests"),
        ({"status": 500}, (True, None), "its answer was 500"),
        ({"status": 502, "body": "<html>Bad gateway</html>"}, (True, None), "its answer was 502"),
        ({"status": 503, "body": "null"}, (True, None), "its answer was 503"),
        ({"status": 500, "body": status("NoEnoughCredit")}, (False, None), "no credit left"),
        ({"reset": True}, (True, None), "could not be reached"),
    ],
)
@pytest.mark.parametrize("command", ["addfile", "checkconvert"])
def test_a_failed_call_says_why_and_whether_to_try_again(
    provider: Eboo, engine: EbooEngine, command: str, fault: dict[str, Any], advice: tuple[bool, float | None], said: str
) -> None:
    provider.fail(on=command, **fault)
    error = failure_of_check(engine) if command == "checkconvert" else failure_of_start(engine)
    assert type(error) is EngineError
    assert (error.retryable, error.retry_after) == advice
    assert said in error.message
    assert provider.url not in error.message
    assert provider.count(command) <= 1


def test_too_large_for_the_web_server_is_too_long_for_a_slice(provider: Eboo, engine: EbooEngine) -> None:
    provider.fail(on="addfile", status=413, body="<html>")
    error = failure_of_start(engine)
    assert isinstance(error, TooLong)
    assert error.seconds == math.inf


@pytest.mark.parametrize("command", ["addfile", "checkconvert"])
def test_a_provider_that_keeps_silent_is_given_up(provider: Eboo, command: str) -> None:
    provider.fail(on=command, delay=3)
    impatient = at(provider.url, seconds=0.3)
    error = failure_of_check(impatient) if command == "checkconvert" else failure_of_start(impatient)
    assert (error.retryable, error.message) == (True, "EBOO did not answer in time.")


def test_a_wrong_token_is_refused(provider: Eboo) -> None:
    error = failure_of_start(at(provider.url, token="another-token"))
    assert (error.retryable, error.message) == (
        False,
        "The token for EBOO was refused. Ask the operator to check EBOO_TOKEN.",
    )


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "null",
        "5",
        '"ConvertFinished"',
        "{}",
        '{"Status": null}',
        '{"Status": true}',
        '{"Status": ["ConvertFinished"]}',
        '{"Status": "Resting"}',
        '{"Status": "Resting", "Progress": "100.00%", "Output": "text"}',
        '{"Status": "Done", "FileToken": "1"}',
        '{"Status": "ConvertFinished"}',
        '{"Status": "ConvertFinished", "Progress": "100.00%"}',
        '{"Status": "ConvertFinished", "Progress": "100.00%", "Output": null}',
        '{"Status": "ConvertFinished", "Progress": "100.00%", "Output": 5}',
        '{"Status": "ConvertFinished", "Progress": "100.00%", "Output": ["text"]}',
        '{"Status": "ConvertFinished", "Progress": "100.00%", "Output": {"text": "a"}}',
        '{"Status": "Resting", "Progress": "250%"}',
        '{"Status": "Resting", "Progress": "nearly"}',
        '{"Status": "Resting", "Progress": "٥٠%"}',
    ],
)
def test_an_answer_of_the_wrong_shape_is_an_error_and_no_empty_transcript(provider: Eboo, engine: EbooEngine, body: str) -> None:
    job = started(engine)
    provider.fail(on="checkconvert", calls=1, body=body)
    error = failure_of_check(engine, job)
    assert (type(error), error.retryable, error.message) == (EngineError, True, MISUNDERSTOOD)
    assert segments(engine.check(job, NO_OPTIONS))  # the job is where it was


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "{}",
        '{"Status": "Done"}',
        '{"Status": "Done", "FileToken": null}',
        '{"Status": "Done", "FileToken": ""}',
        '{"Status": "Done", "FileToken": 5}',
        '{"Status": "Done", "FileToken": "two words"}',
        json.dumps({"Status": "Done", "FileToken": "x" * 256}),
    ],
)
def test_an_upload_without_a_file_token_is_no_upload(provider: Eboo, engine: EbooEngine, body: str) -> None:
    provider.fail(on="addfile", body=body)
    error = failure_of_start(engine)
    assert (error.retryable, error.message) == (True, MISUNDERSTOOD)
    assert provider.count("convert") == 0


@pytest.mark.parametrize("command", ["addfile", "convert"])
def test_a_word_nobody_knows_is_a_refusal(provider: Eboo, engine: EbooEngine, command: str) -> None:
    provider.fail(on=command, body=status("LanguageNot\nSupported."))
    error = failure_of_start(engine)
    assert (error.retryable, error.message) == (False, "EBOO refused this recording: LanguageNot Supported.")
    assert provider.files == {}


def test_a_page_instead_of_a_word_is_not_shown(provider: Eboo, engine: EbooEngine) -> None:
    provider.fail(on="convert", body=status("<b>no</b>"))
    assert failure_of_start(engine).message == MISUNDERSTOOD


def test_a_file_that_is_damaged_is_refused_for_good(provider: Eboo, engine: EbooEngine) -> None:
    provider.corrupted = {SHA256}
    error = failure_of_start(engine)
    assert (error.retryable, error.message) == (False, "EBOO can't read this recording: it takes it for damaged.")
    assert len(provider.deleted) == 1


def test_a_job_whose_file_is_gone_is_lost(provider: Eboo, engine: EbooEngine) -> None:
    job = started(engine)
    provider.lose(job.id)
    assert isinstance(failure_of_check(engine, job), JobLost)


@pytest.mark.parametrize(
    ("fault", "retryable"),
    [({"status": 503}, True), ({"body": status("IPError")}, False), ({"body": status("Resting")}, False), ({"body": "[]"}, True)],
)
def test_a_delete_that_was_not_done_is_an_error(
    provider: Eboo, engine: EbooEngine, fault: dict[str, Any], retryable: bool
) -> None:
    job = started(engine)
    provider.fail(on="deletefile", **fault)
    with pytest.raises(EngineError) as failed:
        engine.cancel(job)
    assert failed.value.retryable is retryable
    assert TOKEN not in failed.value.message
