"""A transcript as a Word document: python-docx packs it, styles say how it looks, paragraphs and runs which way they run."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import docx
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.section import Section
from docx.shared import Mm

from textor.adapters.exports import layout
from textor.adapters.exports.layout import Paragraph
from textor.adapters.exports.port import ExportOptions
from textor.adapters.exports.word import fonts
from textor.adapters.exports.word.runs import runs
from textor.domain import languages
from textor.domain.transcript import Document
from textor.domain.writing import direction

FOLDER = Path(__file__).parent
_NOT_OURS = frozenset(
    {
        RELATIONSHIP_TYPE.FONT_TABLE,
        RELATIONSHIP_TYPE.NUMBERING,
        RELATIONSHIP_TYPE.CUSTOM_XML,
        RELATIONSHIP_TYPE.WEB_SETTINGS,
        "http://schemas.microsoft.com/office/2007/relationships/stylesWithEffects",
    }
)
_REGIONS = {"fa": "fa-IR", "ar": "ar-SA", "he": "he-IL", "ur": "ur-PK", "ps": "ps-AF", "ckb": "ku-Arab-IQ"}
_PAGE_NUMBER = (
    '<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple><w:r><w:t xml:space="preserve"> / </w:t></w:r>'
    '<w:fldSimple w:instr=" NUMPAGES "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
)
_GAPS = {"ltr": "\u200e\u2002\u200e", "rtl": "\u200f\u2002\u200f"}
"""Between a time and what stands beside it: a space with direction marks, so that both keep their places."""


def write(document: Document, options: ExportOptions, out: BinaryIO) -> None:
    """Write the transcript as a .docx file."""
    word = docx.Document()
    _strip(word)
    fonts.embed(word)
    _set_up(word, document)
    body = word.element.body
    end = body.find(qn("w:sectPr"))
    for xml in _blocks(document, options):
        end.addprevious(_element(xml))
    word.save(out)


def _strip(word: WordDocument) -> None:
    """Take python-docx's template's own look, 800 KB of it, away."""
    relations = word.part.rels
    for key in [key for key, relation in relations.items() if relation.reltype in _NOT_OURS]:
        del relations[key]
    package = word.part.package.rels
    for key in [key for key, relation in package.items() if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del package[key]
    for paragraph in list(word.element.body.iterchildren(qn("w:p"))):
        word.element.body.remove(paragraph)


def _set_up(word: WordDocument, document: Document) -> None:
    _replace(word.styles.element, "styles.xml")
    _replace(word.settings.element, "settings.xml")
    _set_language(word.styles.element, document.language)
    facts = word.core_properties
    facts.title, facts.author, facts.comments = layout.title(document)[:255], "", ""
    facts.language = document.language or ""
    facts.created = facts.modified = _time(document.created_at)
    _set_page(word.sections[0], layout.document_direction(document))


def _set_page(section: Section, base: str) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(24)
    properties = section._sectPr  # noqa: SLF001 - python-docx knows no direction
    for grid in properties.findall(qn("w:docGrid")):
        properties.remove(grid)
    if base == "rtl":
        properties.append(_element(f"<w:bidi {nsdecls('w')}/>"))
    footer = section.footer.paragraphs[0]._p  # noqa: SLF001 - python-docx offers no fields
    footer.addprevious(_element(_paragraph("Footer", _PAGE_NUMBER, "ltr")))
    footer.getparent().remove(footer)


def _replace(element: Any, filename: str) -> None:
    """Give a part of the template our own content."""
    ours = parse_xml((FOLDER / filename).read_bytes())
    element.clear()
    element.extend(list(ours))


def _set_language(styles: Any, language: str | None) -> None:
    """Word takes one language for left-to-right runs and one for the others."""
    if not language:
        return
    is_rtl = languages.direction(language) == "rtl"
    name, code = (qn("w:bidi"), _REGIONS.get(language, language)) if is_rtl else (qn("w:val"), language)
    styles.find(f".//{qn('w:lang')}").set(name, code)


def _time(created_at: str) -> datetime:
    """OPC wants UTC without a zone."""
    try:
        return datetime.fromisoformat(created_at).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        return datetime(1970, 1, 1)  # noqa: DTZ001 - as above


def _blocks(document: Document, options: ExportOptions) -> Iterator[str]:
    base = layout.document_direction(document)
    title = layout.title(document)
    yield _paragraph("Title", runs(title, direction(title) or base), direction(title) or base)
    yield _paragraph("Facts", runs(" · ".join(layout.facts(document)), base), base)
    for note in layout.notes(document):
        yield _note(note)
    for paragraph in layout.paragraphs(document, options):
        if paragraph.is_gap:
            yield _note(paragraph.text)
        else:
            yield from _speech(paragraph)


def _note(text: str) -> str:
    base = direction(text) or "ltr"
    return _paragraph("Warning", runs(text, base), base)


def _speech(paragraph: Paragraph) -> Iterator[str]:
    base = paragraph.direction
    time = runs(paragraph.time, "ltr", "Time") if paragraph.time else ""
    text = runs(paragraph.printed, base)
    gap = runs(_GAPS[base], base) if time else ""
    if paragraph.heading:
        yield _paragraph("Heading2", runs(paragraph.heading, base) + gap + time, base)
        yield _paragraph("Speech", text, base)
    else:
        yield _paragraph("Speech", time + gap + text, base)


def _paragraph(style: str, content: str, base: str) -> str:
    bidi = "<w:bidi/>" if base == "rtl" else ""
    return f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="{style}"/>{bidi}</w:pPr>{content}</w:p>'


def _element(xml: str) -> Any:
    return parse_xml(xml)
