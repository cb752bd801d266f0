"""Deepgram against an emulator on loopback."""

import logging
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.stt.listening import audio
from tests.conftest import FIXTURES
from tests.emulators.deepgram import Deepgram
from tests.emulators.provider import serving
from tests.emulators.speech import Spoken
from tests.emulators.test_deepgram import read_document
from tests.laws import ROOT
from textor import settings as settings_module
from textor.adapters.stt.deepgram import DeepgramEngine
from textor.adapters.stt.deepgram_models import MODELS
from textor.adapters.stt.port import Audio, Options
from textor.domain import languages
from textor.domain.transcript import Segment, Transcript
from textor.errors import InvalidInput

KEY = "0123456789abcdef-a-key"
RECORDING = FIXTURES / "dialogue_stereo.flac"
SHA256 = sha256(RECORDING.read_bytes()).hexdigest()
NO_OPTIONS = Options()


@pytest.fixture
def provider() -> Iterator[Deepgram]:
    with serving(Deepgram(KEY)) as emulator:
        yield emulator


@pytest.fixture
def engine(provider: Deepgram) -> DeepgramEngine:
    return at(provider.url)


def at(url: str, *, key: str = KEY, seconds: float = 30) -> DeepgramEngine:
    return DeepgramEngine(key, url, seconds, seconds)


def recording(path: Path = RECORDING, channels: int = 1) -> Audio:
    return replace(audio(FIXTURES / "silence.flac"), path=path, channels=channels)


def heard(engine: DeepgramEngine, options: Options = NO_OPTIONS, channels: int = 1) -> Transcript:
    return engine.start(recording(channels=channels), options)


def segments(transcript: Transcript) -> list[Segment]:
    return list(transcript.segments)


def asked(provider: Deepgram) -> dict[str, list[str]]:
    """The query of the last request."""
    return {name: list(values) for name, values in provider.requests[-1].query.items()}


def test_one_request_sends_the_file_as_it_is_and_hears_all_of_it(provider: Deepgram, engine: DeepgramEngine) -> None:
    words = [word.text for segment in segments(heard(engine)) for word in segment.words]
    assert words == [word.text for word in provider.script(RECORDING.read_bytes())]
    (request,) = provider.requests
    assert (request.sha256, request.length) == (SHA256, RECORDING.stat().st_size)
    assert request.content_type == "application/octet-stream"
    assert [call.kind for call in provider.calls] == ["listen"]


def test_words_come_in_sentences_with_times_and_confidence(provider: Deepgram, engine: DeepgramEngine) -> None:
    provider.said[SHA256] = [
        Spoken("Good", 0.5, 0.9),
        Spoken("evening.", 1.0, 1.75),
        Spoken("Who", 2.0, 2.2),
        Spoken("is?", 2.2, 3),
    ]
    first, second = segments(heard(engine))
    assert (first.text, second.text, first.speaker, first.speaker_confidence) == ("Good evening.", "Who is?", None, None)
    assert (first.start, first.end, second.start) == (0.5, 1.75, 2.0)
    assert [(word.text, word.start, word.end, word.confidence) for word in first.words] == [
        ("Good", 0.5, 0.9, 0.99),
        ("evening.", 1.0, 1.75, 0.99),
    ]


def test_speakers_are_told_apart_on_demand_and_it_says_how_sure_it_is(provider: Deepgram, engine: DeepgramEngine) -> None:
    transcript = heard(engine, Options(diarize=True))
    assert {segment.speaker for segment in transcript.segments} == {"Speaker 1", "Speaker 2"}
    assert {segment.speaker_confidence for segment in transcript.segments} == {0.8}
    assert (asked(provider).get("diarize_model"), "multichannel" in asked(provider)) == (["latest"], False)


def test_the_channels_of_a_call_are_its_speakers(provider: Deepgram, engine: DeepgramEngine) -> None:
    transcript = heard(engine, Options(diarize=True), channels=2)
    assert {segment.speaker for segment in transcript.segments} == {"Speaker 1", "Speaker 2"}
    assert (asked(provider).get("multichannel"), "diarize_model" in asked(provider)) == (["true"], False)
    starts = [segment.start for segment in segments(transcript)]
    assert starts == sorted(starts)


