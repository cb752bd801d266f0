"""Fonts inside a Word document, as ECMA-376 wants them: obfuscated (part 4, 14.2.1), listed in the font table."""

import uuid
from pathlib import Path

from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part

FOLDER = Path(__file__).parent.parent / "fonts"
FAMILY = "Vazirmatn"
_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.obfuscatedFont"
_TABLE_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.fontTable+xml"
_NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


def embed(document: WordDocument) -> None:
    """Replace the document's font table by one that holds Vazirmatn, regular and bold."""
    package = document.part.package
    table = Part(PackURI("/word/fontTable.xml"), _TABLE_TYPE, b"", package)
    entries = []
    for weight in ("Regular", "Bold"):
        font = (FOLDER / f"{FAMILY}-{weight}.ttf").read_bytes()
        key = uuid.uuid5(uuid.NAMESPACE_URL, f"textor:{FAMILY}-{weight}")
        part = Part(PackURI(f"/word/fonts/{FAMILY}-{weight}.odttf"), _MEDIA_TYPE, obfuscated(font, key), package)
        relation = table.relate_to(part, RELATIONSHIP_TYPE.FONT)
        entries.append(f'<w:embed{weight} r:id="{relation}" w:fontKey="{{{str(key).upper()}}}"/>')
    table._blob = _table(entries)  # noqa: SLF001 - python-docx offers no way to change a part's bytes
    document.part.relate_to(table, RELATIONSHIP_TYPE.FONT_TABLE)


def obfuscated(font: bytes, key: uuid.UUID) -> bytes:
    """The first 32 bytes XORed with the key's bytes in reverse order; doing it again gives the font back."""
    mask = key.bytes[::-1] * 2
    return bytes(byte ^ mask[n] for n, byte in enumerate(font[:32])) + font[32:]


def _table(entries: list[str]) -> bytes:
    # charset B2 is Arabic; sig repeats the font's own OS/2 table
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {_NAMESPACES}><w:font w:name="{FAMILY}">'
        '<w:charset w:val="B2"/><w:family w:val="swiss"/><w:pitch w:val="variable"/>'
        '<w:sig w:usb0="80002003" w:usb1="80000000" w:usb2="00000008" w:usb3="00000000" w:csb0="00000041" w:csb1="20080000"/>'
        f"{''.join(entries)}</w:font></w:fonts>"
    ).encode()
