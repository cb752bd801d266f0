"""A folder of modules is a registry: every engine, format or text model that stands in its folder is known."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import TypeVar

from textor.adapters import exports, stt, text_models
from textor.adapters.exports.port import ExportFormat
from textor.adapters.stt.port import Engine
from textor.adapters.text_models.port import TextModel

Port = TypeVar("Port")


def engines() -> list[type[Engine]]:
    """All speech engines, by their `order` and name."""
    return _found(stt, Engine)


def export_formats() -> list[type[ExportFormat]]:
    """All export formats, by their `order` and name."""
    return _found(exports, ExportFormat)


def text_model_kinds() -> list[type[TextModel]]:
    """All kinds of text models, by their `order` and name."""
    return _found(text_models, TextModel)


def _found(package: ModuleType, port: type[Port]) -> list[type[Port]]:
    kinds = [kind for module in _modules(package) for kind in _own_subclasses(module, port)]
    return sorted(kinds, key=lambda kind: (getattr(kind, "order", 100), getattr(kind, "name", "")))


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{info.name}")


def _own_subclasses(module: ModuleType, port: type[Port]) -> Iterator[type[Port]]:
    for value in vars(module).values():
        is_own = isinstance(value, type) and value.__module__ == module.__name__
        if is_own and issubclass(value, port) and value is not port and hasattr(value, "name"):
            yield value