def test_two_channels_are_one_recording_to_who_asks_for_no_speakers(provider: Deepgram, engine: DeepgramEngine) -> None:
    heard(engine, channels=2)
    assert not {"multichannel", "diarize_model"} & set(asked(provider))


def word(text: str, start: float, speaker: int) -> dict[str, Any]:
    return {"word": text, "punctuated_word": text, "start": start, "end": start + 0.4, "confidence": 0.9, "speaker": speaker}


def test_a_turn_in_which_two_speak_is_cut_where_the_other_begins(provider: Deepgram, engine: DeepgramEngine) -> None:
    words = [word("So", 0, 0), word("the", 1, 0), word("the", 1.5, 1), word("end.", 2, 1)]
    turn = {
        "start": 0,
        "end": 2.4,
        "confidence": 0.9,
        "channel": 0,
        "transcript": "So the the end.",
        "words": words,
        "speaker": 0,
    }
    channel = {"alternatives": [{"transcript": "So the the end.", "confidence": 0.9, "words": words}]}
    provider.extra = {"results": {"channels": [channel], "utterances": [turn]}}
    found = [(segment.speaker, segment.text) for segment in segments(heard(engine, Options(diarize=True)))]
    assert found == [("Speaker 1", "So the"), ("Speaker 2", "the end.")]


def test_without_turns_the_words_of_the_channels_are_heard(provider: Deepgram, engine: DeepgramEngine) -> None:
    channels = [{"alternatives": [{"transcript": "One.", "words": [word("One.", at, 0)]}]} for at in (5, 4)]
    provider.extra = {"results": {"channels": channels}}
    found = [(segment.start, segment.speaker) for segment in segments(heard(engine, Options(diarize=True), channels=2))]
    assert found == [(4, "Speaker 2"), (5, "Speaker 1")]


@pytest.mark.parametrize(
    ("chosen", "sent"),
    [("fa", "fa"), ("en-US", "en-US"), ("en_uk", "en-GB"), ("zh_tw", "zh-TW"), ("yue", "zh-HK"), ("pt-br", "pt")],
)
def test_a_chosen_language_is_asked_for_in_the_providers_spelling(
    provider: Deepgram, engine: DeepgramEngine, chosen: str, sent: str
) -> None:
    transcript = heard(engine, Options(language=chosen))
    assert (asked(provider)["language"], "detect_language" in asked(provider)) == ([sent], False)
    assert transcript.language == chosen


def test_nova_3_finds_the_language_out_by_the_model_that_hears_many(provider: Deepgram, engine: DeepgramEngine) -> None:
    """Its detection knows no Persian."""
    transcript = heard(engine)
    assert (asked(provider)["language"], "detect_language" in asked(provider)) == (["multi"], False)
    assert (transcript.language, transcript.language_confidence) == ("en", None)
    assert transcript.details["language_codes"] == ["en"]


def test_nova_2_detects_the_language_and_says_how_sure_it_is(provider: Deepgram, engine: DeepgramEngine) -> None:
    transcript = heard(engine, Options(model="nova-2"))
    assert (asked(provider)["detect_language"], "language" in asked(provider)) == (["true"], False)
    assert (transcript.language, transcript.language_confidence) == ("en", 0.98)


