"""What every export format promises, whoever writes the next one."""

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

import textor
from tests.adapters.exports import samples
from tests.conftest import missing
from textor.adapters import discovery
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain.transcript import Document

HERE = Path(__file__).parent
KINDS = {kind.name: kind for kind in discovery.export_formats()}
PLAIN = set(KINDS) - {"docx", "pdf"}
"""Those whose bytes can be read; the tests of the others look inside."""
ICONS = Path(textor.__file__).parent / "static" / "icons.svg"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> ExportFormat:
    found = KINDS[request.param]()
    if found.missing():
        missing("what PDF needs (Pango)")
    return found


def test_the_formats_stand_in_the_order_of_the_menu() -> None:
    assert list(KINDS) == ["txt", "docx", "pdf", "srt", "vtt", "md", "csv", "json"]


@pytest.mark.parametrize("name", KINDS)
def test_every_format_has_a_module_and_a_test_file_of_its_name(name: str) -> None:
    assert KINDS[name].__module__ == f"textor.adapters.exports.{name}"
    assert (HERE / f"test_{name}.py").is_file()


@pytest.mark.parametrize("name", KINDS)
def test_every_format_says_how_it_is_offered(name: str) -> None:
    found = KINDS[name]
    assert name.isidentifier()
    assert name == name.lower()
    assert found.title
    assert "/" in found.media_type
    assert f'id="i-{found.icon}"' in ICONS.read_text(encoding="utf-8")


def test_a_transcript_without_segments_is_a_file_too(kind: ExportFormat) -> None:
    assert isinstance(samples.written(kind, samples.document()), bytes)


def test_nothing_that_people_type_or_engines_invent_breaks_a_file(kind: ExportFormat) -> None:
    assert samples.written(kind, samples.nasty())


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_speakers_can_be_left_out_everywhere(name: str) -> None:
    kind = KINDS[name]()
    assert b"Alice" in samples.written(kind, samples.conversation())
    assert b"Alice" not in samples.written(kind, samples.conversation(), speakers=False)


@pytest.mark.parametrize("name", sorted(set(KINDS) - {"pdf"}))
def test_any_document_at_all_becomes_a_file(name: str) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(samples.documents)
    def holds(document: Document) -> None:
        KINDS[name]().write(document, ExportOptions(), io.BytesIO())

    holds()
