"""Everything that goes wrong at OpenAI, as Textor tells it."""

import json
import math
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.adapters.stt.test_assemblyai_failures import https_server
from tests.adapters.stt.test_openai import KEY, NO_OPTIONS, SPEAKERS, WHISPER, at, engine, heard, provider, wav
from tests.emulators.openai import OpenAI
from tests.emulators.provider import serving
from textor.adapters.stt.openai import OpenAIEngine
from textor.adapters.stt.port import Options
from textor.errors import EngineError, TooLong

__all__ = ["engine", "provider"]

QUOTA = "You exceeded your current quota, please check your plan and billing details. See https://a.example/b."
TOO_FAST = (
    "Rate limit reached for whisper-1. You can raise it at https://platform.example/account/billing by adding billing details."
)


def failure(engine: OpenAIEngine, options: Options = NO_OPTIONS) -> EngineError:
    with pytest.raises(EngineError) as failed:
        heard(engine, options)
    return failed.value


def error_of(code: str | None, message: str = "No.", kind: str = "invalid_request_error") -> str:
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})


@pytest.mark.parametrize(
    ("fault", "advice", "said"),
    [
        (
            {"status": 400, "error": "Your audio\n is odd, sk-abc. See https://a.example/b."},
            (False, None),
            "recording: Your audio is odd, See.",
        ),
        (
            {"status": 400, "body": '{"detail": [{"loc": ["body", "file"], "msg": "Odd"}]}'},
            (False, None),
            "recording: Odd (file).",
        ),
        ({"status": 400, "body": '{"error": "It is odd"}'}, (False, None), "refused this recording: It is odd."),
        ({"status": 400, "body": "<html>No</html>"}, (False, None), "refused this recording: its answer was 400."),
        ({"status": 400, "body": "[1]"}, (False, None), "refused this recording: its answer was 400."),
        (
            {"status": 400, "error": "Invalid file format. Supported formats: ['flac']"},
            (False, None),
            "can't read this recording",
        ),
        (
            {"status": 400, "error": "The audio file could not be decoded or its format is not supported."},
            (False, None),
            "can't read",
        ),
        ({"status": 400, "error": "Audio file is too short."}, (False, None), "too short for OpenAI"),
        (
            {"status": 400, "error": "audio duration 1500.0 seconds is longer than 1400 seconds"},
            (False, None),
            "too long for OpenAI",
        ),
        ({"status": 413, "error": "Maximum content size limit (26214400) exceeded"}, (False, None), "too large for OpenAI"),
        ({"status": 413, "body": "<html>Too large</html>"}, (False, None), "too large for OpenAI"),
        ({"status": 401, "error": "Incorrect API key provided: sk-wrong."}, (False, None), "check OPENAI_API_KEY"),
        ({"status": 403, "error": "Forbidden"}, (False, None), "check OPENAI_API_KEY"),
        ({"status": 403, "body": error_of("unsupported_country_region_territory")}, (False, None), "from the country"),
        ({"status": 403, "body": error_of("model_not_found")}, (False, None), "does not have this model"),
        ({"status": 404, "error": "The model `x` does not exist"}, (False, None), "does not have this model"),
        ({"status": 404, "body": '{"detail": "Not Found"}'}, (False, None), "check OPENAI_BASE_URL"),
        ({"status": 307, "body": ""}, (False, None), "check OPENAI_BASE_URL"),
        ({"status": 402, "body": error_of(None)}, (False, None), "no credit left"),
        ({"status": 429, "body": error_of("insufficient_quota", QUOTA)}, (False, None), "no credit left"),
        ({"status": 429, "body": error_of(None, "No.", "insufficient_quota")}, (False, None), "no credit left"),
        ({"status": 429, "error": QUOTA, "body": error_of(None, QUOTA)}, (False, None), "no credit left"),
        ({"status": 400, "body": error_of("billing_hard_limit_reached")}, (False, None), "no credit left"),
        ({"status": 429, "error": TOO_FAST}, (True, 15.0), "takes no more requests"),
        ({"status": 429, "retry_after": 7}, (True, 7.0), "takes no more requests"),
        ({"status": 429, "retry_after": "1.5"}, (True, 1.5), "takes no more requests"),
        ({"status": 429, "retry_after": "Fri, 20 Nov 2020 10:00:00 GMT"}, (True, 0.0), "takes no more requests"),
        ({"status": 429, "retry_after": "soon"}, (True, 15.0), "takes no more requests"),
        ({"status": 408}, (True, None), "its answer was 408"),
        ({"status": 409}, (True, None), "its answer was 409"),
        ({"status": 500}, (True, None), "its answer was 500"),
        ({"status": 502, "body": "<html>Bad gateway</html>"}, (True, None), "its answer was 502"),
        ({"status": 503, "retry_after": 30}, (True, 30.0), "its answer was 503"),
        ({"reset": True}, (True, None), "could not be reached"),
    ],
)
def test_a_failed_call_says_why_and_whether_to_try_again(
    provider: OpenAI, engine: OpenAIEngine, fault: dict[str, Any], advice: tuple[bool, float | None], said: str
) -> None:
    provider.fail(on="transcribe", **fault)
    error = failure(engine)
    assert (error.retryable, error.retry_after) == advice
    assert said in error.message
    assert not any(secret in error.message for secret in (provider.url, KEY, "sk-", "https:"))
    assert provider.count("transcribe") == 1  # nothing is tried twice in here


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        ({"status": 400, "error": "audio duration 1500.0 seconds is longer than 1400 seconds which is the maximum"}, 1400),
        ({"status": 400, "error": "The audio is too long"}, math.inf),
        ({"status": 413, "error": "Maximum content size limit (26214400) exceeded"}, math.inf),
        ({"status": 400, "error": "Maximum file size exceeded"}, math.inf),
    ],
)
def test_what_is_too_much_for_it_is_wanted_in_shorter_pieces(
    provider: OpenAI, engine: OpenAIEngine, fault: dict[str, Any], seconds: float
) -> None:
    provider.fail(on="transcribe", **fault)
    error = failure(engine)
    assert isinstance(error, TooLong)
    assert error.seconds == seconds


