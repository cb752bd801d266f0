"""PDF, by WeasyPrint, which needs Pango on the machine."""

import ctypes
import importlib
import logging
import re
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from html import escape
from pathlib import Path
from typing import Any, BinaryIO

from textor.adapters.exports import layout
from textor.adapters.exports.layout import Paragraph
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain.transcript import Document
from textor.domain.writing import direction
from textor.errors import Unavailable

FOLDER = Path(__file__).parent
PANGO = ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib", "libpangoft2-1.0-0.dll", "pangoft2-1.0-0", "pangoft2-1.0")
"""The last of the libraries that WeasyPrint opens, by the names it tries; the others come with it."""
PANGO_MISSING = (
    "PDF files need the Pango library on the server. Install it with "
    "`apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0` (Debian, Ubuntu) or `brew install pango` (macOS)."
)
LETTERS_MISSING = (
    "The server has no font for the script of this transcript, so its PDF would have empty places. Take the Word document, which "
    "uses your computer's fonts, or ask the operator to install some (Debian: `apt-get install fonts-noto-core fonts-noto-cjk`)."
)
TOLERATED_SHARE = 0.02
"""Of letters without a font: a foreign name or two shall not cost the whole file."""
_FONTS = {path.as_uri(): path for path in (FOLDER / "fonts").glob("*.ttf")}
_ADDRESS = re.compile(r"https?://[^\s<>]{1,60}(?!\S)")
_SPACED_SCRIPTS = r"[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff]"  # not Thai, Lao, Burmese, Khmer, Chinese, Japanese
_ENDLESS = re.compile(f"{_SPACED_SCRIPTS}{{40}}(?={_SPACED_SCRIPTS}{{40}})")
_missing_letters: ContextVar[list[str] | None] = ContextVar("missing_letters", default=None)


class _MissingLetters(logging.Filter):
    """WeasyPrint tells about letters without a font in its log only; there they would be a piece of somebody's transcript."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith(".notdef glyph"):
            return True
        letters = _missing_letters.get()
        if letters is not None and isinstance(record.args, tuple) and str(record.args[0]).isalpha():
            letters.append(str(record.args[0]))
        return False


_WATCH = _MissingLetters()


class Pdf(ExportFormat):
    """A4, page numbers, our own fonts inside, each paragraph in its direction. Nothing is fetched, whatever the text says."""

    name = "pdf"
    title = "PDF"
    media_type = "application/pdf"
    icon = "printer"
    is_heavy = True
    order = 30

    def __init__(self, libraries: Sequence[str] = PANGO) -> None:
        self._libraries = libraries

    def missing(self) -> str | None:
        return None if any(map(_opens, self._libraries)) else PANGO_MISSING

    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        if sentence := self.missing():
            raise Unavailable(sentence)
        page = html(document, options)
        letters: list[str] = []
        token = _missing_letters.set(letters)
        try:
            _print(page, out)
        finally:
            _missing_letters.reset(token)
        if len(letters) > TOLERATED_SHARE * len(page):
            raise Unavailable(LETTERS_MISSING)


def _opens(library: str) -> bool:
    """Milliseconds: WeasyPrint itself, half a second and 70 MB, is loaded when somebody wants a PDF."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _print(page: str, out: BinaryIO) -> None:
    weasyprint: Any = importlib.import_module("weasyprint")
    weasyprint.LOGGER.addFilter(_WATCH)
    fonts = importlib.import_module("weasyprint.text.fonts").FontConfiguration()
    style = weasyprint.CSS(filename=FOLDER / "pdf.css", url_fetcher=_fetcher(), font_config=fonts)
    weasyprint.HTML(string=page, url_fetcher=_fetcher()).write_pdf(out, stylesheets=[style], font_config=fonts)


def _fetcher() -> Any:
    """Answers for our fonts; anything else is refused."""
    urls: Any = importlib.import_module("weasyprint.urls")

    def fetch(url: str, *_: object) -> Any:
        if url not in _FONTS:
            raise ValueError("not one of Textor's fonts")
        return urls.URLFetcherResponse(url, _FONTS[url].read_bytes(), {"Content-Type": "font/ttf"})

    fetcher = urls.URLFetcher(allowed_protocols=("file",), allow_redirects=False)
    fetcher.fetch = fetch
    return fetcher


def html(document: Document, options: ExportOptions) -> str:
    """The page that is printed. All text is escaped: it is data."""
    return "\n".join(_lines(document, options))


def _breakable(text: str) -> str:
    """Escaped, with places to break words that no language has: WeasyPrint's time for one grows with the square of its length."""
    return escape(_ENDLESS.sub("\\g<0>\u200b", text))


def _lines(document: Document, options: ExportOptions) -> Iterator[str]:
    base = layout.document_direction(document)
    title = layout.title(document)
    facts = " · ".join(f'<bdi dir="ltr">{escape(fact)}</bdi>' for fact in layout.facts(document))
    yield f'<!doctype html><html lang="{escape(document.language or "")}" dir="{base}"><head><title>{escape(title)}</title>'
    yield f'<meta name="dcterms.created" content="{escape(document.created_at)}"></head><body>'
    yield f'<h1 dir="{direction(title) or base}">{_breakable(title)}</h1><p class="facts">{facts}</p>'
    for note in layout.notes(document):
        yield _note(note)
    for paragraph in layout.paragraphs(document, options):
        yield _note(paragraph.text) if paragraph.is_gap else _speech(paragraph)
    yield "</body></html>"


def _note(text: str) -> str:
    return f'<p class="warning" dir="{direction(text) or "ltr"}">{_breakable(text)}</p>'


def _speech(paragraph: Paragraph) -> str:
    base = f'dir="{paragraph.direction}"'
    text = _ADDRESS.sub(r'<span dir="ltr">\g<0></span>', _breakable(paragraph.printed))
    time = f'<time dir="ltr">{paragraph.time}</time>' if paragraph.time else ""
    if paragraph.heading:
        return f'<h2 {base}><bdi>{_breakable(paragraph.heading)}</bdi>&ensp;{time}</h2><p class="speech" {base}>{text}</p>'
    return f'<p class="speech" {base}>{time}{"&ensp;" if time else ""}{text}</p>'
