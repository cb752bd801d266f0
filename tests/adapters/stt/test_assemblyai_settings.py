"""How AssemblyAI is set up: its settings, its library, its languages."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.stt.test_assemblyai import KEY, at, engine, provider
from tests.conftest import SHARED, missing
from tests.emulators.assemblyai import AssemblyAI
from tests.laws import ROOT
from textor import settings as settings_module
from textor.adapters.stt.assemblyai import LANGUAGES, AssemblyAIEngine
from textor.adapters.stt.port import Health
from textor.errors import ConfigurationError

__all__ = ["engine", "provider"]


def test_it_is_ready_with_a_key_and_says_what_to_set_without(tmp_path: Path) -> None:
    for name in ("ASSEMBLYAI_API_KEY", "API_KEY_ASSEMBLYAI"):
        settings = settings_module.load({"DATA_DIR": str(tmp_path), name: KEY})
        assert AssemblyAIEngine.from_settings(settings).availability().ready
        assert KEY not in repr(settings) + repr(AssemblyAIEngine.from_settings(settings))
    state = AssemblyAIEngine.from_settings(settings_module.load({"DATA_DIR": str(tmp_path)})).availability()
    assert (state.ready, state.reason) == (False, "Set ASSEMBLYAI_API_KEY to use AssemblyAI.")


def test_its_library_missing_is_said() -> None:
    state = replace(at("http://127.0.0.1"), library="no_such_library").availability()
    assert (state.ready, state.reason and "pip install assemblyai" in state.reason) == (False, True)


def test_where_and_with_which_models_is_set_by_the_operator(tmp_path: Path) -> None:
    environ = {"DATA_DIR": str(tmp_path), "ASSEMBLYAI_BASE_URL": "https://eu.example", "ASSEMBLYAI_SPEECH_MODELS": "universal-2"}
    engine = AssemblyAIEngine.from_settings(settings_module.load(environ))
    assert (engine.base_url, engine.speech_models) == ("https://eu.example", ("universal-2",))
    usual = AssemblyAIEngine.from_settings(settings_module.load({"DATA_DIR": str(tmp_path)}))
    assert (usual.base_url, usual.speech_models) == ("https://api.assemblyai.com", ("universal-3-5-pro", "universal-2"))


@pytest.mark.parametrize("key", ["two words", "schlüssel", "a\x07bell"])
def test_what_is_no_key_stops_the_start_without_being_shown(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigurationError, match="ASSEMBLYAI_API_KEY must be a key") as error:
        settings_module.load({"DATA_DIR": str(tmp_path), "ASSEMBLYAI_API_KEY": key})
    assert key not in str(error.value)


def test_the_sdk_is_in_the_same_mode_here_and_where_textor_runs() -> None:
    """Without pydantic-settings it falls back to pydantic's version 1, with other ideas of what an answer may be."""
    from assemblyai import types

    runtime = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert (types.pydantic_v2, "\npydantic-settings==" in runtime) == (True, True)


def test_its_languages_are_those_of_its_document() -> None:
    document = SHARED / "specs" / "assemblyai-openapi.json"
    if not document.exists():
        missing("AssemblyAI's OpenAPI document")
        return
    codes = set(json.loads(document.read_text(encoding="utf-8"))["components"]["schemas"]["TranscriptLanguageCode"]["enum"])
    assert {"jv" if code == "jw" else code for code in codes} == LANGUAGES


def test_whether_it_is_there_and_takes_the_key_is_asked_in_one_call(engine: AssemblyAIEngine, provider: AssemblyAI) -> None:
    assert engine.health() == Health(True)
    assert [call.kind for call in provider.calls] == ["list"]


def test_a_provider_that_is_away_or_refuses_the_key_is_not_reachable(engine: AssemblyAIEngine, provider: AssemblyAI) -> None:
    provider.fail(status=503, calls=1)
    assert "out of order" in (engine.health().reason or "")
    refused = replace(at(provider.url), key="wrong").health()
    assert (refused.reachable, "ASSEMBLYAI_API_KEY" in (refused.reason or "")) == (False, True)


def test_nobody_is_asked_without_a_key() -> None:
    assert replace(at("http://127.0.0.1:1"), key="").health() == Health(False, "Set ASSEMBLYAI_API_KEY to use AssemblyAI.")
