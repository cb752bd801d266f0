"""The models on this machine: listed, fetched and deleted here and now, for whoever sits at the server."""

from collections.abc import Callable, Iterator

from textor.adapters.stt.port import Engine, Model
from textor.errors import InvalidInput
from textor.toolbox import Toolbox


def listed(tools: Toolbox) -> Iterator[tuple[str, Model]]:
    """Every model that is a file, with its engine's name."""
    for name, engine in tools.engines.items():
        for model in engine.models():
            if model.is_downloaded is not None:
                yield name, model


def download(tools: Toolbox, name: str, report: Callable[[float], None]) -> None:
    """Fetch a model; `report` gets 0..1. Raises InvalidInput for one that doesn't exist, EngineError where it can't be had."""
    _engine_of(tools, name).download(name, report)


def delete(tools: Toolbox, name: str) -> None:
    """Remove a downloaded model. Raises InvalidInput, EngineError."""
    _engine_of(tools, name).delete(name)


def _engine_of(tools: Toolbox, name: str) -> Engine:
    for engine_name, model in listed(tools):
        if model.name == name:
            return tools.engines[engine_name]
    raise InvalidInput(f"There is no model {name!r}. `flask --app wsgi models list` names all of them.")
