"""Which engines are offered, which is used where none is named, and whether a choice can be honoured."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.stt.test_whisper_models import put_model
from tests.fakes import FakeEngine, FakeRemoteEngine
from textor.adapters.stt.port import Availability, Capabilities
from textor.adapters.stt.sphinx import SphinxEngine
from textor.adapters.stt.whisper import WhisperEngine
from textor.errors import InvalidInput
from textor.features.transcription import engines
from textor.toolbox import Toolbox


class KeylessEngine(FakeRemoteEngine):
    """A provider whose key is not set."""

    name = "keyless"

    def availability(self) -> Availability:
        return Availability(False, "Set KEYLESS_TOKEN.")


class AustralianEngine(FakeEngine):
    """Knows countries."""

    name = "australian"
    capabilities = Capabilities(languages=frozenset({"en", "en_au"}))


@pytest.fixture
def fresh(tools: Toolbox, tmp_path: Path) -> Toolbox:
    """What a newcomer has: both local engines, no model, a provider without its key."""
    known = (WhisperEngine(tmp_path / "models"), SphinxEngine(), KeylessEngine())
    return replace(tools, engines={engine.name: engine for engine in known})


def _with(tools: Toolbox, *more: FakeEngine) -> Toolbox:
    return replace(tools, engines={**tools.engines, **{engine.name: engine for engine in more}})


def _default_engine(tools: Toolbox, name: str) -> Toolbox:
    return replace(tools, settings=replace(tools.settings, default_engine=name))


def test_a_fresh_machine_uses_sphinx(fresh: Toolbox) -> None:
    assert engines.default(fresh) == "sphinx"


def test_whisper_is_the_default_once_a_model_is_here(fresh: Toolbox, tmp_path: Path) -> None:
    put_model(tmp_path / "models" / "tiny")
    assert engines.default(_with(fresh, FakeRemoteEngine())) == "whisper"


def test_a_provider_that_is_ready_goes_before_sphinx(fresh: Toolbox) -> None:
    assert engines.default(_with(fresh, FakeRemoteEngine())) == "fake_remote"


def test_the_operators_default_wins(fresh: Toolbox) -> None:
    assert engines.default(_default_engine(fresh, "keyless")) == "keyless"


def test_a_default_that_does_not_exist_is_named(fresh: Toolbox) -> None:
    with pytest.raises(InvalidInput, match=r"There is no engine 'wisper'\. Available: whisper, sphinx, keyless\."):
        engines.default(_default_engine(fresh, "wisper"))


def test_every_engine_is_offered_with_its_state_in_order(fresh: Toolbox) -> None:
    offers = {offer.name: offer for offer in engines.offered(fresh)}
    assert list(offers) == ["whisper", "sphinx", "keyless"]
    assert (offers["whisper"].ready, offers["whisper"].default_model) == (False, "base")
    assert "flask --app wsgi models download base" in (offers["whisper"].reason or "")
    assert len(offers["whisper"].languages or ()) == 100
    assert offers["whisper"].detects_language
    assert (offers["sphinx"].ready, offers["sphinx"].reason) == (True, None)
    assert (offers["sphinx"].languages, offers["sphinx"].default_model) == (("en",), None)
    assert not offers["sphinx"].detects_language
    assert (offers["keyless"].ready, offers["keyless"].reason) == (False, "Set KEYLESS_TOKEN.")
    assert offers["keyless"].languages is None


def test_an_unknown_engine_is_refused_with_those_there_are(fresh: Toolbox) -> None:
    with pytest.raises(InvalidInput, match="Available: whisper, sphinx, keyless") as refusal:
        engines.engine(fresh, "dragon")
    assert refusal.value.field == "engine"


def test_a_choice_that_can_be_honoured_becomes_options(fresh: Toolbox) -> None:
    options = engines.check_choice(fresh, "whisper", "turbo", "EN-us", diarize=True)
    assert (options.model, options.language, options.diarize) == ("turbo", "en", True)
    assert engines.check_choice(fresh, "sphinx").language is None


def test_an_engine_that_knows_countries_is_asked_for_the_country(fresh: Toolbox) -> None:
    assert engines.check_choice(_with(fresh, AustralianEngine()), "australian", language="en_au").language == "en_au"
    assert engines.check_choice(_with(fresh, AustralianEngine()), "australian", language="en_uk").language == "en"


@pytest.mark.parametrize(
    ("engine", "model", "language", "field", "sentence"),
    [
        ("dragon", None, None, "engine", "There is no engine 'dragon'"),
        ("whisper", "huge", None, "model", "Whisper has no model 'huge'"),
        ("whisper", None, "xx", "language", "Textor does not know the language 'xx'"),
        ("sphinx", None, "fa", "language", "PocketSphinx does not understand this language"),
        ("sphinx", "base", None, "model", "PocketSphinx has no model 'base'"),
        ("whisper", "base.en", "fa", "model", "base.en understands English only"),
    ],
)
def test_a_choice_that_cannot_be_honoured_is_refused_by_field(
    fresh: Toolbox, engine: str, model: str | None, language: str | None, field: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence) as refusal:
        engines.check_choice(fresh, engine, model, language)
    assert refusal.value.field == field
