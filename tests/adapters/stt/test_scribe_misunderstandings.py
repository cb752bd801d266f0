"""Answers of MetisAI's that are none: an error, and never a transcript."""

import json

import pytest

from tests.adapters.stt.test_scribe import NO_OPTIONS, engine, heard, provider, segments, started
from tests.adapters.stt.test_scribe_failures import MISUNDERSTOOD, failure_of_check
from tests.emulators.scribe import Scribe
from textor.adapters.stt.scribe import ScribeEngine
from textor.adapters.stt.scribe_answers import downloaded
from textor.domain.transcript import Transcript
from textor.errors import EngineError

__all__ = ["engine", "provider"]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html>",
        [],
        None,
        5,
        {},
        {"status": None},
        {"status": "resting"},
        {"status": ["COMPLETED"]},
        {"status": "completed", "generations": [{"content": "text"}]},
        {"status": "COMPLETED"},
        {"status": "COMPLETED", "generations": []},
        {"status": "COMPLETED", "generations": None, "rawResponse": "text"},
        {"status": "COMPLETED", "generations": {"content": "text"}},
        {"status": "COMPLETED", "generations": ["text"]},
        {"status": "COMPLETED", "generations": [{}]},
        {"status": "COMPLETED", "generations": [{"content": None, "url": None}]},
        {"status": "COMPLETED", "generations": [{"content": 5}]},
        {"status": "COMPLETED", "generations": [{"content": ["text"]}]},
        {"status": "COMPLETED", "generations": [{"content": {"words": []}}]},
        {"status": "COMPLETED", "generations": [{"content": {"text": None}}]},
        {"status": "COMPLETED", "generations": [{"content": '{"error": "no"}'}]},
        {"status": "COMPLETED", "generations": [{"content": '{"text": "cut o'}]},
        {"status": "COMPLETED", "generations": [{"content": '[{"text": "a"}]'}]},
        {"status": "COMPLETED", "generations": [{"content": "null"}]},
        {"status": "COMPLETED", "generations": [{"content": "<!DOCTYPE html><p>no"}]},
        {"status": "COMPLETED", "generations": [{"text": False}]},
        {"status": "COMPLETED", "generations": [{"url": 5}]},
        {"status": "COMPLETED", "generations": [{"url": ""}], "rawResponse": {"text": 5}},
    ],
)
def test_an_answer_of_the_wrong_shape_is_an_error_and_no_empty_transcript(
    provider: Scribe, engine: ScribeEngine, answer: object
) -> None:
    job = started(engine)
    provider.fail(on="check", calls=1, body=answer if isinstance(answer, str) else json.dumps(answer))
    error = failure_of_check(engine, job)
    assert (type(error), error.retryable, error.message) == (EngineError, True, MISUNDERSTOOD)
    assert isinstance(engine.check(job, NO_OPTIONS), Transcript)  # the job is where it was


@pytest.mark.parametrize(
    "body",
    [
        "",
        " \n",
        "null",
        "5",
        "true",
        "[]",
        '["text"]',
        "{}",
        '{"text": 5}',
        '{"text": "cut',
        "<html><p>no",
        "<!doctype html>",
        "a\0b",
    ],
)
def test_what_was_fetched_and_is_no_text_is_an_error(provider: Scribe, engine: ScribeEngine, body: str) -> None:
    provider.delivers = "plain"
    job = started(engine)
    provider.fail(on="result", calls=1, body=body)
    error = failure_of_check(engine, job)
    assert (type(error), error.retryable, error.message) == (EngineError, True, MISUNDERSTOOD)
    assert isinstance(engine.check(job, NO_OPTIONS), Transcript)


def test_sound_instead_of_text_is_no_text() -> None:
    with pytest.raises(EngineError, match="does not understand"):
        downloaded(b"ID3\x04\xff\xfb\x90")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("[laughs] Well.", "[laughs] Well."),
        ('"Yes," he said.', '"Yes," he said.'),
        ("\ufeffسلام", "سلام"),
        ("null and void", "null and void"),
        ('{"text": "A", "duration": 5}', "A"),
    ],
)
def test_what_only_looks_like_something_else_is_text(provider: Scribe, engine: ScribeEngine, body: str, text: str) -> None:
    provider.delivers = "plain"
    provider.fail(on="result", body=body)
    assert [segment.text for segment in segments(heard(engine))] == [text]


@pytest.mark.parametrize("status", [302, 401, 403, 404, 410, 500])
def test_a_text_that_can_not_be_fetched_now_is_asked_for_again(provider: Scribe, engine: ScribeEngine, status: int) -> None:
    provider.delivers = "json"
    job = started(engine)
    provider.fail(on="result", calls=1, status=status)
    error = failure_of_check(engine, job)
    assert (type(error), error.retryable, f"the answer was {status}" in error.message) == (EngineError, True, True)
    assert isinstance(engine.check(job, NO_OPTIONS), Transcript)


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example/1",
        "https://127.0.0.1/1",
        "https://10.0.0.5/1",
        "https://[::1]/1",
        "https://169.254.169.254/latest",
        "https://localhost/1",
        "https://redis:6379/",
        "file:///etc/passwd",
        "//127.0.0.1/1",
        "/etc/passwd",
        "https://[half",
        "https://a.example:port/",
        "http://127.0.0.1:1/1",
    ],
)
def test_no_answer_leads_into_the_operators_network(provider: Scribe, engine: ScribeEngine, url: str) -> None:
    job = started(engine)
    provider.fail(on="check", body=json.dumps({"status": "COMPLETED", "generations": [{"url": url}]}))
    assert failure_of_check(engine, job).message == MISUNDERSTOOD


def test_an_address_of_the_open_internet_is_asked(provider: Scribe, engine: ScribeEngine) -> None:
    """Outside sockets are off here: it is enough to see that it was tried."""
    job = started(engine)
    provider.fail(on="check", body=json.dumps({"status": "COMPLETED", "generations": [{"url": "https://files.invalid/1"}]}))
    error = failure_of_check(engine, job)
    assert (error.retryable, error.message) == (True, "MetisAI could not be reached.")