@pytest.mark.parametrize(("model", "name"), [(None, "keyterm"), ("nova-3", "keyterm"), ("nova-2", "keywords")])
def test_hints_go_where_the_model_takes_them(provider: Deepgram, engine: DeepgramEngine, model: str | None, name: str) -> None:
    heard(engine, Options(model=model, vocabulary=("Textor", "Ada&Co")))
    assert asked(provider)[name] == ["Textor", "Ada&Co"]
    assert len({"keyterm", "keywords"} & set(asked(provider))) == 1


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (Options(language="tlh"), "language"),
        (Options(language="fa", model="nova-2"), "language"),
        (Options(model="whisper"), "model"),
        (Options(speaker_count=2), "speaker_count"),
        (Options(vocabulary=("a",) * 101), "vocabulary"),
        (Options(model="nova-2", vocabulary=("two words",)), "vocabulary"),
        (Options(model="nova-2", vocabulary=("louder:9",)), "vocabulary"),
    ],
)
def test_what_it_cannot_honour_is_refused_before_anything_is_sent(
    provider: Deepgram, engine: DeepgramEngine, options: Options, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        heard(engine, options)
    assert (refused.value.field, provider.calls) == (field, [])


@pytest.mark.parametrize(
    "options",
    [Options(), Options(language="fa", diarize=True, vocabulary=("Textor",)), Options(model="nova-2", vocabulary=("Textor",))],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_nothing_is_asked_that_the_document_does_not_know_or_has_outlived(
    provider: Deepgram, engine: DeepgramEngine, options: Options, channels: int
) -> None:
    heard(engine, options, channels)
    parameters = read_document()["paths"]["/v1/listen"]["post"]["parameters"]
    known = {one["name"]: str(one.get("description")) for one in parameters if one["in"] == "query"}
    assert set(asked(provider)) <= set(known)
    assert not [name for name in asked(provider) if "Deprecated" in known[name]]
    assert "callback" not in asked(provider)


def test_silence_is_an_empty_transcript(provider: Deepgram, engine: DeepgramEngine) -> None:
    provider.said[SHA256] = []
    assert segments(heard(engine)) == []


def test_details_tell_the_model_the_length_and_the_requests_number(engine: DeepgramEngine) -> None:
    details = heard(engine).details
    assert (details["speech_model_used"], details["audio_channels"]) == ("general-nova-3", 1)
    assert details["audio_duration"] == pytest.approx(audio(RECORDING).seconds, abs=0.1)
    assert len(str(details["request_id"])) == 36


def test_each_model_says_what_it_hears_and_costs(engine: DeepgramEngine) -> None:
    nova_3, nova_2 = engine.can(), engine.can("nova-2")
    assert [model.name for model in engine.models()] == ["nova-3", "nova-2"]
    assert nova_3 == engine.can("nova-3") == engine.capabilities
    assert "fa" in (nova_3.languages or ())
    assert "fa" not in (nova_2.languages or ())
    assert (nova_3.usd_per_hour or 0) > (nova_2.usd_per_hour or 0) > 0
    assert all(languages.by_code(code) for one in MODELS.values() for code in one.languages)


def test_it_is_ready_with_a_key_and_says_what_to_set_without(tmp_path: Path) -> None:
    environ = {"DATA_DIR": str(tmp_path), "DEEPGRAM_API_KEY": KEY, "DEEPGRAM_BASE_URL": "https://api.eu.deepgram.com"}
    engine = DeepgramEngine.from_settings(settings_module.load(environ))
    assert (engine.availability().ready, engine.base_url) == (True, "https://api.eu.deepgram.com")
    assert KEY not in repr(engine)
    without = DeepgramEngine.from_settings(settings_module.load({"DATA_DIR": str(tmp_path)}))
    assert (without.availability().reason, without.base_url) == (
        "Set DEEPGRAM_API_KEY to use Deepgram.",
        "https://api.deepgram.com",
    )


def test_health_tells_the_credit(provider: Deepgram, engine: DeepgramEngine) -> None:
    provider.usd = 12.5
    state = engine.health()
    assert (state.reachable, state.reason, state.credit) == (True, None, "12.50 USD")


def test_a_recording_is_never_held_in_memory(tmp_path: Path) -> None:
    """The provider is a process of its own here, so that what it keeps doesn't count."""
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(60_000_000)
    command = [sys.executable, "-m", "tests.emulators.deepgram", "--key", KEY]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    with process:
        engine = at(process.stdout.readline().strip(), seconds=60)
        engine.health()  # what is loaded on use is loaded
        tracemalloc.start()
        engine.start(recording(large), NO_OPTIONS)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        process.terminate()
    assert peak < 5_000_000


def test_neither_key_nor_words_reach_a_log(provider: Deepgram, engine: DeepgramEngine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    heard(engine, Options(vocabulary=("a-secret-name",)))
    assert not any(word in caplog.text for word in (KEY, SHA256[:8]))
