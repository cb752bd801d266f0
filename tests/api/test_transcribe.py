"""What programs can choose: engines with their models, languages."""

from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient

from textor.domain import languages

CHOICE = {"name", "full_name", "is_downloaded", "size_mb", "description"}


@pytest.fixture
def models(client: FlaskClient) -> Mapping[str, dict[str, Any]]:
    answer = client.get("/api/transcribe/models?all=true")
    assert answer.status_code == 200
    assert answer.json is not None
    return {model["name"]: model for model in answer.json["models"]}


def test_whispers_models_go_by_their_own_names_and_others_by_their_engines(models: Mapping[str, dict[str, Any]]) -> None:
    assert set(models["tiny.en"]) >= CHOICE
    assert (models["tiny.en"]["full_name"], models["tiny.en"]["engine"]) == ("openai/whisper-tiny.en", "whisper")
    assert {"tiny.en", "base", "large-v3-turbo", "sphinx", "openai/gpt-transcribe", "deepgram/nova-3", "assemblyai"} <= set(
        models
    )


def test_what_each_can_not_do_is_said(models: Mapping[str, dict[str, Any]]) -> None:
    told = models["openai/gpt-transcribe"]
    assert (told["segment_times"], told["word_times"], told["speakers"], told["max_bytes"]) == (False, False, False, 25_000_000)
    assert models["tiny.en"]["languages"] == ["en"]
    assert models["openai/whisper-1"]["shutdown_date"] == "2027-02-26"
    assert models["eboo"]["languages"] == ["fa"]


def test_what_is_not_ready_says_what_to_do(models: Mapping[str, dict[str, Any]]) -> None:
    told = models["assemblyai"]
    assert (told["is_ready"], told["reason"]) == (False, "Set ASSEMBLYAI_API_KEY to use AssemblyAI.")


def test_one_is_used_where_none_is_named(models: Mapping[str, dict[str, Any]]) -> None:
    assert len([model for model in models.values() if model["is_default"]]) == 1


def test_what_is_not_configured_is_left_out_unless_it_is_asked_for(client: FlaskClient) -> None:
    told = {model["name"]: model["is_downloaded"] for model in client.get("/api/transcribe/models/").get_json()["models"]}
    assert {"tiny.en", "large-v3-turbo", "sphinx"} <= set(told)
    assert not any(name.startswith(("openai/", "deepgram", "assemblyai")) for name in told)
    assert (told["sphinx"], told["large-v3-turbo"]) == (True, False)


def test_languages_are_told_with_both_their_names(client: FlaskClient) -> None:
    answer = client.get("/api/transcribe/languages/")
    assert answer.json is not None
    told = answer.json["languages"]
    assert len(told) == len(languages.LANGUAGES) >= 99
    assert {"code": "fa", "name": "Persian", "native_name": "فارسی"} in told
