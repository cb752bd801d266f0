import io
import shutil
import subprocess
import uuid
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from tests.adapters.exports.samples import ARABIC, NASTY, PERSIAN, conversation, document, persian, segment, written
from tests.conftest import missing
from textor.adapters.exports.docx import Docx
from textor.adapters.exports.word.fonts import FOLDER, obfuscated
from textor.adapters.exports.word.runs import stretches
from textor.domain.transcript import Document


def opened(of: Document, **options: Any) -> Any:
    return docx.Document(io.BytesIO(written(Docx(), of, **options)))


def part(of: Document, name: str) -> Any:
    with zipfile.ZipFile(io.BytesIO(written(Docx(), of))) as file:
        return parse_xml(file.read(name))


def paragraphs(word: Any, style: str) -> list[str]:
    return [paragraph.text for paragraph in word.paragraphs if paragraph.style.name.lower() == style.lower()]


def test_title_facts_speakers_and_speech_have_styles() -> None:
    word = opened(conversation())
    assert paragraphs(word, "title") == ["A meeting"]
    assert paragraphs(word, "facts") == ["2026-11-20 · 1:01 · whisper base"]
    assert [text.split("\u200e")[0] for text in paragraphs(word, "heading 2")] == ["Alice", "Bob"]
    assert paragraphs(word, "speech") == [
        "Good morning. Let's start with the numbers.",
        "They are better than last week. Very good.",
    ]


def test_speakers_and_times_can_be_left_out() -> None:
    words = "\n".join(paragraph.text for paragraph in opened(conversation(), speakers=False, timestamps=False).paragraphs)
    assert "Alice" not in words
    assert "0:05" not in words


def test_persian_paragraphs_and_runs_are_right_to_left() -> None:
    word = opened(persian())
    speech = next(paragraph for paragraph in word.paragraphs if PERSIAN[:10] in paragraph.text)
    assert speech._p.pPr.find(qn("w:bidi")) is not None
    directions = {run.text: run._r.rPr.find(qn("w:rtl")) is not None for run in speech.runs}
    assert directions["GPT-4"] is False
    assert directions["Whisper large-v3"] is False
    assert all(is_rtl for text, is_rtl in directions.items() if "سلام" in text or "2024" in text)
    assert "".join(directions) == PERSIAN


def test_english_paragraphs_are_not() -> None:
    for paragraph in opened(conversation()).paragraphs:
        assert paragraph._p.pPr.find(qn("w:bidi")) is None
        assert not any(run._r.rPr.findall(qn("w:rtl")) for run in paragraph.runs)


def test_the_direction_is_each_paragraphs_own() -> None:
    word = opened(document(segment("Hello.", 0, 1, "A"), segment(ARABIC, 1, 2, "B"), language="en"))
    bidi = {p.text: p._p.pPr.find(qn("w:bidi")) is not None for p in word.paragraphs if p.style.name == "Speech"}
    assert bidi == {"Hello.": False, ARABIC: True}


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        ("hello", "ltr", [("hello", "ltr")]),
        ("سلام GPT-4 است", "rtl", [("سلام ", "rtl"), ("GPT-4", "ltr"), (" است", "rtl")]),
        ("in 2024 سال 2024.", "ltr", [("in 2024 ", "ltr"), ("سال 2024", "rtl"), (".", "ltr")]),
        ("(API) خوب", "rtl", [("(", "rtl"), ("API", "ltr"), (") خوب", "rtl")]),
        ("تحسّنٌ good", "rtl", [("تحسّنٌ ", "rtl"), ("good", "ltr")]),
        ("12", "rtl", [("12", "rtl")]),
        ("", "rtl", []),
    ],
)
def test_runs_are_cut_where_the_direction_changes(text: str, base: str, expected: list[tuple[str, str]]) -> None:
    assert list(stretches(text, base)) == expected


def test_a_phone_number_keeps_its_parts_in_order() -> None:
    speech = next(p for p in opened(persian()).paragraphs if "88776655" in p.text)
    assert "\u200e021-88776655" in [run.text for run in speech.runs]


