"""What every engine owes its port."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from textor import settings
from textor.adapters import discovery
from textor.adapters.stt.port import Availability, Engine, Model, Options, RemoteJob
from textor.errors import EngineError, InvalidInput
from textor.features.transcription import fitting

KINDS = discovery.engines()
HEAVY = (
    "ctranslate2",
    "faster_whisper",
    "onnxruntime",
    "huggingface_hub",
    "tokenizers",
    "pocketsphinx",
    "openai",
    "assemblyai",
    "deepgram",
)

LOOK_AT_ALL = """
import json, sys
from textor import settings
from textor.adapters import discovery
chosen = settings.load()
for kind in discovery.engines():
    engine = kind.from_settings(chosen)
    engine.availability(), engine.models()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    kind: type[Engine] = request.param
    return kind.from_settings(settings.load({"DATA_DIR": str(tmp_path)}))


def test_the_local_engines_are_found_whisper_first() -> None:
    names = [kind.name for kind in KINDS]
    assert names.index("whisper") < names.index("sphinx")
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_engine_has_its_own_test(kind: type[Engine]) -> None:
    assert (Path(__file__).parent / f"test_{kind.name}.py").is_file()


def test_building_and_asking_engines_loads_no_heavy_library(tmp_path: Path) -> None:
    environ = {**os.environ, "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", LOOK_AT_ALL], capture_output=True, text=True, timeout=60, env=environ, check=True
    )
    assert set(json.loads(done.stdout)).isdisjoint(HEAVY)


def test_it_says_what_it_is_and_can(engine: Engine) -> None:
    assert engine.title
    assert engine.description
    for model in (None, *(model.name for model in engine.models())):
        languages = engine.can(model).languages
        assert languages is None or all(code == code.lower() and len(code) >= 2 for code in languages)


def test_it_takes_a_format_that_textor_writes(engine: Engine) -> None:
    for model in (None, *(model.name for model in engine.models())):
        assert fitting.form(engine.can(model), 60).ending


def test_it_says_whether_it_is_ready_and_if_not_what_to_do(engine: Engine) -> None:
    state = engine.availability()
    assert isinstance(state, Availability)
    assert state.ready is (state.reason is None)
    assert state.reason is None or state.reason.endswith(".")


def test_its_models_have_names_of_their_own(engine: Engine) -> None:
    models = engine.models()
    assert all(isinstance(model, Model) and model.name and model.full_name for model in models)
    assert len({model.name for model in models}) == len(models)


def test_it_accepts_a_choice_that_leaves_all_open(engine: Engine) -> None:
    engine.check_options(Options())


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (Options(language="tlh"), "language"),
        (Options(model="no-such-model"), "model"),
        (Options(vocabulary=("Textor",)), "vocabulary"),
        (Options(diarize=True, speaker_count=2), "speaker_count"),
    ],
    ids=["language", "model", "vocabulary", "speaker count"],
)
def test_what_it_cannot_honour_is_refused_aloud(engine: Engine, options: Options, field: str) -> None:
    can = engine.can()
    fine = {"language": can.languages is None, "vocabulary": can.vocabulary, "speaker_count": can.speaker_count}
    if fine.get(field):
        engine.check_options(options)
        return
    with pytest.raises(InvalidInput) as refusal:
        engine.check_options(options)
    assert refusal.value.field == field


def test_a_local_engine_has_no_jobs_to_wait_for(engine: Engine) -> None:
    if engine.can().runs_locally:
        with pytest.raises(EngineError, match="no jobs to wait for"):
            engine.check(RemoteJob("1"), Options())
        engine.cancel(RemoteJob("1"))


def test_an_engine_without_models_says_so_when_asked_for_one(engine: Engine) -> None:
    if not engine.models():
        with pytest.raises(EngineError, match="no models to download"):
            engine.download("base", lambda share: None)
        with pytest.raises(EngineError, match="no models to delete"):
            engine.delete("base")
