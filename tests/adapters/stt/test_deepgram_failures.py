"""Everything that goes wrong at Deepgram, as Textor tells it."""

import json
import socket
from typing import Any

import pytest

from tests.adapters.stt.test_deepgram import KEY, NO_OPTIONS, at, engine, heard, provider, recording
from tests.emulators.deepgram import NO_CREDIT, Deepgram
from textor.adapters.stt.deepgram import DeepgramEngine
from textor.adapters.stt.port import Options
from textor.errors import EngineError

__all__ = ["engine", "provider"]

CORRUPT = "Bad Request: failed to process audio: corrupt or unsupported data"
NO_SUCH_MODEL = "Bad Request: No such model/language/tier combination found. See https://a.example/b."
MISUNDERSTOOD = "Deepgram gave an answer that Textor does not understand."


def failure_of(engine: DeepgramEngine, options: Options = NO_OPTIONS, channels: int = 1) -> EngineError:
    with pytest.raises(EngineError) as failed:
        heard(engine, options, channels)
    return failed.value


def modern(**said: str) -> str:
    return json.dumps({"request_id": "1", **said})


@pytest.mark.parametrize(
    ("fault", "advice", "said"),
    [
        ({"status": 400, "error": CORRUPT}, (False, None), "can't read this recording: it is damaged"),
        (
            {"status": 400, "error": NO_SUCH_MODEL},
            (False, None),
            "refused this recording: No such model/language/tier combination found. See.",
        ),
        (
            {"status": 400, "body": modern(category="INVALID_QUERY", message="Invalid query.", details="bad\nlanguage")},
            (False, None),
            "refused this recording: Invalid query: bad language.",
        ),
        ({"status": 400, "body": '"Too many\\nwords."'}, (False, None), "refused this recording: Too many words."),
        ({"status": 401, "error": "Invalid credentials."}, (False, None), "check DEEPGRAM_API_KEY"),
        ({"status": 402, "error": NO_CREDIT}, (False, None), "no credit left"),
        ({"status": 400, "body": '{"err_code": "ASR_PAYMENT_REQUIRED"}'}, (False, None), "no credit left"),
        ({"status": 403, "error": "No access to the model."}, (False, None), "may not be used for this"),
        ({"status": 404, "error": "Not found"}, (False, None), "refused this recording: Not found."),
        ({"status": 413, "body": "<html>Too large</html>"}, (False, None), "too large for Deepgram"),
        ({"status": 302, "body": "<html>Elsewhere</html>"}, (False, None), "its answer was 302"),
        ({"status": 418, "body": "[1]"}, (False, None), "its answer was 418"),
        ({"status": 408}, (True, None), "its answer was 408"),
        ({"status": 429, "retry_after": 7}, (True, 7.0), "no more requests"),
        ({"status": 429}, (True, 15.0), "no more requests"),
        ({"status": 429, "retry_after": "soon"}, (True, 15.0), "no more requests"),
        ({"status": 500}, (True, None), "its answer was 500"),
        ({"status": 502, "body": "<html>Bad gateway</html>"}, (True, None), "its answer was 502"),
        ({"status": 503, "retry_after": 30}, (True, 30.0), "its answer was 503"),
        ({"status": 504}, (True, None), "did not finish within the time"),
        ({"reset": True}, (True, None), "could not be reached"),
    ],
)
def test_a_refusal_says_why_and_whether_to_try_again(
    provider: Deepgram,
    engine: DeepgramEngine,
    fault: dict[str, Any],
    advice: tuple[bool, float | None],
    said: str,
) -> None:
    provider.fail(on="listen", **fault)
    error = failure_of(engine)
    assert type(error) is EngineError
    assert (error.retryable, error.retry_after) == advice
    assert said in error.message
    assert provider.url not in error.message
    assert KEY not in str(error) + repr(error) + repr(error.__cause__)
    assert provider.count("listen") <= 1  # nothing is tried twice in here


def test_a_wrong_key_an_empty_account_and_an_empty_file_are_told_by_the_provider_itself(provider: Deepgram) -> None:
    assert "check DEEPGRAM_API_KEY" in failure_of(at(provider.url, key="another-key")).message
    provider.usd = 0
    assert "no credit left" in failure_of(at(provider.url)).message


def test_no_key_asks_nobody(provider: Deepgram) -> None:
    keyless = at(provider.url, key="")
    assert failure_of(keyless).message == "Set DEEPGRAM_API_KEY to use Deepgram."
    assert keyless.health().reason == "Set DEEPGRAM_API_KEY to use Deepgram."
    assert provider.calls == []


def test_a_provider_that_keeps_silent_is_given_up(provider: Deepgram) -> None:
    provider.fail(on="listen", delay=3)
    assert failure_of(at(provider.url, seconds=0.3)).retryable


def test_patience_is_for_the_answer_alone(provider: Deepgram) -> None:
    """Connecting and sending may not take minutes, hearing may."""
    provider.fail(on="listen", delay=1)
    patient = DeepgramEngine(KEY, provider.url, request_seconds=0.5, thinking_seconds=10)
    assert list(patient.start(recording(), NO_OPTIONS).segments)


