"""A folder of modules is a registry: what stands in it is known, in its order."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from textor.adapters import discovery
from textor.adapters.exports.port import ExportFormat
from textor.adapters.stt.port import Engine

FORMAT = """
    from textor.adapters.exports.port import ExportFormat

    class Base(ExportFormat):
        pass

    class {name}(Base):
        name = "{word}"
        {order}
        def write(self, document, options, out): ...
"""


@pytest.fixture
def rack(tmp_path: Path) -> Iterator[ModuleType]:
    """A package of three formats; one module imports another's format."""
    folder = tmp_path / "sample_rack"
    folder.mkdir()
    (folder / "__init__.py").touch()
    for name, order in (("Zebra", "order = 1"), ("Apple", ""), ("Berry", "")):
        module = textwrap.dedent(FORMAT.format(name=name, word=name.lower(), order=order))
        (folder / f"{name.lower()}.py").write_text(module)
    (folder / "apple.py").write_text("from sample_rack.zebra import Zebra\n" + (folder / "apple.py").read_text())
    sys.path.insert(0, str(tmp_path))
    package = __import__("sample_rack")
    yield package
    sys.path.remove(str(tmp_path))
    for loaded in [name for name in sys.modules if name.split(".")[0] == "sample_rack"]:
        del sys.modules[loaded]


def test_what_stands_in_the_folder_is_known_once_by_order_and_name(rack: ModuleType) -> None:
    found = discovery._found(rack, ExportFormat)
    assert [kind.name for kind in found] == ["zebra", "apple", "berry"]


def test_a_class_without_a_name_is_not_offered(rack: ModuleType) -> None:
    assert "Base" not in {kind.__name__ for kind in discovery._found(rack, ExportFormat)}


def test_another_port_is_not_mistaken_for_this_one(rack: ModuleType) -> None:
    assert discovery._found(rack, Engine) == []


def test_the_engines_and_formats_of_textor_are_found() -> None:
    assert {"sphinx", "whisper"} <= {engine.name for engine in discovery.engines()}
    assert {"txt", "md", "srt", "vtt", "json", "csv", "docx", "pdf"} <= {kind.name for kind in discovery.export_formats()}


def test_names_are_unique_and_say_all_that_a_list_shows() -> None:
    for kinds in (discovery.engines(), discovery.export_formats()):
        names = [kind.name for kind in kinds]
        assert len(names) == len(set(names))
        assert all(kind.title for kind in kinds)
