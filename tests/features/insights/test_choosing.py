"""Which text model is asked."""

from dataclasses import replace

import pytest

from tests.fakes import FakeTextModel, with_text_models
from textor.errors import InvalidInput, TextModelError
from textor.features.insights import choosing
from textor.toolbox import Toolbox

BUILT_IN = "textor-extractive"


@pytest.fixture
def models() -> tuple[FakeTextModel, FakeTextModel]:
    return FakeTextModel(name="best"), FakeTextModel(name="second")


@pytest.fixture
def tools(tools: Toolbox, models: tuple[FakeTextModel, FakeTextModel]) -> Toolbox:
    return with_text_models(tools, *models)


def test_the_best_is_asked_where_none_is_named(tools: Toolbox, models: tuple[FakeTextModel, FakeTextModel]) -> None:
    assert choosing.choose(tools).name == "best"
    models[0].is_ready = False
    assert choosing.choose(tools).name == "second"


def test_without_any_key_there_is_the_built_in_one(tools: Toolbox, models: tuple[FakeTextModel, FakeTextModel]) -> None:
    for model in models:
        model.is_ready = False
    assert [model.name for model in choosing.ready(tools)] == [BUILT_IN]
    assert choosing.choose(tools).name == BUILT_IN


def test_the_one_that_is_named_is_asked(tools: Toolbox) -> None:
    assert [choosing.choose(tools, name).name for name in ("second", BUILT_IN)] == ["second", BUILT_IN]


def test_a_name_that_nobody_has_is_refused_with_a_list(tools: Toolbox) -> None:
    with pytest.raises(InvalidInput) as caught:
        choosing.choose(tools, "gpt-9")
    assert caught.value.message == "There is no model 'gpt-9'. Available: best, second, textor-extractive."
    assert caught.value.field == "model_name"


def test_a_model_without_its_key_is_refused_with_what_to_do(tools: Toolbox, models: tuple[FakeTextModel, FakeTextModel]) -> None:
    models[0].is_ready = False
    with pytest.raises(InvalidInput, match=r"'best' is not available here\. Set its key\. Available: second, textor-extractive"):
        choosing.choose(tools, "best")


def test_a_name_without_end_is_not_repeated_to_its_end(tools: Toolbox) -> None:
    with pytest.raises(InvalidInput) as caught:
        choosing.choose(tools, "m" * 10_000)
    assert len(caught.value.message) < 300


def test_a_worker_finds_the_model_that_was_chosen(tools: Toolbox, models: tuple[FakeTextModel, FakeTextModel]) -> None:
    models[1].is_ready = False
    assert choosing.known(tools, "second") is models[1], "whether it answers, the call shows"
    with pytest.raises(TextModelError, match="'second' is not set up any more"):
        choosing.known(replace(tools, text_models={}), "second")
