"""What is asked of every part, and how a failure is told. The rest is in tests/api/test_service.py."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from apiflask import APIFlask

from tests.laws import ROOT
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.adapters.storage.local import LocalStorage
from textor.domain.transcript import Document
from textor.features import health
from textor.toolbox import Toolbox


class Papyrus(ExportFormat):
    """Needs what no machine has."""

    name = "papyrus"
    title = "Papyrus"
    media_type = "text/x-papyrus"

    def missing(self) -> str | None:
        return "Papyrus needs reeds. Install them: apt-get install reeds"

    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        raise NotImplementedError


class Haunted(LocalStorage):
    """Fails in a way nobody foresaw."""

    def check(self) -> None:
        raise RuntimeError("boo from /secret/place")


def test_what_a_machine_lacks_is_named_with_its_command(tools: Toolbox) -> None:
    assert health.missing(replace(tools, formats={"papyrus": Papyrus()})) == [
        "Papyrus needs reeds. Install them: apt-get install reeds"
    ]


def test_a_surprise_is_an_answer_too(app: APIFlask, tools: Toolbox, tmp_path: Path) -> None:
    part = health.check(replace(tools, storage=Haunted(tmp_path)), "storage")
    assert not part.ok
    assert part.fault == "The storage for recordings does not work."


def test_every_part_has_a_sentence_for_the_worst() -> None:
    assert set(health._SILENT) == set(health._CHECKS)


def test_metadata_names_the_service_and_its_addresses(app: APIFlask, tools: Toolbox) -> None:
    found = health.metadata(tools)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (found["name"], found["version"]) == ("Textor", project["version"])
    client = app.test_client()
    assert all(client.get(path).status_code in {200, 401, 503} for path in health.ENDPOINTS.values())
    assert {"/api/transcribe/", "/v1/models/", "/swagger/"} <= set(health.ENDPOINTS.values())
