"""Word documents."""

from typing import BinaryIO

from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain.transcript import Document


class Docx(ExportFormat):
    """Right-to-left paragraphs and runs where the text is, Vazirmatn inside the file, looks by styles."""

    name = "docx"
    title = "Word document"
    media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    icon = "file-type"
    is_heavy = True
    large_characters = 400_000
    order = 20

    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        from textor.adapters.exports.word import document as word  # noqa: PLC0415 - python-docx would slow down every start

        word.write(document, options, out)