def test_a_pause_told_in_thousandths_is_heeded(provider: OpenAI) -> None:
    class Hasty(OpenAI):
        def error(self, status: int, message: str) -> web.Response:
            answer = super().error(status, message)
            answer.headers["retry-after-ms"] = "1250"
            return answer

    with serving(Hasty(KEY)) as hasty:
        hasty.fail(status=429, retry_after=2)
        assert failure(at(hasty.url)).retry_after == 1.25


def test_a_redirect_takes_the_recording_nowhere(provider: OpenAI, engine: OpenAIEngine) -> None:
    class Elsewhere(OpenAI):
        def error(self, status: int, message: str) -> web.Response:
            return web.Response(status=308, headers={"Location": f"{provider.url}/v1/audio/transcriptions"})

    with serving(Elsewhere(KEY)) as elsewhere:
        elsewhere.fail(status=308)
        assert "OPENAI_BASE_URL" in failure(at(elsewhere.url)).message
    assert provider.calls == []


def test_a_host_that_keeps_silent_is_given_up(provider: OpenAI) -> None:
    provider.fail(on="transcribe", delay=3)
    error = failure(at(provider.url, hear_seconds=0.3))
    assert (error.retryable, error.message) == (True, "OpenAI did not answer in time.")


def test_an_answer_that_drips_or_never_ends_is_given_up(provider: OpenAI, engine: OpenAIEngine) -> None:
    engine._calls.answer_seconds = -1
    error = failure(engine)
    assert (error.retryable, error.message) == (True, "OpenAI took too long to answer.")
    engine._calls.answer_seconds, engine._calls.max_bytes = 60, 20
    assert "more than 0 MB" in failure(engine).message


def test_a_wrong_key_is_refused(provider: OpenAI) -> None:
    error = failure(at(provider.url, key="sk-another"))
    assert (error.retryable, error.message) == (
        False,
        "The key for OpenAI was refused. Ask the operator to check OPENAI_API_KEY.",
    )


def test_no_key_asks_nobody(provider: OpenAI) -> None:
    keyless = at(provider.url, key="")
    assert failure(keyless).message == "Set OPENAI_API_KEY to use OpenAI."
    assert (keyless.health().reachable, keyless.health().reason) == (False, "Set OPENAI_API_KEY to use OpenAI.")
    assert provider.calls == []


