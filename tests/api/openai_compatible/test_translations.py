"""Translations into English, as OpenAI's clients ask for them."""

import io
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.openai_compatible.conftest import SOUND, Program
from tests.fakes import FakeEngine
from textor.adapters.stt.port import Capabilities
from textor.errors import InvalidInput
from textor.extensions import db
from textor.features.transcription import control
from textor.models import Transcription, User
from textor.toolbox import Toolbox


@pytest.fixture
def engine(tools: Toolbox) -> FakeEngine:
    """The one called fake, which translates."""
    found = tools.engines["fake"]
    assert isinstance(found, FakeEngine)
    can = Capabilities(detects_language=True, vocabulary=True, translates=True, runs_locally=True)
    found.__class__ = type("Translating", (FakeEngine,), {"capabilities": can})
    return found


def translated(program: Program, **fields: Any) -> TestResponse:
    data = {"model": "fake", **fields, "file": (io.BytesIO(SOUND), "sample.flac")}
    return program.api.post("/v1/audio/translations", data=data)


def test_a_translation_is_asked_of_the_engine_and_told_as_one(program: Program, worker: None, engine: FakeEngine) -> None:
    told = translated(program, response_format="verbose_json", prompt="COBOL").get_json()

    assert (told["task"], told["text"], told["language"]) == ("translate", "hello there general", "english")
    assert [(one.translate, one.vocabulary) for one in engine.heard] == [(True, ("COBOL",))]


def test_a_translation_is_not_the_transcription_of_the_same_recording(program: Program, worker: None, engine: FakeEngine) -> None:
    for _ in range(2):
        assert translated(program).get_json()["text"] == program.ask().get_json()["text"] == "hello there general"

    assert sorted(one.translate for one in engine.heard) == [False, True]


def test_another_go_is_a_translation_again_and_no_engine_gets_it_that_can_not(
    program: Program, worker: None, engine: FakeEngine, tools: Toolbox, alice: User
) -> None:
    translated(program)
    row_id = db.session.query(Transcription).one().id

    with pytest.raises(InvalidInput, match="does not translate"):
        control.retry(tools, alice.id, row_id, engine="sphinx")
    control.retry(tools, alice.id, row_id)
    translated(program)

    assert db.session.query(Transcription).one().details == {"translate": True}


def test_an_engine_that_does_not_translate_says_so(program: Program) -> None:
    answer = translated(program)

    assert answer.status_code == 400
    assert answer.get_json()["error"]["param"] == "model"
    assert "does not translate" in answer.get_json()["error"]["message"]


def test_a_translation_has_no_speakers(program: Program, engine: FakeEngine) -> None:
    assert translated(program, response_format="diarized_json").get_json()["error"]["param"] == "response_format"
