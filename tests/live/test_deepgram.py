"""The real Deepgram, or whoever is at DEEPGRAM_BASE_URL: runs only with DEEPGRAM_API_KEY in the environment, and costs a cent."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.stt.listening import REFERENCES, audio
from tests.conftest import FIXTURES
from tests.wer import score
from textor import settings as settings_module
from textor.adapters.stt.deepgram import DeepgramEngine
from textor.adapters.stt.port import Options
from textor.domain.transcript import Transcript
from textor.errors import EngineError

NAMES = ("DEEPGRAM_API_KEY", "DEEPGRAM_BASE_URL")
SAMPLE, CALL = FIXTURES / "sample.flac", FIXTURES / "dialogue_stereo.flac"
WORST_RATE = 0.15

pytestmark = [
    pytest.mark.skipif(not os.environ.get("DEEPGRAM_API_KEY"), reason="DEEPGRAM_API_KEY is not in the environment"),
    pytest.mark.enable_socket,
]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    given = {name: os.environ[name] for name in NAMES if os.environ.get(name)}
    return {"DATA_DIR": str(tmp_path), **given}


@pytest.fixture
def engine(environ: dict[str, str]) -> DeepgramEngine:
    return DeepgramEngine.from_settings(settings_module.load(environ))


def assert_heard_well(transcript: Transcript) -> None:
    heard = list(transcript.segments)
    text = " ".join(segment.text for segment in heard)
    assert score(REFERENCES["sample.flac"]["text"], text).rate <= WORST_RATE
    assert all(segment.words for segment in heard)


def test_it_is_there_and_takes_the_key(engine: DeepgramEngine) -> None:
    health = engine.health()
    assert (health.reachable, health.reason) == (True, None)


@pytest.mark.parametrize("model", ["nova-3", "nova-2"])
@pytest.mark.parametrize("language", ["en", None])
def test_every_model_hears_what_was_said_and_finds_the_language_out(
    engine: DeepgramEngine, model: str, language: str | None
) -> None:
    transcript = engine.start(audio(SAMPLE), Options(model=model, language=language))
    assert_heard_well(transcript)
    assert transcript.language == "en"


def test_every_language_that_is_offered_is_taken(engine: DeepgramEngine) -> None:
    refused = set()
    for model in engine.models():
        for language in sorted(engine.can(model.name).languages or ()):
            try:
                engine.start(audio(FIXTURES / "silence.flac"), Options(model=model.name, language=language))
            except EngineError as error:
                refused.add((model.name, language, error.message))
    assert refused == set()


@pytest.mark.parametrize("model", ["nova-3", "nova-2"])
def test_hints_and_speakers_are_taken(engine: DeepgramEngine, model: str) -> None:
    transcript = engine.start(audio(SAMPLE), Options(model=model, language="en", vocabulary=("Textor",), diarize=True))
    assert_heard_well(transcript)
    assert {segment.speaker for segment in transcript.segments} >= {"Speaker 1"}


def test_the_channels_of_a_call_are_told_apart(engine: DeepgramEngine) -> None:
    transcript = engine.start(replace(audio(CALL), channels=2), Options(language="en", diarize=True))
    assert {segment.speaker for segment in transcript.segments} == {"Speaker 1", "Speaker 2"}


def test_a_wrong_key_is_refused(environ: dict[str, str]) -> None:
    engine = DeepgramEngine.from_settings(settings_module.load({**environ, "DEEPGRAM_API_KEY": "not-a-key"}))
    with pytest.raises(EngineError, match="check DEEPGRAM_API_KEY"):
        engine.start(audio(SAMPLE), Options())
