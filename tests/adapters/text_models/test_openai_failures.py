"""Everything that goes wrong at a host of text models, as Textor tells it."""

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.adapters.text_models.samples import ENGLISH, passages
from tests.adapters.text_models.test_openai import KEY, QUESTION, SAID, at, host, model, server
from tests.emulators.provider import serving
from tests.emulators.text_host import TextHost
from textor.adapters.text_models import openai_calls
from textor.adapters.text_models.openai import OpenAITextModel
from textor.adapters.text_models.port import Brief, Wanted
from textor.errors import TextModelError

__all__ = ["host", "model", "server"]

QUOTA = "You exceeded your current quota, please check your plan and billing details. See https://a.example/b."
CALLS: list[Callable[[OpenAITextModel], object]] = [
    lambda model: model.summarize(SAID, Wanted(40)),
    lambda model: model.answer(QUESTION, SAID),
    lambda model: model.imagine(SAID, Brief()),
]


def failure(model: OpenAITextModel, call: Callable[[OpenAITextModel], object] = CALLS[0]) -> TextModelError:
    with pytest.raises(TextModelError) as failed:
        call(model)
    return failed.value


def error_of(code: str | None, message: str = "No.", kind: str = "invalid_request_error") -> str:
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})


@pytest.mark.parametrize(
    ("fault", "advice", "said"),
    [
        ({"status": 400, "error": "It is\n odd, sk-abc. See https://a.example/b."}, (False, None), "request: It is odd, See."),
        ({"status": 400, "body": '{"detail": [{"loc": ["body", "x"], "msg": "Odd"}]}'}, (False, None), "request: Odd (x)."),
        ({"status": 400, "body": "<html>No</html>"}, (False, None), "refused this request: its answer was 400."),
        ({"status": 400, "body": error_of("context_length_exceeded")}, (False, None), "set TEXT_WINDOW_TOKENS"),
        (
            {"status": 400, "error": "This model's maximum context length is 4096 tokens."},
            (False, None),
            "more than OpenAI reads",
        ),
        ({"status": 413, "body": "<html>Too large</html>"}, (False, None), "set TEXT_WINDOW_TOKENS"),
        ({"status": 429, "error": "Request too large for gpt-6-luna on TPM: Limit 30000"}, (False, None), "TEXT_WINDOW_TOKENS"),
        ({"status": 400, "body": error_of("content_filter")}, (False, None), "content filter does not let it pass"),
        ({"status": 401, "error": "Incorrect API key provided: sk-wrong."}, (False, None), "check TEXT_API_KEY"),
        ({"status": 403, "error": "Forbidden"}, (False, None), "check TEXT_API_KEY (or OPENAI_API_KEY)"),
        ({"status": 403, "body": error_of("unsupported_country_region_territory")}, (False, None), "from the country"),
        ({"status": 403, "body": error_of("model_not_found")}, (False, None), "does not have this model"),
        ({"status": 404, "error": "The model `x` does not exist"}, (False, None), "check TEXT_MODEL"),
        ({"status": 404, "body": '{"detail": "Not Found"}'}, (False, None), "check TEXT_BASE_URL"),
        ({"status": 307, "body": ""}, (False, None), "check TEXT_BASE_URL"),
        ({"status": 402, "body": error_of(None)}, (False, None), "no credit left"),
        ({"status": 429, "body": error_of("insufficient_quota", QUOTA)}, (False, None), "no credit left"),
        ({"status": 429, "error": "Rate limit reached. Adding billing details raises it."}, (True, 15.0), "no more requests"),
        ({"status": 429, "retry_after": 7}, (True, 7.0), "takes no more requests"),
        ({"status": 408}, (True, None), "its answer was 408"),
        ({"status": 500}, (True, None), "its answer was 500"),
        ({"status": 503, "retry_after": 30}, (True, 30.0), "its answer was 503"),
        ({"reset": True}, (True, None), "could not be reached"),
        ({"body": "<html>Welcome</html>"}, (True, None), "does not understand"),
        ({"body": "[" * 100_000}, (True, None), "does not understand"),
    ],
)
def test_a_failed_call_says_why_and_whether_to_try_again(
    host: TextHost, model: OpenAITextModel, fault: dict[str, Any], advice: tuple[bool, float | None], said: str
) -> None:
    host.fail(on="chat", **fault)
    error = failure(model)
    assert (error.retryable, error.retry_after) == advice
    assert said in error.message
    assert not any(secret in error.message for secret in (host.url, KEY, "sk-", "https:"))


def test_an_answer_of_no_use_is_charged_for_and_a_refused_call_is_not(host: TextHost, model: OpenAITextModel) -> None:
    host.says = ['{"scenes": []}'] * 2
    read, written = failure(model, CALLS[2]).tokens
    assert read > 100
    assert written > 0
    host.says = [""]
    assert failure(model).tokens[0] > 10
    host.fail(on="chat", status=400)
    assert failure(model).tokens == (0, 0)


def test_nothing_is_tried_twice_in_here() -> None:
    with serving(TextHost(KEY)) as fresh:
        fresh.fail(on="chat", status=503)
        assert failure(at(fresh)).retryable
        assert fresh.count("chat") == 1