def test_nobody_at_the_address_is_retryable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        error = failure(at(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert (error.retryable, error.message) == (True, "OpenAI could not be reached.")


def test_a_server_with_a_certificate_of_its_own_making_is_not_trusted(tmp_path: Path) -> None:
    with https_server(tmp_path) as url:
        error = failure(at(url))
    assert (error.retryable, error.message) == (True, "OpenAI's certificate could not be verified.")


@pytest.mark.parametrize("url", ["http://127.0.0.1:no-port", "ftp://127.0.0.1"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    error = failure(at(url))
    assert (error.retryable, error.message) == (False, "OPENAI_BASE_URL is no address. Ask the operator to correct it.")


@pytest.mark.parametrize("body", ["", "<html>Welcome</html>", "text alone", "[" * 100_000])
def test_a_page_in_the_place_of_an_answer_is_an_error_that_may_pass(provider: OpenAI, engine: OpenAIEngine, body: str) -> None:
    provider.fail(on="transcribe", body=body)
    error = failure(engine)
    assert (error.retryable, error.message) == (True, "OpenAI gave an answer that Textor does not understand.")


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "null",
        '"text"',
        "{}",
        '{"text": null}',
        '{"text": 5}',
        '{"text": ["a"]}',
        '{"text": "No times."}',
        '{"text": "No times.", "segments": [], "words": []}',
        '{"text": "No times.", "segments": null}',
        '{"text": "A", "segments": "A"}',
        '{"text": "A", "segments": 5}',
        '{"text": "A", "segments": [5]}',
        '{"text": "A", "segments": [{"text": "A"}]}',
        '{"text": "A", "segments": [{"text": "A", "start": null, "end": 1}]}',
        '{"text": "A", "segments": [{"text": "A", "start": NaN, "end": 1}]}',
        '{"text": "A", "segments": [{"text": "A", "start": 0, "end": Infinity}]}',
        '{"text": "A", "segments": [{"text": null, "start": 0, "end": 1}]}',
        '{"text": "A", "segments": [{"text": "A", "start": 0, "end": 1}], "words": [{"word": "A"}]}',
        '{"text": "A", "segments": [{"text": "A", "start": 0, "end": 1}], "words": [{"word": 5, "start": 0, "end": 1}]}',
        '{"text": "A", "segments": [{"text": "A", "start": 0, "end": 1}], "languages": [{"name": "English"}]}',
    ],
)
@pytest.mark.parametrize("options", [WHISPER, SPEAKERS], ids=["whisper", "speakers"])
def test_an_answer_of_the_wrong_shape_is_an_error_and_no_empty_transcript(
    provider: OpenAI, engine: OpenAIEngine, body: str, options: Options
) -> None:
    """It was paid for, and so would be the next one: nobody asks again by himself."""
    provider.fail(on="transcribe", body=body)
    error = failure(engine, options)
    assert (type(error), error.retryable) == (EngineError, False)
    assert error.message == "OpenAI gave an answer that Textor does not understand."


@pytest.mark.parametrize("body", ["[]", "{}", '{"text": null}', '{"segments": []}', '{"text": "A", "languages": [{}]}'])
def test_an_answer_without_text_is_none_even_where_text_is_all_that_was_asked_for(
    provider: OpenAI, engine: OpenAIEngine, body: str
) -> None:
    provider.fail(on="transcribe", body=body)
    assert not failure(engine).retryable


def test_words_without_segments_are_enough(provider: OpenAI, engine: OpenAIEngine) -> None:
    provider.fail(on="transcribe", body='{"text": "A b. C", "words": [{"word": "A", "start": 0, "end": 1}]}')
    assert [one.text for one in heard(engine, WHISPER).segments] == ["A"]


def test_too_short_a_recording_is_said(provider: OpenAI, engine: OpenAIEngine, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="too short for OpenAI"):
        heard(engine, path=wav(tmp_path / "short.wav", seconds=0.05))


def test_its_library_missing_is_said(provider: OpenAI, engine: OpenAIEngine) -> None:
    without = replace(engine, library="no_such_library")
    assert "pip install openai" in failure(without).message
    assert provider.calls == []
