"""Which engine and model a program means by a name."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.stt.test_whisper_models import put_model
from tests.features.transcription.test_engines import KeylessEngine, ModelledEngine
from textor.adapters.stt.port import Model
from textor.adapters.stt.sphinx import SphinxEngine
from textor.adapters.stt.whisper import WhisperEngine
from textor.errors import InvalidInput
from textor.features.transcription import engines, naming
from textor.features.transcription.naming import Chosen
from textor.toolbox import Toolbox


class SlashedEngine(ModelledEngine):
    """Its models have slashes in their names."""

    name = "slashed"

    def models(self) -> list[Model]:
        return [Model("maker/fine", "Fine"), Model("base", "A namesake")]


@pytest.fixture
def stocked(tools: Toolbox, tmp_path: Path) -> Toolbox:
    """Whisper with one model here, and engines of other kinds."""
    put_model(tmp_path / "models" / "tiny.en")
    known = (WhisperEngine(tmp_path / "models"), SphinxEngine(), ModelledEngine(), SlashedEngine(), KeylessEngine())
    return replace(tools, engines={engine.name: engine for engine in known})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("tiny.en", Chosen("whisper", "tiny.en")),
        ("turbo", Chosen("whisper", "large-v3-turbo")),
        ("whisper-large-v3-turbo", Chosen("whisper", "large-v3-turbo")),
        ("openai/whisper-tiny.en", Chosen("whisper", "tiny.en")),
        ("Systran/faster-whisper-tiny.en", Chosen("whisper", "tiny.en")),
        ("whisper/turbo", Chosen("whisper", "large-v3-turbo")),
        ("whisper", Chosen("whisper")),
        ("sphinx", Chosen("sphinx")),
        ("modelled/old", Chosen("modelled", "old")),
        ("old", Chosen("modelled", "old")),
        ("slashed/maker/fine", Chosen("slashed", "maker/fine")),
        ("maker/fine", Chosen("slashed", "maker/fine")),
        ("base", Chosen("whisper", "base")),
        ("slashed/base", Chosen("slashed", "base")),
        ("keyless", Chosen("keyless")),
    ],
)
def test_a_name_means_an_engine_and_perhaps_its_model(stocked: Toolbox, name: str, meant: Chosen) -> None:
    assert naming.chosen(stocked, name) == meant


@pytest.mark.parametrize("name", ["", "whisper-1"])
def test_whoever_does_not_mind_gets_the_default_engine(stocked: Toolbox, name: str) -> None:
    chosen = replace(stocked, settings=replace(stocked.settings, default_engine="sphinx"))

    assert naming.chosen(chosen, name) == Chosen("sphinx")


def test_every_public_name_means_what_it_was_made_of(stocked: Toolbox) -> None:
    for offer in engines.offered(stocked):
        for facts in offer.facts:
            model = facts.model.name if facts.model else None
            assert naming.chosen(stocked, engines.public_name(offer.name, model)) == Chosen(offer.name, model)


@pytest.mark.parametrize("name", ["nothing", "modelled/none", "sphinx/", "/", "x" * 100_000])
def test_an_unknown_name_is_refused_with_a_list_of_what_there_is(stocked: Toolbox, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"Available: tiny\.en, sphinx, modelled/new") as refusal:
        naming.chosen(stocked, name)

    assert refusal.value.field == "model"
    assert len(refusal.value.message) < 500


def test_what_could_only_fail_is_refused_with_a_list_of_what_can_be_had(stocked: Toolbox) -> None:
    with pytest.raises(InvalidInput, match=r"KEYLESS_TOKEN\. Available: tiny\.en"):
        naming.check_ready(stocked, Chosen("keyless"), may_fetch=True)
    with pytest.raises(InvalidInput, match=r"large-v3 is not on this server\. Available: tiny\.en"):
        naming.check_ready(stocked, Chosen("whisper", "large-v3"))


@pytest.mark.parametrize("one", [Chosen("whisper"), Chosen("whisper", "tiny.en"), Chosen("sphinx"), Chosen("modelled", "old")])
def test_what_is_here_is_ready(stocked: Toolbox, one: Chosen) -> None:
    naming.check_ready(stocked, one)


def test_what_is_fetched_first_is_not_missing_to_whoever_waits(stocked: Toolbox) -> None:
    naming.check_ready(stocked, Chosen("whisper", "large-v3"), may_fetch=True)
