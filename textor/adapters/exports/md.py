"""Markdown: a title, the facts, paragraphs by speaker."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from textor.adapters.exports import layout
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain.transcript import Document

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$])")
_LINE_START = re.compile(r"^(\d{1,9})([.)])|^([+\-=:])")


class Markdown(ExportFormat):
    """CommonMark that shows the text as it was said: nothing in it is taken for markup or HTML."""

    name = "md"
    title = "Markdown"
    media_type = "text/markdown"
    icon = "file-text"
    order = 60

    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        out.write(("\n\n".join(_blocks(document, options)) + "\n").encode())


def _blocks(document: Document, options: ExportOptions) -> Iterator[str]:
    yield f"# {escape(layout.title(document))}"
    yield " · ".join(escape(fact) for fact in layout.facts(document))
    for note in layout.notes(document):
        yield f"> {escape(note)}"
    for paragraph in layout.paragraphs(document, options):
        if paragraph.is_gap:
            yield f"> {escape(paragraph.text)}"
            continue
        time = f"`{paragraph.time}`" if paragraph.time else ""
        if paragraph.heading:
            yield f"## {escape(paragraph.heading)} {time}".rstrip()
            yield escape(paragraph.text)
        else:
            yield f"{time} {escape(paragraph.text)}".lstrip()


def escape(text: str) -> str:
    """Backslashes before what Markdown would act on; ampersands become entities, so that no other entity is read."""
    text = _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;"))
    return _LINE_START.sub(lambda match: f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}", text)
