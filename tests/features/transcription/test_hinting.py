"""What becomes of a prompt: the names and terms in it, as many as the engine takes."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes import FakeEngine, prompt_engine
from textor.adapters.stt.port import Options
from textor.adapters.stt.whisper import WhisperEngine
from textor.errors import InvalidInput
from textor.features.transcription import hinting
from textor.features.transcription.naming import Chosen
from textor.toolbox import Toolbox


def told(tools: Toolbox, engine: FakeEngine | WhisperEngine, prompt: str) -> tuple[str, ...]:
    box = replace(tools, engines={engine.name: engine})
    return hinting.hints(box, Chosen(engine.name), "", prompt).vocabulary


@pytest.mark.parametrize(
    ("prompt", "terms"),
    [
        ("", ()),
        ("  \n ", ()),
        ("Grace Hopper, COBOL; UNIVAC", ("Grace Hopper", "COBOL", "UNIVAC")),
        ("COBOL, COBOL\nCOBOL", ("COBOL",)),
        ("He said “hello”. Version 3.5 of node.js", ("He said", "hello", "Version 3.5 of node.js")),
        ("This is a sentence that nobody could ever listen for, COBOL", ("COBOL",)),
        ("گریس هاپر، کوبول؛ یونیواک", ("گریس هاپر", "کوبول", "یونیواک")),
        ("x" * 101 + ", \x00y\x00", ("y",)),
    ],
)
def test_the_terms_of_a_prompt_are_hints(tools: Toolbox, prompt: str, terms: tuple[str, ...]) -> None:
    assert told(tools, prompt_engine(vocabulary=True), prompt) == terms


def test_an_engine_that_takes_no_hints_does_without(tools: Toolbox) -> None:
    assert told(tools, prompt_engine(), "Grace Hopper") == ()


def test_of_too_many_the_first_are_taken(tools: Toolbox, tmp_path: Path) -> None:
    terms = told(tools, WhisperEngine(tmp_path), ", ".join(f"Name{n:03}" for n in range(300)))

    assert 20 < len(terms) <= 60
    assert terms[0] == "Name000"


def test_a_hint_that_the_engine_refuses_is_left_out(tools: Toolbox) -> None:
    class Particular(FakeEngine):
        name = "particular"
        capabilities = prompt_engine(vocabulary=True).capabilities

        def check_options(self, options: Options) -> None:
            if options.vocabulary:
                raise InvalidInput("Not these.", field="vocabulary")

    assert told(tools, Particular(), "Grace Hopper, COBOL") == ()