def test_nobody_at_the_address_is_retryable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        error = failure_of(at(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert (error.retryable, error.message) == (True, "Deepgram could not be reached.")


def answer(*channels: Any, **results: Any) -> str:
    return json.dumps({"metadata": {}, "results": {"channels": list(channels), **results}})


def channel(**alternative: Any) -> dict[str, Any]:
    return {"alternatives": [alternative]}


def turn(**changes: Any) -> dict[str, Any]:
    word = {"word": "a", "start": 0, "end": 1, "confidence": 0.9}
    return {"transcript": "a", "channel": 0, "words": [word | changes]}


SPOKEN = channel(transcript="a", words=[])


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "null",
        "[]",
        '"text"',
        "{}",
        '{"request_id": "7"}',
        '{"results": null}',
        '{"results": []}',
        '{"results": {"channels": null}}',
        answer(),
        answer(None),
        answer({"alternatives": []}),
        answer({"alternatives": "none"}),
        answer(channel()),
        answer(channel(transcript=None, words=[])),
        answer(channel(transcript=5, words=[])),
        answer(channel(transcript="Text without words.", words=[])),
        answer(channel(transcript="Text without words.")),
        answer(channel(transcript="a", words="a")),
        answer(channel(transcript="a", words=[{"word": "a"}])),
        answer(SPOKEN, utterances="a"),
        answer(SPOKEN, utterances=[{"transcript": "a"}]),
        answer(SPOKEN, utterances=[turn(word=None)]),
        answer(SPOKEN, utterances=[turn(word=5)]),
        answer(SPOKEN, utterances=[turn(start=None)]),
        answer(SPOKEN, utterances=[turn(start="soon")]),
        answer(SPOKEN, utterances=[turn(start=float("nan"))]),
        answer(SPOKEN, utterances=[turn(end=float("inf"))]),
        answer(SPOKEN, utterances=[turn(confidence="high")]),
        answer(SPOKEN, utterances=[turn(confidence=float("nan"))]),
        answer(SPOKEN, utterances=[turn(speaker="somebody")]),
    ],
)
def test_an_answer_of_the_wrong_shape_is_an_error_and_no_empty_transcript(
    provider: Deepgram, engine: DeepgramEngine, body: str
) -> None:
    provider.fail(on="listen", body=body)
    error = failure_of(engine)
    assert (type(error), error.retryable, error.message) == (EngineError, True, MISUNDERSTOOD)


def test_what_is_said_beyond_the_text_may_have_any_shape(provider: Deepgram, engine: DeepgramEngine) -> None:
    provider.fail(on="listen", body=json.dumps({"metadata": [], "results": {"channels": [channel(transcript="", words=[])]}}))
    assert (list(heard(engine).segments), heard(engine).details) == ([], {})
    provider.mend()
    provider.extra = {"metadata": {"model_info": "new", "duration": None, "request_id": "7"}}
    assert heard(engine).details == {"request_id": "7", "language_codes": ["en"]}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 401}, "The key for Deepgram was refused. Ask the operator to check DEEPGRAM_API_KEY."),
        ({"status": 503}, "Deepgram is out of order for the moment (its answer was 503)."),
        ({"body": "<html>"}, MISUNDERSTOOD),
        ({"body": "[]"}, MISUNDERSTOOD),
        ({"body": '{"projects": [5]}'}, MISUNDERSTOOD),
        ({"reset": True}, "Deepgram could not be reached."),
    ],
)
def test_health_says_what_is_wrong(provider: Deepgram, engine: DeepgramEngine, fault: dict[str, Any], reason: str) -> None:
    provider.fail(on="projects", **fault)
    state = engine.health()
    assert (state.reachable, state.reason, state.credit) == (False, reason, None)


@pytest.mark.parametrize(
    "fault",
    [{"status": 403}, {"body": "[]"}, {"body": '{"balances": "none"}'}, {"body": '{"balances": [{"units": "usd"}]}'}],
)
def test_a_key_that_may_not_see_the_balance_is_fine(provider: Deepgram, engine: DeepgramEngine, fault: dict[str, Any]) -> None:
    provider.fail(on="balances", **fault)
    state = engine.health()
    assert (state.reachable, state.reason, state.credit) == (True, None, None)


@pytest.mark.parametrize("body", ['{"projects": []}', '{"projects": null}', '{"projects": [{"project_id": "two words"}]}'])
def test_a_project_that_is_none_is_not_asked_for_its_balance(provider: Deepgram, engine: DeepgramEngine, body: str) -> None:
    provider.fail(on="projects", body=body)
    assert (engine.health().reachable, engine.health().credit, provider.count("balances")) == (True, None, 0)


def test_nothing_is_to_be_waited_for_and_nothing_to_be_deleted(provider: Deepgram, engine: DeepgramEngine) -> None:
    from textor.adapters.stt.port import RemoteJob

    with pytest.raises(EngineError, match="no jobs to wait for"):
        engine.check(RemoteJob("1"), NO_OPTIONS)
    engine.cancel(RemoteJob("1"))
    assert provider.calls == []


def test_a_key_that_is_repeated_in_a_refusal_is_told_to_nobody(provider: Deepgram, engine: DeepgramEngine) -> None:
    provider.fail(status=400, error=f"Not with {KEY} here")
    assert failure_of(engine).message == "Deepgram refused this recording: Not with here."
