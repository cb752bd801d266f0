"""Plain text: paragraphs by speaker."""

from typing import BinaryIO

from textor.adapters.exports import layout
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain.transcript import Document


class PlainText(ExportFormat):
    """UTF-8 without a byte order mark; a blank line between paragraphs."""

    name = "txt"
    title = "Plain text"
    media_type = "text/plain"
    icon = "file-text"
    order = 10

    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        blocks = (_block(paragraph) for paragraph in layout.paragraphs(document, options))
        text = "\n\n".join(blocks)
        out.write(f"{text}\n".encode() if text else b"")


def _block(paragraph: layout.Paragraph) -> str:
    time = f"[{paragraph.time}]" if paragraph.time else ""
    if paragraph.heading:
        return f"{paragraph.heading} {time}".rstrip() + f"\n{paragraph.text}"
    return f"{time} {paragraph.text}".lstrip()
