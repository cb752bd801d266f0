import io
import logging
import shutil
import subprocess
import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings

from tests.adapters.exports import samples
from tests.adapters.exports.samples import HAN, NASTY, conversation, document, persian, segment, written
from tests.conftest import missing
from textor.adapters.exports import pdf
from textor.adapters.exports.pdf import LETTERS_MISSING, Pdf, html
from textor.adapters.exports.port import ExportOptions
from textor.domain.transcript import Document
from textor.errors import Unavailable


@pytest.fixture(autouse=True)
def _pango() -> None:
    if Pdf().missing():
        missing("what PDF needs (Pango)")


def opened(of: Document, **options: Any) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(written(Pdf(), of, **options)))


def text(of: Document, **options: Any) -> str:
    """The page's text; PDF stores Arabic letters in their drawn forms, NFKC makes letters of them again."""
    return unicodedata.normalize("NFKC", "\n".join(page.extract_text() for page in opened(of, **options).pages))


def test_title_facts_speakers_speech_and_page_numbers() -> None:
    words = " ".join(text(conversation()).split())
    for expected in (
        "A meeting",
        "2026-11-20 · 1:01 · whisper base",
        "Alice",
        "0:05",
        "They are better than last week.",
        "1 / 1",
    ):
        assert expected in words


def test_speakers_and_times_can_be_left_out() -> None:
    words = text(conversation(), speakers=False, timestamps=False)
    assert "Alice" not in words
    assert "0:05" not in words


def test_vazirmatn_is_inside_cut_to_what_is_used() -> None:
    pages: list[Any] = list(opened(persian()).pages)
    fonts = [font.get_object()["/BaseFont"] for page in pages for font in page["/Resources"]["/Font"].values()]
    assert {name.split("+")[1] for name in fonts} == {"Vazirmatn", "Vazirmatn-Bold"}
    assert len(written(Pdf(), persian())) < 60_000


def test_persian_words_are_there() -> None:
    words = text(persian())
    assert words.count("Whisper") == 1
    assert sum("\u0600" <= letter <= "\u06ff" for letter in words) > 80


def test_each_paragraph_has_its_direction() -> None:
    page = html(document(segment("Hello.", 0, 1), segment("سلام.", 1, 2), language="en"), ExportOptions())
    assert '<html lang="en" dir="ltr">' in page
    assert '<p class="speech" dir="ltr">' in page
    assert '<p class="speech" dir="rtl">' in page


def test_the_properties() -> None:
    reader = opened(persian())
    assert reader.metadata is not None
    assert reader.metadata.title == "گفت‌وگو دربارهٔ GPT-4"
    assert str(reader.metadata.creation_date).startswith("2026-11-20")


def test_no_text_becomes_markup() -> None:
    page = html(
        document(*(segment(nasty, 10.0 * n, speaker=nasty) for n, nasty in enumerate(NASTY)), title='</title><img src=x>"'),
        ExportOptions(),
    )
    for tag in ("<script", "<img", "<b>", "<!--", "</p> "):
        assert tag not in page


def test_nothing_but_our_fonts_is_ever_fetched() -> None:
    fetcher = pdf._fetcher()
    for url in ("http://169.254.169.254/", "file:///etc/passwd", "data:text/plain,x"):
        with pytest.raises(ValueError, match="not one of Textor's fonts"):
            fetcher.fetch(url)
    assert len(pdf._FONTS) == 2


def test_a_long_transcript_has_pages() -> None:
    many = document(
        *(segment("This is one sentence of many. " * 10, n * 10.0, n * 10 + 9.0, f"Speaker {n % 3}") for n in range(60))
    )
    reader = opened(many)
    assert len(reader.pages) > 3
    assert f"2 / {len(reader.pages)}" in reader.pages[1].extract_text()


def test_a_word_without_end_takes_no_time_and_stays_on_the_page() -> None:
    assert _seconds(lambda: written(Pdf(), document(segment("x" * 20_000)))) < 10


def test_a_script_without_a_font_is_refused_aloud_not_left_blank(caplog: pytest.LogCaptureFixture) -> None:
    if shutil.which("fc-list") and subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=True).stdout:
        pytest.skip("this machine has a Chinese font")
    with caplog.at_level(logging.WARNING), pytest.raises(Unavailable) as refused:
        written(Pdf(), document(segment(HAN)))
    assert refused.value.message == LETTERS_MISSING
    assert "漢" not in caplog.text


def test_what_else_weasyprint_logs_is_still_logged(caplog: pytest.LogCaptureFixture) -> None:
    written(Pdf(), conversation())
    logging.getLogger("weasyprint").warning("Anything else")
    assert "Anything else" in caplog.text


def test_a_foreign_name_without_a_font_is_tolerated() -> None:
    assert written(Pdf(), document(segment("A long sentence with one name, 漢, in it, and many more words around it.")))


def test_a_machine_without_pango_is_told_what_to_install() -> None:
    broken = Pdf(libraries=("libno-such-thing.so.0",))
    sentence = broken.missing()
    assert sentence is not None
    assert "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in sentence
    assert "brew install pango" in sentence
    with pytest.raises(Unavailable, match="Pango"):
        written(broken, conversation())


def test_a_page_can_be_drawn(tmp_path: Path) -> None:
    if not shutil.which("pdftoppm"):
        missing("pdftoppm")
    source = tmp_path / "sample.pdf"
    source.write_bytes(written(Pdf(), persian()))
    subprocess.run(["pdftoppm", "-r", "40", "-gray", "-singlefile", str(source), str(tmp_path / "page")], check=True)
    pixels = (tmp_path / "page.pgm").read_bytes().split(b"\n255\n", 1)[1]
    assert 0.001 < sum(pixel < 128 for pixel in pixels) / len(pixels) < 0.2


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(samples.documents)
def test_any_document_at_all_becomes_a_file_or_is_refused_for_its_script(document: Document) -> None:
    with suppress(Unavailable):
        assert written(Pdf(), document).startswith(b"%PDF")


def _seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before
