"""English and Persian: which is chosen, how figures are written, and whether the catalog is whole."""

import inspect
import io
import struct
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from apiflask import APIFlask
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import textor
from tests.web.conftest import Browser
from textor.adapters import discovery
from textor.adapters.stt import deepgram_answers, eboo_answers, vira_answers
from textor.features.transcription import pipeline, remote
from textor.job_queue import lanes, settling
from textor.web import locale, wording

ROOT = Path(textor.__file__).parent
PO = ROOT / "translations" / "fa" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "_l": None, "gettext": None, "ngettext": (1, 2), "InvalidInput": None}
OURS = ("web/", "templates/", "features/accounts/")


@pytest.fixture
def catalog() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="fa")


def sentences() -> Iterator[object]:
    """What the pages say, as pybabel finds it."""
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    for path, _line, message, _comments, _context in extract_from_dir(str(ROOT), methods, keywords=KEYWORDS):
        if path.startswith(OURS):
            yield message


def test_every_sentence_of_the_pages_is_translated(catalog: Catalog) -> None:
    found = list(sentences())
    assert len(found) > 200
    missing = [message for message in found if not (entry := catalog.get(message)) or not entry.string]  # type: ignore[arg-type]  # Catalog.get knows no plural
    assert missing == []


def test_no_translation_is_empty_fuzzy_or_lost_a_value(catalog: Catalog) -> None:
    for message in catalog:
        if not message.id:
            continue
        assert all(message.string) if isinstance(message.string, tuple) else message.string, message.id
        assert not message.fuzzy
        assert list(message.check(catalog)) == [], message.id


def test_how_a_transcription_may_end_is_in_the_catalog(catalog: Catalog) -> None:
    cancelled = str(inspect.signature(lanes.cancel).parameters["reason"].default)
    ends = [pipeline.SORRY, settling.BROKEN, remote.TOO_LONG, cancelled, *wording.FIGURES, *wording.PROVIDERS]
    assert [sentence for sentence in ends if sentence not in catalog] == []


def test_a_persian_sentence_that_begins_with_a_latin_name_says_its_direction(catalog: Catalog) -> None:
    told = [str(entry.string) for one in (*wording.FIGURES, *wording.PROVIDERS) if (entry := catalog.get(one))]
    assert [sentence for sentence in told if sentence.startswith("%(engine)s")] == []  # a right-to-left mark goes before


def test_the_compiled_catalog_is_the_written_one(catalog: Catalog) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    assert (PO.parent / "messages.mo").read_bytes() == compiled.getvalue()
    assert struct.unpack("<I", compiled.getvalue()[:4])[0] == 0x950412DE


def test_what_engines_and_formats_are_called_is_in_the_catalog(catalog: Catalog) -> None:
    words = [kind.title for kind in discovery.export_formats()] + [kind.description for kind in discovery.engines()]
    assert [word for word in words if word not in catalog] == []


@pytest.mark.parametrize(
    ("wanted", "page"), [("fa", "fa"), ("fa-IR,fa;q=0.9", "fa"), ("de, fa;q=0.5, en;q=0.4", "fa"), ("de", "en"), ("", "en")]
)
def test_strangers_get_the_language_of_their_browser(gina: Browser, wanted: str, page: str) -> None:
    direction = "rtl" if page == "fa" else "ltr"
    assert f'<html lang="{page}" dir="{direction}">' in gina.get("/login", headers={"Accept-Language": wanted}).text


def test_a_choice_is_kept_in_a_cookie_and_leads_back(gina: Browser) -> None:
    answer = gina.send("/language", {"language": "fa", "next": "/signup"})
    assert answer.location == "/signup"
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert '<html lang="fa"' in gina.get("/signup").text
    assert gina.send("/language", {"language": "fa", "next": "//evil.example"}).location == "/"
    assert gina.send("/language", {"language": "xx"}).status_code == 400


def test_a_users_choice_goes_with_the_account(alices: Browser) -> None:
    alices.send("/language", {"language": "fa"})
    alices.delete_cookie(locale.COOKIE)
    assert '<html lang="fa"' in alices.get("/account").text


def test_figures_are_written_as_the_page_writes(app: APIFlask) -> None:
    with app.app_context(), app.test_request_context(headers={"Accept-Language": "fa"}):
        assert locale.clock(5090) == "۱:۲۴:۵۰"
        assert locale.number(1234.5) == "۱٬۲۳۴٫۵"
        assert locale.size(2_900_000) == "۲٫۹ مگابایت"
        assert locale.language_name("en_us") == "انگلیسی"
        assert locale.day("2027-02-26") == locale.day(date(2027, 2, 26)) == "۲۶ فوریه ۲۰۲۷"
    with app.app_context(), app.test_request_context():
        assert locale.clock(207.9) == "3:27"
        assert locale.day("some day") == "some day"
        assert locale.number(1234) == "1,234"
        assert locale.size(400) == "1 kB"
        assert locale.size(500_000_000) == "500 MB"
        assert locale.language_name(None) == "Detect language"
        assert locale.language_name("fa") == "Persian"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (vira_answers.NO_CREDIT_LEFT, "اعتبار حساب Vira تمام شده است"),
        (eboo_answers.BAD_TOKEN, "توکن EBOO پذیرفته نشد. از گرداننده‌ی سرور بخواهید EBOO_TOKEN را بررسی کند"),
        (deepgram_answers.SENTENCES[401], "کلید Deepgram پذیرفته نشد"),
        ("MetisAI is out of order for the moment (its answer was 503).", "(پاسخش ۵۰۳ بود)"),
        ("The OpenAI-compatible server could not be reached.", "سرور سازگار با OpenAI"),
        (eboo_answers.credit({"AudioTranscribeCredit": "12000"}), "۳ ساعت و ۲۰ دقیقه"),
        (deepgram_answers.credit({"balances": [{"units": "usd", "amount": 12.5}]}), "۱۲٫۵۰ دلار"),
        ("a balance of 1,234.50", "موجودی ۱٬۲۳۴٫۵۰"),
        ("Vira refused this recording: error 12: too many.", "error 12: too many"),
        ("Vira refused this recording: its answer was 418.", "پاسخش ۴۱۸ بود"),
    ],
)
def test_what_providers_say_is_told_in_persian(app: APIFlask, said: str, told: str) -> None:
    with app.app_context(), app.test_request_context(headers={"Accept-Language": "fa"}):
        assert told in locale.sentence(said)
    with app.app_context(), app.test_request_context():
        assert locale.sentence(said) == said
