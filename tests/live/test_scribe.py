"""The real MetisAI: runs only with SCRIBE_TOKEN in the environment, and costs what it takes for two short recordings."""

import os
import time
from pathlib import Path

import pytest

from tests.adapters.stt.listening import REFERENCES, audio
from tests.conftest import FIXTURES
from tests.wer import score
from textor import settings as settings_module
from textor.adapters.stt.port import Options, Progress
from textor.adapters.stt.scribe import ScribeEngine
from textor.domain.transcript import Transcript
from textor.errors import EngineError

NAMES = ("SCRIBE_TOKEN", "SCRIBE_BASE_URL")
PATIENCE_SECONDS = 90

pytestmark = [
    pytest.mark.skipif(not os.environ.get("SCRIBE_TOKEN"), reason="SCRIBE_TOKEN is not in the environment"),
    pytest.mark.enable_socket,
]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    given = {name: os.environ[name] for name in NAMES if os.environ.get(name)}
    return {"DATA_DIR": str(tmp_path), **given}


@pytest.fixture
def engine(environ: dict[str, str]) -> ScribeEngine:
    return ScribeEngine.from_settings(settings_module.load(environ))


def heard(engine: ScribeEngine, file: str, options: Options) -> Transcript:
    job = engine.start(audio(FIXTURES / file), options)
    until, answer = time.monotonic() + PATIENCE_SECONDS, engine.check(job, options)
    while isinstance(answer, Progress) and time.monotonic() < until:
        time.sleep(answer.poll_seconds)
        answer = engine.check(job, options)
    assert isinstance(answer, Transcript)
    return answer


def test_it_is_there_takes_the_key_and_tells_its_balance(engine: ScribeEngine) -> None:
    health = engine.health()
    assert (health.reachable, health.reason) == (True, None)
    assert health.credit


@pytest.mark.parametrize(("file", "language", "worst"), [("sample.flac", None, 0.15), ("persian.flac", "fa", 0.4)])
def test_it_hears_what_was_said(engine: ScribeEngine, file: str, language: str | None, worst: float) -> None:
    text = " ".join(segment.text for segment in heard(engine, file, Options(language=language)).segments)
    assert score(REFERENCES[file]["text"], text).rate <= worst


def test_a_wrong_key_is_refused(environ: dict[str, str]) -> None:
    engine = ScribeEngine.from_settings(settings_module.load({**environ, "SCRIBE_TOKEN": "not-a-key"}))
    with pytest.raises(EngineError, match="check SCRIBE_TOKEN"):
        engine.start(audio(FIXTURES / "sample.flac"), Options())
