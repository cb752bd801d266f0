"""The real Vira, or whoever is at VIRA_BASE_URL: runs only with VIRA_TOKEN in the environment, and is charged to its account.

What nobody has written down is found out here: whether times are told, and how long a piece it takes.
"""

import os
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path

import pytest

from tests.adapters.stt.listening import audio
from tests.conftest import FIXTURES
from tests.waiting import until
from textor import settings as settings_module
from textor.adapters.audio import convert, encoding
from textor.adapters.stt.port import Audio, Options, Pcm, Progress, RemoteJob
from textor.adapters.stt.vira import ViraEngine
from textor.domain.transcript import Transcript
from textor.errors import EngineError

NAMES = ("VIRA_TOKEN", "VIRA_BASE_URL")
SAMPLE = FIXTURES / "persian.flac"

pytestmark = [
    pytest.mark.skipif(not os.environ.get("VIRA_TOKEN"), reason="VIRA_TOKEN is not in the environment"),
    pytest.mark.enable_socket,
]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    given = {name: os.environ[name] for name in NAMES if os.environ.get(name)}
    return {"DATA_DIR": str(tmp_path), **given}


@pytest.fixture
def engine(environ: dict[str, str]) -> ViraEngine:
    return ViraEngine.from_settings(settings_module.load(environ))


def as_mp3(folder: Path, times: int = 1) -> Audio:
    """The sample, so many times over, as Vira takes it."""
    file = folder / "sample.mp3"
    encoding.write(_blocks(times), file, codec="mp3")
    return audio(file)


def _blocks(times: int) -> Iterator[Pcm]:
    return chain.from_iterable(convert.blocks(path) for path in repeat(SAMPLE, times))


def heard(engine: ViraEngine, sound: Audio, options: Options) -> Transcript:
    answers: list[Transcript | RemoteJob | Progress] = [engine.start(sound, options)]

    def is_over() -> bool:
        if isinstance(answers[0], RemoteJob):
            answers.append(engine.check(answers[0], options))
        return isinstance(answers[-1], Transcript)

    until(is_over, "Vira is done", seconds=300)
    assert isinstance(answers[-1], Transcript)
    return answers[-1]


def test_it_is_there_and_takes_the_token(engine: ViraEngine) -> None:
    health = engine.health()
    assert (health.reachable, health.reason) == (True, None)


@pytest.mark.parametrize("model", ["default", "telephony"])
def test_every_model_hears_persian(engine: ViraEngine, tmp_path: Path, model: str) -> None:
    text = " ".join(segment.text for segment in heard(engine, as_mp3(tmp_path), Options(model=model)).segments)
    assert len([letter for letter in text if "\u0600" <= letter <= "\u06ff"]) > 10


def test_hints_and_speakers_are_taken(engine: ViraEngine, tmp_path: Path) -> None:
    options = Options(vocabulary=("تکستور",), diarize=True, speaker_count=2)
    assert list(heard(engine, as_mp3(tmp_path), options).segments)


def test_times_are_told(engine: ViraEngine, tmp_path: Path) -> None:
    sound = as_mp3(tmp_path)
    assert max(segment.end for segment in heard(engine, sound, Options()).segments) <= sound.seconds + 1


def test_the_longest_piece_that_it_is_sent_is_taken(engine: ViraEngine, tmp_path: Path) -> None:
    longest = engine.capabilities.max_seconds or 0
    sound = as_mp3(tmp_path, int(longest / audio(SAMPLE).seconds))
    assert list(heard(engine, sound, Options()).segments)


def test_a_wrong_token_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    engine = ViraEngine.from_settings(settings_module.load({**environ, "VIRA_TOKEN": "not-a-token"}))
    with pytest.raises(EngineError, match="check VIRA_TOKEN"):
        engine.start(as_mp3(tmp_path), Options())
