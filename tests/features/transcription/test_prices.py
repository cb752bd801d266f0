"""What engines charge: the operator's word before the engine's own."""

from dataclasses import replace

import pytest

from tests.fakes import FakeRemoteEngine, remote_engine
from textor.adapters.stt.port import Capabilities, Model
from textor.features.transcription import prices
from textor.toolbox import Toolbox


class TwoModels(FakeRemoteEngine):
    """Charges by model."""

    name = "two"

    def models(self) -> list[Model]:
        return [Model("fine", "Fine"), Model("rough", "Rough")]

    def can(self, model: str | None = None) -> Capabilities:
        return Capabilities(usd_per_hour=0.10 if model == "rough" else 0.50)


@pytest.fixture
def priced(tools: Toolbox) -> Toolbox:
    settings = replace(tools.settings, engine_prices=(("two/rough", 0.20), ("vague", 0.30), ("gone", 0.40)))
    return replace(tools, settings=settings, engines={**tools.engines, "two": TwoModels(), "vague": remote_engine("vague")})


def test_an_engines_own_price_holds_where_the_operator_says_nothing(priced: Toolbox) -> None:
    assert prices.per_hour(priced, "two", "fine") == 0.50


def test_the_operators_price_of_a_model_comes_before_the_engines(priced: Toolbox) -> None:
    assert prices.per_hour(priced, "two", "rough") == 0.20


def test_the_operators_price_of_an_engine_holds_for_each_of_its_models(priced: Toolbox) -> None:
    assert prices.per_hour(priced, "vague", "any") == 0.30
    assert prices.of(priced, "vague", None, 1800) == pytest.approx(0.15)


def test_where_no_model_is_named_the_price_is_that_of_the_default(priced: Toolbox) -> None:
    listed = replace(priced, settings=replace(priced.settings, engine_prices=(("two/fine", 0.70),)))
    assert prices.per_hour(listed, "two") == 0.70


def test_an_engine_on_this_machine_is_free(tools: Toolbox) -> None:
    assert (prices.per_hour(tools, "fake"), prices.of(tools, "fake", None, 60)) == (0.0, 0.0)
    assert prices.is_free(tools, "fake")


def test_a_price_for_an_engine_on_this_machine_is_for_the_books_alone(tools: Toolbox) -> None:
    booked = replace(tools, settings=replace(tools.settings, engine_prices=(("fake", 0.05),)))
    assert prices.per_hour(booked, "fake") == 0.05
    assert prices.is_free(booked, "fake")


def test_a_provider_that_tells_no_price_has_none(tools: Toolbox) -> None:
    assert prices.per_hour(tools, "fake_remote") is prices.of(tools, "fake_remote", None, 60) is None
    assert not prices.is_free(tools, "fake_remote")


def test_an_engine_that_is_gone_costs_what_the_operator_says_or_nobody_knows_what(priced: Toolbox) -> None:
    assert (prices.per_hour(priced, "gone"), prices.per_hour(priced, "forgotten")) == (0.40, None)
