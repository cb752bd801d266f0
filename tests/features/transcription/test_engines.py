"""Which engines are offered, which is used where none is named, and whether a choice can be honoured."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.stt.test_whisper_models import put_model
from tests.fakes import FakeEngine, FakeRemoteEngine, remote_engine
from textor.adapters.stt.port import Availability, Capabilities, Model
from textor.adapters.stt.sphinx import SphinxEngine
from textor.adapters.stt.whisper import WhisperEngine
from textor.errors import InvalidInput
from textor.features.transcription import engines
from textor.features.transcription.engines import Hints
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


class ModelledEngine(FakeRemoteEngine):
    """Its models differ."""

    name = "modelled"

    def models(self) -> list[Model]:
        return [Model("new", "New"), Model("old", "Old")]

    def can(self, model: str | None = None) -> Capabilities:
        if model == "old":
            return Capabilities(languages=frozenset({"en"}), usd_per_hour=0.5)
        return Capabilities(languages=frozenset({"en", "de"}), detects_language=True, usd_per_hour=0.5)


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


@pytest.mark.parametrize(
    ("hints", "field", "sentence"),
    [
        (Hints(vocabulary=("x",) * 201), "vocabulary", "At most 200 vocabulary hints"),
        (Hints(vocabulary=("x" * 101,)), "vocabulary", "at most 100 characters"),
        (Hints(speaker_count=0), "speaker_count", "a whole number from 1 to 32"),
        (Hints(speaker_count=33), "speaker_count", "a whole number from 1 to 32"),
    ],
)
def test_hints_without_bounds_are_refused_whatever_the_engine(tools: Toolbox, hints: Hints, field: str, sentence: str) -> None:
    willing = _with(tools, remote_engine("willing", vocabulary=True, speaker_count=True))
    with pytest.raises(InvalidInput, match=sentence) as refusal:
        engines.check_choice(willing, "willing", diarize=True, hints=hints)
    assert refusal.value.field == field


def test_hints_at_their_bounds_become_options(tools: Toolbox) -> None:
    willing = _with(tools, remote_engine("willing", vocabulary=True, speaker_count=True))
    hints = Hints(("x" * 100,) * 200, 32)
    options = engines.check_choice(willing, "willing", diarize=True, hints=hints)
    assert (options.vocabulary, options.speaker_count) == (hints.vocabulary, 32)


@pytest.mark.parametrize(
    ("hints", "sentence"),
    [
        (Hints(("Textor",)), "Fake takes no vocabulary hints"),
        (Hints(speaker_count=2), "Fake can't be told how many people speak"),
    ],
)
def test_hints_that_an_engine_can_not_honour_are_refused(tools: Toolbox, hints: Hints, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        engines.check_choice(tools, "fake", diarize=True, hints=hints)


def test_a_number_of_speakers_needs_speaker_labels(tools: Toolbox) -> None:
    with pytest.raises(InvalidInput, match="only with speaker labels"):
        engines.check_choice(_with(tools, remote_engine("willing", speaker_count=True)), "willing", hints=Hints(speaker_count=2))


def test_each_model_is_offered_with_what_it_can_and_costs(tools: Toolbox) -> None:
    priced = replace(tools, settings=replace(tools.settings, engine_prices=(("modelled/new", 0.2),)))
    (offer,) = (offer for offer in engines.offered(_with(priced, ModelledEngine())) if offer.name == "modelled")
    assert [(one.choice, one.languages, one.usd_per_hour) for one in offer.facts] == [
        ("modelled:new", ("de", "en"), 0.2),
        ("modelled:old", ("en",), 0.5),
    ]
    assert (offer.languages, offer.detects_language) == (("de", "en"), True)


def test_an_engine_without_models_has_its_facts_too(fresh: Toolbox) -> None:
    (offer,) = (offer for offer in engines.offered(fresh) if offer.name == "sphinx")
    assert [(one.choice, one.model, one.usd_per_hour) for one in offer.facts] == [("sphinx", None, 0.0)]


def test_a_language_is_checked_against_the_chosen_model(tools: Toolbox) -> None:
    modelled = _with(tools, ModelledEngine())
    assert engines.check_choice(modelled, "modelled", "new", "de").language == "de"
    with pytest.raises(InvalidInput, match="does not understand"):
        engines.check_choice(modelled, "modelled", "old", "de")
