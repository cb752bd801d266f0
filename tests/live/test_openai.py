"""The real OpenAI, or whoever is at OPENAI_BASE_URL: runs only with OPENAI_API_KEY in the environment, and costs a cent."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.adapters.stt.listening import REFERENCES, audio
from tests.conftest import FIXTURES
from tests.wer import score
from textor import settings as settings_module
from textor.adapters.stt.openai import OpenAIEngine
from textor.adapters.stt.port import Options
from textor.domain.transcript import Transcript
from textor.errors import EngineError

NAMES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_TRANSCRIBE_MODEL")
SAMPLE = FIXTURES / "sample.flac"
WORST_RATE = 0.15

pytestmark = [
    pytest.mark.skipif(not os.environ.get("OPENAI_API_KEY"), reason="OPENAI_API_KEY is not in the environment"),
    pytest.mark.enable_socket,
]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    given = {name: os.environ[name] for name in NAMES if os.environ.get(name)}
    return {"DATA_DIR": str(tmp_path), **given}


@pytest.fixture
def engine(environ: dict[str, str]) -> OpenAIEngine:
    return OpenAIEngine.from_settings(settings_module.load(environ))


def heard(engine: OpenAIEngine, options: Options) -> Transcript:
    return engine.start(audio(SAMPLE), options)


def assert_heard_well(transcript: Transcript) -> None:
    text = " ".join(segment.text for segment in transcript.segments)
    assert score(REFERENCES["sample.flac"]["text"], text).rate <= WORST_RATE


def test_it_is_there_and_takes_the_key(engine: OpenAIEngine) -> None:
    health = engine.health()
    assert (health.reachable, health.reason) == (True, None)


def test_every_model_that_is_offered_hears_what_was_said(engine: OpenAIEngine) -> None:
    today = datetime.now(UTC).date().isoformat()
    for model in engine.models():
        if model.shutdown_date and model.shutdown_date <= today:
            continue
        transcript = heard(engine, Options(model=model.name, language="en"))
        assert_heard_well(transcript)
        can = engine.can(model.name)
        assert len(list(transcript.segments)) > 1 or not can.segment_times
        assert any(segment.words for segment in transcript.segments) is can.word_times


def test_the_language_is_detected(engine: OpenAIEngine) -> None:
    assert heard(engine, Options()).language in {"en", None}  # None: not reliably


def test_vocabulary_is_taken(engine: OpenAIEngine) -> None:
    if engine.can().vocabulary:
        assert_heard_well(heard(engine, Options(vocabulary=("Textor", "Ada Lovelace"))))


def test_a_wrong_key_is_refused(environ: dict[str, str]) -> None:
    engine = OpenAIEngine.from_settings(settings_module.load({**environ, "OPENAI_API_KEY": "sk-not-a-key"}))
    if engine.is_openai:
        with pytest.raises(EngineError, match="check OPENAI_API_KEY"):
            heard(engine, Options())