def test_complex_script_has_its_font_its_size_and_its_bold() -> None:
    styles = part(persian(), "word/styles.xml")
    defaults = styles.find(f".//{qn('w:rPrDefault')}/{qn('w:rPr')}")
    assert defaults.find(qn("w:rFonts")).get(qn("w:cs")) == "Vazirmatn"
    for style in styles.iter(qn("w:rPr")):
        assert (style.find(qn("w:sz")) is None) == (style.find(qn("w:szCs")) is None)
        assert (style.find(qn("w:b")) is None) == (style.find(qn("w:bCs")) is None)


@pytest.mark.parametrize(
    ("language", "attribute", "code"),
    [("fa", "bidi", "fa-IR"), ("ar", "bidi", "ar-SA"), ("de", "val", "de"), (None, "val", "en-US")],
)
def test_word_is_told_the_language(language: str | None, attribute: str, code: str) -> None:
    styles = part(document(segment("x"), language=language), "word/styles.xml")
    assert styles.find(f".//{qn('w:lang')}").get(qn(f"w:{attribute}")) == code


def test_vazirmatn_is_inside_and_can_be_taken_out_again() -> None:
    with zipfile.ZipFile(io.BytesIO(written(Docx(), persian()))) as file:
        table = parse_xml(file.read("word/fontTable.xml"))
        relations = parse_xml(file.read("word/_rels/fontTable.xml.rels"))
        targets = {relation.get("Id"): relation.get("Target") for relation in relations}
        for weight in ("Regular", "Bold"):
            entry = table.find(f".//{qn(f'w:embed{weight}')}")
            stored = file.read(f"word/{targets[entry.get(qn('r:id'))]}")
            font = (FOLDER / f"Vazirmatn-{weight}.ttf").read_bytes()
            assert stored != font
            assert obfuscated(stored, uuid.UUID(entry.get(qn("w:fontKey")).strip("{}"))) == font
    assert part(persian(), "word/settings.xml").find(qn("w:embedTrueTypeFonts")) is not None


def test_the_page_of_a_persian_document_is_right_to_left_and_numbered() -> None:
    properties = part(persian(), "word/document.xml").find(f".//{qn('w:sectPr')}")
    assert properties[-1].tag == qn("w:bidi")
    assert part(conversation(), "word/document.xml").find(f".//{qn('w:sectPr')}/{qn('w:bidi')}") is None
    fields = part(persian(), "word/footer1.xml").iter(qn("w:fldSimple"))
    assert [field.get(qn("w:instr")).strip() for field in fields] == ["PAGE", "NUMPAGES"]


def test_the_properties() -> None:
    facts = opened(persian()).core_properties
    assert facts.title == "گفت‌وگو دربارهٔ GPT-4"
    assert facts.language == "fa"
    assert facts.author == ""
    assert facts.created.replace(tzinfo=None) == datetime(2026, 11, 20, 12, 34, 56)  # noqa: DTZ001 - as OPC has it


def test_a_time_that_is_none_is_no_error() -> None:
    assert opened(document(segment("x"), created_at="yesterday")).core_properties.created.year == 1970


def test_the_template_leaves_nothing_behind() -> None:
    with zipfile.ZipFile(io.BytesIO(written(Docx(), conversation()))) as file:
        names = set(file.namelist())
    assert not {"docProps/thumbnail.jpeg", "word/stylesWithEffects.xml", "word/numbering.xml"} & names


@pytest.mark.parametrize("text", NASTY)
def test_what_xml_cannot_carry_is_gone_and_the_rest_is_there(text: str) -> None:
    word = opened(document(segment(f"a{text}z"), title=text, warnings=(text,)), timestamps=False)
    said = "".join(paragraphs(word, "speech")).replace(" ", "")
    assert said.startswith("a")
    assert said.endswith("z")


def test_libreoffice_reads_it(tmp_path: Path) -> None:
    if not shutil.which("soffice"):
        missing("LibreOffice")
    source = tmp_path / "sample.docx"
    source.write_bytes(written(Docx(), persian()))
    command = [
        "soffice",
        f"-env:UserInstallation={tmp_path.as_uri()}/office",
        "--headless",
        "--convert-to",
        "txt:Text (encoded):UTF8",
    ]
    subprocess.run([*command, "--outdir", str(tmp_path), str(source)], check=True, capture_output=True, timeout=100)
    assert PERSIAN in (tmp_path / "sample.txt").read_text(encoding="utf-8-sig")
