"""Hosts that speak OpenAI's language: each with models of its own, some without a key, without times, without a list."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.stt.test_openai import (
    KEY,
    NO_OPTIONS,
    SAID,
    SECONDS,
    SHA256,
    asked,
    at,
    heard,
    recording,
    segments,
    wav,
)
from tests.emulators.openai import OpenAI
from tests.emulators.openai_answers import Voice
from tests.emulators.provider import serving
from textor.adapters.stt.openai import OpenAIEngine
from textor.adapters.stt.port import Options
from textor.domain.transcript import Segment
from textor.errors import EngineError, InvalidInput, TooLong

MODEL = "whisper-large-v3"
ALL = Voice(("json", "text", "verbose_json"))


@pytest.fixture
def host() -> Iterator[OpenAI]:
    with serving(OpenAI(KEY, models={MODEL: ALL, "whisper-1": ALL}, said={SHA256: SAID})) as emulator:
        yield emulator


def there(host: OpenAI, model: str = MODEL, **more: Any) -> OpenAIEngine:
    return at(host.url, **{"model": model, "is_openai": False, **more})


def formats(host: OpenAI) -> Sequence[int]:
    """What came of the calls so far."""
    return [call.status for call in host.calls]


def test_its_own_model_is_asked_for_all_times(host: OpenAI) -> None:
    first, second = segments(heard(there(host)))
    assert (first.text, first.start, second.words[1].text) == ("Good evening.", 0.5, "is")
    assert asked(host).fields == {
        "model": MODEL,
        "response_format": "verbose_json",
        "timestamp_granularities": ["word", "segment"],
    }


@pytest.mark.parametrize(
    ("voice", "calls", "expected"),
    [
        (Voice(("json", "text")), [400, 200, 200], [Segment(0.0, SECONDS, "Good evening. Who is?")]),
        (
            Voice(("json", "verbose_json"), times=frozenset({"segment"})),
            [400, 200, 200],
            [Segment(0.5, 1.75, "Good evening.", confidence=0.819), Segment(2.0, 3.0, "Who is?", confidence=0.819)],
        ),
    ],
)
def test_a_host_that_knows_less_is_asked_plainer_and_that_is_remembered(
    host: OpenAI, voice: Voice, calls: Sequence[int], expected: Sequence[Segment]
) -> None:
    host.models = {MODEL: voice}
    engine = there(host)
    for _ in range(2):
        assert segments(heard(engine)) == expected
    assert formats(host) == calls


def test_a_host_that_knows_no_times_at_all_costs_two_refusals_once(host: OpenAI) -> None:
    engine = there(host)
    for said in ("Unknown field: timestamp_granularities", "Currently only support response_format `text` or `json`"):
        host.fail(on="transcribe", calls=1, status=422, body=json.dumps({"object": "error", "message": said, "code": 422}))
    for _ in range(2):
        heard(engine)
    assert (formats(host), asked(host).response_format) == ([422, 422, 200, 200], "json")


@pytest.mark.parametrize("voice", [Voice(("json", "text")), ALL])
def test_text_without_times_is_wanted_in_short_pieces_before_it_is_paid_for(host: OpenAI, voice: Voice, tmp_path: Path) -> None:
    """It is found out by a refusal, or by a short piece whose times did not come."""
    host.models = {MODEL: voice}
    host.extra = {"segments": None, "words": None}
    engine, long = there(host), wav(tmp_path / "long.wav", seconds=1)
    assert engine.can().segment_times
    if voice == ALL:
        heard(engine)
    calls = len(host.calls)
    with pytest.raises(TooLong, match="gives text without times") as refused:
        engine.start(replace(recording(long), seconds=60), NO_OPTIONS)
    assert (refused.value.seconds, engine.can().segment_times, engine.can().word_times) == (31, False, False)
    assert (len(host.heard), len(host.calls) - calls) == ((1, 0) if voice == ALL else (0, 1))


def test_models_are_remembered_apart(host: OpenAI) -> None:
    host.models = {MODEL: Voice(("json",)), "whisper-1": ALL}
    engine = there(host)
    heard(engine)
    engine.model = "whisper-1"
    assert len(segments(heard(engine))) == 2


def test_a_refusal_of_the_recording_is_no_reason_to_ask_again(host: OpenAI) -> None:
    host.fail(on="transcribe", status=400, error="The audio is odd")
    with pytest.raises(EngineError, match="The OpenAI-compatible server refused this recording: The audio is odd"):
        heard(there(host))
    assert formats(host) == [400]


def test_a_host_that_refuses_every_format_is_an_error(host: OpenAI) -> None:
    host.fail(on="transcribe", status=400, error="response_format is not supported")
    with pytest.raises(EngineError, match="response_format is not supported"):
        heard(there(host))
    assert formats(host) == [400, 400]


@pytest.mark.parametrize("extra", [{"segments": [], "words": []}, {"segments": None, "words": None}])
def test_text_alone_is_taken_from_whom_nobody_knows(host: OpenAI, extra: dict[str, object]) -> None:
    host.extra = extra
    assert segments(heard(there(host))) == [Segment(0.0, SECONDS, "Good evening. Who is?")]


def test_times_told_as_text_and_made_up_likelihoods_are_understood(host: OpenAI) -> None:
    """As vLLM writes them."""
    one = {"start": "0.5", "end": "1.75", "text": " Good evening.", "avg_logprob": -1.0, "compression_ratio": -1.0}
    host.extra = {"duration": "12.45", "segments": [one], "words": None}
    assert segments(heard(there(host))) == [Segment(0.5, 1.75, "Good evening.")]


def test_words_inside_of_their_segments_are_found(host: OpenAI) -> None:
    """As speaches writes them."""
    word = {"start": 0.5, "end": 0.9, "word": " Good", "probability": 0.75}
    host.extra = {"segments": [{"start": 0.5, "end": 1.75, "text": " Good.", "words": [word]}], "words": None}
    (one,) = segments(heard(there(host)))
    assert [(word.text, word.start, word.confidence) for word in one.words] == [("Good", 0.5, 0.75)]


def test_a_host_may_ask_for_no_key(host: OpenAI) -> None:
    host.key = ""
    engine = there(host, key="")
    assert engine.availability().ready
    assert segments(heard(engine))


def test_a_key_that_was_given_is_sent(host: OpenAI) -> None:
    assert segments(heard(there(host)))
    with pytest.raises(EngineError, match="The key for the OpenAI-compatible server was refused"):
        heard(there(host, key=""))


def test_prices_dates_and_languages_of_openai_are_not_told_of_others(host: OpenAI) -> None:
    (model,) = there(host, "").models()
    can = there(host, "").can()
    assert (model.name, model.shutdown_date, can.usd_per_hour, can.languages) == ("whisper-1", None, None, None)
    assert (can.max_bytes, can.max_seconds, can.max_in_flight) == (25_000_000, 600, 4)
    assert (can.segment_times, can.word_times, can.speakers) == (True, True, False)


def test_a_copy_of_a_model_of_text_alone_is_one(host: OpenAI) -> None:
    assert not there(host, "gpt-4o-transcribe").can().segment_times


def test_only_what_the_operator_chose_can_be_chosen(host: OpenAI) -> None:
    engine = there(host)
    assert [model.name for model in engine.models()] == [MODEL]
    with pytest.raises(InvalidInput) as refused:
        engine.check_options(Options(model="gpt-transcribe"))
    assert refused.value.field == "model"
    engine.check_options(Options(language="tlh"))


def test_it_says_whether_it_is_there(host: OpenAI) -> None:
    assert (there(host).health().reachable, there(host).health().reason) == (True, None)
    state = there(host, key="wrong").health()
    assert (state.reachable, state.reason) == (
        False,
        "The key for the OpenAI-compatible server was refused. Ask the operator to check OPENAI_API_KEY.",
    )
    assert host.count("transcribe") == 0


@pytest.mark.parametrize("is_openai", [True, False])
def test_only_a_host_of_ones_own_may_have_no_list_of_models(host: OpenAI, is_openai: bool) -> None:
    host.fail(on="models", status=404, body='{"detail": "Not Found"}')
    assert there(host, is_openai=is_openai).health().reachable is not is_openai


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"body": "<html>Welcome</html>"}, "does not understand"),
        ({"body": "[]"}, "does not understand"),
        ({"body": '{"data": null}'}, "does not understand"),
        ({"status": 503}, "out of order"),
        ({"reset": True}, "could not be reached"),
    ],
)
def test_whatever_is_wrong_with_it_is_told_as_its_health(host: OpenAI, fault: dict[str, Any], said: str) -> None:
    host.fail(on="models", **fault)
    state = there(host).health()
    assert (state.reachable, said in (state.reason or "")) == (False, True)


@pytest.mark.parametrize(("status", "error"), [(404, "Model 'x' is not installed locally."), (404, "The model does not exist")])
def test_a_model_that_it_does_not_have_is_said(host: OpenAI, status: int, error: str) -> None:
    host.fail(on="transcribe", status=status, error=error)
    with pytest.raises(EngineError, match="does not have this model") as failed:
        heard(there(host), NO_OPTIONS)
    assert not failed.value.retryable


def test_bytes_in_no_format_that_is_taken_are_not_sent(host: OpenAI, tmp_path: Path) -> None:
    path = tmp_path / "sound.aiff"
    path.write_bytes(b"FORM1234AIFF")
    with pytest.raises(EngineError, match="takes no recordings of this format"):
        heard(there(host), path=path)
    assert host.calls == []


def test_a_key_that_is_repeated_in_a_refusal_is_told_to_nobody(host: OpenAI) -> None:
    host.key = "a key of a host"
    host.fail(status=400, error="Not with a key of a host, please")
    with pytest.raises(EngineError) as failed:
        heard(there(host, key=host.key))
    assert failed.value.message.endswith("refused this recording: Not with , please.")