@pytest.mark.parametrize("call", CALLS, ids=["summarize", "answer", "imagine"])
@pytest.mark.parametrize(
    ("way", "is_retryable", "said"),
    [
        ("drop", True, "could not be reached"),
        ("end", True, "OpenAI broke off its answer."),
        ("fault", True, "OpenAI broke off its answer: The server had an error"),
        ("empty", True, "does not understand"),
        ("garbage", True, "does not understand"),
        ("odd", True, "does not understand"),
        ("filter", False, "content filter"),
    ],
)
def test_an_answer_that_breaks_in_its_midst_is_no_answer(
    host: TextHost, model: OpenAITextModel, call: Callable[[OpenAITextModel], object], way: str, is_retryable: bool, said: str
) -> None:
    host.fail(on=way)
    error = failure(model, call)
    assert (error.retryable, said in error.message) == (is_retryable, True)
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("error", "is_retryable", "said"),
    [
        (QUOTA, False, "no credit left"),
        ("Stopped by our content management policy.", False, "content filter"),
        ("Upstream <b>gone</b>", True, "OpenAI broke off its answer."),
    ],
)
def test_an_error_within_an_answer_is_understood(
    host: TextHost, model: OpenAITextModel, error: str, is_retryable: bool, said: str
) -> None:
    host.fail(on="fault", error=error)
    failed = failure(model)
    assert (failed.retryable, said in failed.message) == (is_retryable, True)


def test_marks_alone_are_no_answer(host: TextHost, model: OpenAITextModel) -> None:
    host.says = [" [1][2] \n"]
    assert "does not understand" in failure(model).message


def test_without_time_nothing_is_asked_once_more(host: TextHost) -> None:
    host.lacks = {"store"}
    assert "'store' is not supported" in failure(at(host, call_seconds=3)).message
    assert len(host.asked) == 1


@pytest.mark.parametrize("call", CALLS[:2], ids=["summarize", "answer"])
def test_a_refusal_is_told_with_its_reason(
    host: TextHost, model: OpenAITextModel, call: Callable[[OpenAITextModel], object]
) -> None:
    host.fail(on="refusal")
    error = failure(model, call)
    assert error.message == "OpenAI's model refused to answer: I'm sorry, I can't help with that."
    assert not error.retryable


def test_a_summary_that_is_cut_off_ends_with_its_last_whole_sentence(host: TextHost, model: OpenAITextModel) -> None:
    host.says = ["The bridge is closed to lorries [1]. Four of the twelve cables are rusty, and so on and on and on [2]."]
    host.fail(on="length")
    summary = model.summarize(SAID, Wanted(40))
    assert summary.text == "The bridge is closed to lorries."
    assert [one.ids for one in summary.citations] == [(1,)]


def test_an_answer_that_is_cut_off_says_so(host: TextHost, model: OpenAITextModel) -> None:
    host.says = ["Four cables are rusty [2]. The others are not, as far as anybody in that room could tell at that time."]
    host.fail(on="length")
    pieces: list[str] = []
    assert model.answer(QUESTION, SAID, pieces.append).text == "".join(pieces) == "Four cables are rusty. …"


def test_of_one_long_sentence_that_is_cut_off_there_is_what_there_is(host: TextHost, model: OpenAITextModel) -> None:
    host.says = ["Four cables are rusty and the others are not, and so it goes on without ever coming to an end"]
    host.fail(on="length")
    assert model.summarize(SAID, Wanted(40)).text.startswith("Four cables are rusty")


def test_a_model_that_only_thought_has_said_nothing(host: TextHost, model: OpenAITextModel) -> None:
    host.says = ["<think>Let me think about the cables. They are rusty, it seems to me. But are they?"]
    host.fail(on="length")
    error = failure(model)
    assert (error.retryable, "before it said anything" in error.message) == (False, True)


def test_a_host_that_keeps_silent_is_given_up(host: TextHost) -> None:
    host.fail(on="chat", delay=3)
    error = failure(at(host, hear_seconds=0.2))
    assert (error.retryable, error.message) == (True, "OpenAI did not answer in time.")


def test_a_host_that_falls_silent_in_its_answer_is_given_up(host: TextHost) -> None:
    host.fail(on="silence")
    error = failure(at(host, hear_seconds=0.2))
    assert (error.retryable, error.message) == (True, "OpenAI did not answer in time.")


def test_a_whole_call_has_its_time_however_it_drips(host: TextHost) -> None:
    host.seconds = 0.05  # many pieces, none of which is late
    error = failure(at(host, hear_seconds=20, call_seconds=0.3), lambda model: model.summarize(ENGLISH.passages, Wanted(300)))
    assert (error.retryable, error.message) == (True, "OpenAI took too long to answer.")


def test_an_answer_without_end_is_given_up(host: TextHost, model: OpenAITextModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(openai_calls), "LONGEST_ANSWER", 20)
    assert failure(model).message == "OpenAI wrote without end."


def test_a_wrong_key_is_refused(host: TextHost) -> None:
    assert "check TEXT_API_KEY" in failure(at(host, key="sk-another")).message


def test_nobody_at_the_address_is_retryable() -> None:
    nobody = TextHost()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        nobody.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        error = failure(at(nobody))
    assert (error.retryable, error.message) == (True, "OpenAI could not be reached.")


@pytest.mark.parametrize("url", ["http://127.0.0.1:no-port", "ftp://127.0.0.1"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    nowhere = TextHost()
    nowhere.url = url
    error = failure(at(nowhere))
    assert (error.retryable, "TEXT_BASE_URL (or OPENAI_BASE_URL) is no address" in error.message) == (False, True)


def test_a_redirect_takes_the_transcript_nowhere(host: TextHost, model: OpenAITextModel) -> None:
    host.fail(on="chat", status=308)
    assert "check TEXT_BASE_URL" in failure(model).message
    assert host.asked == []


def test_its_library_missing_is_said(host: TextHost) -> None:
    assert "pip install openai" in failure(at(host, library="no_such_library")).message


def test_a_window_that_the_host_has_made_smaller_is_told(host: TextHost, model: OpenAITextModel) -> None:
    host.window_tokens = 500
    said = passages(*["The bridge is closed to lorries and to buses."] * 50)
    with pytest.raises(TextModelError, match="set TEXT_WINDOW_TOKENS"):
        model.summarize(said, Wanted(40))
