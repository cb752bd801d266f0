"""Models on this machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from tests.fakes import FakeEngine
from textor.adapters.stt.port import Model
from textor.errors import EngineError, InvalidInput
from textor.features.transcription import local_models
from textor.toolbox import Toolbox


@dataclass
class WithModels(FakeEngine):
    """Has one model as a file, and one that a provider runs."""

    here: set[str] = field(default_factory=set)

    def models(self) -> Sequence[Model]:
        return [Model("parrot", "fake/parrot", size_mb=1.0, is_downloaded="parrot" in self.here), Model("cloud", "fake/cloud")]

    def download(self, model: str, report: Callable[[float], None]) -> None:
        report(1.0)
        self.here.add(model)

    def delete(self, model: str) -> None:
        self.here.discard(model)


@pytest.fixture
def engine() -> WithModels:
    return WithModels()


@pytest.fixture
def stocked(tools: Toolbox, engine: WithModels) -> Toolbox:
    return replace(tools, engines={"fake": engine})


def test_only_files_are_listed(stocked: Toolbox) -> None:
    assert [(engine, model.name) for engine, model in local_models.listed(stocked)] == [("fake", "parrot")]


def test_a_model_comes_and_goes(stocked: Toolbox, engine: WithModels) -> None:
    told: list[float] = []
    local_models.download(stocked, "parrot", told.append)
    assert (engine.here, told) == ({"parrot"}, [1.0])
    local_models.delete(stocked, "parrot")
    assert engine.here == set()


@pytest.mark.parametrize("name", ["cloud", "dodo", ""])
def test_what_is_no_file_is_refused(stocked: Toolbox, name: str) -> None:
    with pytest.raises(InvalidInput, match="There is no model"):
        local_models.download(stocked, name, lambda fraction: None)
    with pytest.raises(InvalidInput, match="There is no model"):
        local_models.delete(stocked, name)


def test_an_engine_without_models_says_so() -> None:
    with pytest.raises(EngineError, match="no models to delete"):
        FakeEngine().delete("parrot")
