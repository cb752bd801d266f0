"""The real AssemblyAI, or whoever is at ASSEMBLYAI_BASE_URL: runs only with ASSEMBLYAI_API_KEY set, and costs a cent."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.stt.listening import REFERENCES, audio
from tests.conftest import FIXTURES
from tests.waiting import until
from tests.wer import score
from textor import settings as settings_module
from textor.adapters.stt.assemblyai import AssemblyAIEngine
from textor.adapters.stt.port import Audio, Options, RemoteJob
from textor.domain.transcript import Transcript
from textor.errors import EngineError, JobLost

NAMES = ("ASSEMBLYAI_API_KEY", "ASSEMBLYAI_BASE_URL", "ASSEMBLYAI_SPEECH_MODELS")
SAMPLE, CALL = FIXTURES / "sample.flac", FIXTURES / "dialogue_stereo.flac"
WORST_RATE = 0.15
LONGEST_SECONDS = 300

pytestmark = [
    pytest.mark.skipif(not os.environ.get("ASSEMBLYAI_API_KEY"), reason="ASSEMBLYAI_API_KEY is not in the environment"),
    pytest.mark.enable_socket,
    pytest.mark.timeout(LONGEST_SECONDS + 60),
]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    given = {name: os.environ[name] for name in NAMES if os.environ.get(name)}
    return {"DATA_DIR": str(tmp_path), **given}


@pytest.fixture
def engine(environ: dict[str, str]) -> AssemblyAIEngine:
    return AssemblyAIEngine.from_settings(settings_module.load(environ))


def heard(engine: AssemblyAIEngine, sound: Audio, options: Options) -> Transcript:
    """Ordered, waited for and deleted there."""
    job = engine.start(sound, options)
    found: list[Transcript] = []

    def is_done() -> bool:
        answer = engine.check(job, options)
        found.extend([answer] if isinstance(answer, Transcript) else [])
        return bool(found)

    until(is_done, "AssemblyAI is done", LONGEST_SECONDS, pause=3)
    engine.cancel(job)
    return replace(found[0], segments=list(found[0].segments))


def test_it_is_there_and_takes_the_key(engine: AssemblyAIEngine) -> None:
    health = engine.health()
    assert (health.reachable, health.reason) == (True, None)


@pytest.mark.parametrize("language", ["en", None])
def test_it_hears_what_was_said_with_the_times_of_words(engine: AssemblyAIEngine, language: str | None) -> None:
    transcript = heard(engine, audio(SAMPLE), Options(language=language))
    said = list(transcript.segments)
    assert score(REFERENCES["sample.flac"]["text"], " ".join(segment.text for segment in said)).rate <= WORST_RATE
    assert all(segment.words for segment in said)
    assert transcript.language == "en"


def test_the_channels_of_a_call_are_told_apart(engine: AssemblyAIEngine) -> None:
    transcript = heard(engine, replace(audio(CALL), channels=2), Options(language="en", diarize=True))
    assert len({segment.speaker for segment in transcript.segments}) == 2


def test_hints_and_speakers_are_taken(engine: AssemblyAIEngine) -> None:
    transcript = heard(engine, audio(SAMPLE), Options(language="en", vocabulary=("Textor",), diarize=True))
    assert all(segment.speaker for segment in transcript.segments)


def test_a_job_that_is_deleted_is_unknown(engine: AssemblyAIEngine) -> None:
    with pytest.raises(JobLost):
        engine.check(RemoteJob("00000000-0000-4000-8000-000000000000"), Options())


def test_a_wrong_key_is_refused(environ: dict[str, str]) -> None:
    engine = AssemblyAIEngine.from_settings(settings_module.load({**environ, "ASSEMBLYAI_API_KEY": "not-a-key"}))
    with pytest.raises(EngineError, match="check ASSEMBLYAI_API_KEY"):
        engine.start(audio(SAMPLE), Options())
