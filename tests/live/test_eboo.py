"""The real EBOO: runs only with EBOO_TOKEN in the environment, and costs a few seconds of its credit."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.stt.listening import REFERENCES, audio
from tests.conftest import FIXTURES
from tests.wer import score
from textor import settings as settings_module
from textor.adapters.audio import convert, encoding
from textor.adapters.stt.eboo import EbooEngine
from textor.adapters.stt.port import Audio, Options, Progress
from textor.domain.transcript import Transcript
from textor.errors import EngineError

NAMES = ("EBOO_TOKEN", "EBOO_BASE_URL")
WORST_RATE = 0.4
PATIENCE_SECONDS = 90

pytestmark = [
    pytest.mark.skipif(not os.environ.get("EBOO_TOKEN"), reason="EBOO_TOKEN is not in the environment"),
    pytest.mark.enable_socket,
]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    given = {name: os.environ[name] for name in NAMES if os.environ.get(name)}
    return {"DATA_DIR": str(tmp_path), **given}


@pytest.fixture
def engine(environ: dict[str, str]) -> EbooEngine:
    return EbooEngine.from_settings(settings_module.load(environ))


@pytest.fixture
def recording(tmp_path: Path) -> Audio:
    """Somebody who says a Persian sentence, as EBOO takes it."""
    path = tmp_path / "persian.mp3"
    encoding.write(convert.blocks(FIXTURES / "persian.flac"), path, codec="mp3")
    return replace(audio(FIXTURES / "persian.flac"), path=path)


def test_it_is_there_takes_the_token_and_tells_its_credit(engine: EbooEngine) -> None:
    health = engine.health()
    assert (health.reachable, health.reason) == (True, None)
    assert health.credit


def test_it_hears_what_was_said_and_deletes_the_file(engine: EbooEngine, recording: Audio) -> None:
    job = engine.start(recording, Options(language="fa"))
    until, answer = time.monotonic() + PATIENCE_SECONDS, engine.check(job, Options())
    while isinstance(answer, Progress) and time.monotonic() < until:
        time.sleep(answer.poll_seconds)
        answer = engine.check(job, Options())
    assert isinstance(answer, Transcript)
    text = " ".join(segment.text for segment in answer.segments)
    assert score(REFERENCES["persian.flac"]["text"], text).rate <= WORST_RATE
    engine.cancel(job)
    engine.cancel(job)


def test_a_wrong_token_is_refused(environ: dict[str, str], recording: Audio) -> None:
    engine = EbooEngine.from_settings(settings_module.load({**environ, "EBOO_TOKEN": "not-a-token"}))
    with pytest.raises(EngineError, match="check EBOO_TOKEN"):
        engine.start(recording, Options())
