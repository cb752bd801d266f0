"""What goes wrong, as people see it."""

import pytest
from apiflask import APIFlask
from flask import abort
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests.web.conftest import HTML, HTMX, Browser
from textor.errors import Unavailable
from textor.extensions import db
from textor.routing import limited, public


@pytest.fixture
def broken(app: APIFlask) -> APIFlask:
    """Routes that fail."""

    def crash() -> str:
        raise RuntimeError("secret: postgresql://user:password@host/db")

    def away() -> str:
        raise Unavailable("The store is away. Try again in a moment.", retry_after=7)

    def refuse() -> str:
        abort(403)

    for view in (crash, away, refuse):
        app.add_url_rule(f"/{view.__name__}", view_func=public(limited("9/second")(view)))
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def test_a_crash_tells_a_reference_and_nothing_else(broken: APIFlask, gina: Browser, caplog: pytest.LogCaptureFixture) -> None:
    page = gina.get("/crash", headers=HTML)
    assert page.status_code == 500
    assert "Something broke on our side" in page.text
    assert "secret" not in page.text
    assert "Traceback" not in page.text
    reference = page.text.split('<code id="ref">')[1].split("</code>")[0]
    assert any(reference in record.message for record in caplog.records)


def test_a_crash_under_htmx_is_a_note(broken: APIFlask, gina: Browser) -> None:
    note = gina.get("/crash", headers=HTMX)
    assert note.status_code == 500
    assert note.headers["HX-Reswap"] == "none"
    assert '<hx-partial hx-target="#toast"' in note.text
    assert "secret" not in note.text


def test_what_is_away_says_when_to_come_back(broken: APIFlask, gina: Browser) -> None:
    page = gina.get("/away", headers=HTML)
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "7"
    assert "The store is away." in page.text


def test_not_allowed_has_its_page(broken: APIFlask, gina: Browser) -> None:
    page = gina.get("/refuse", headers=HTML)
    assert page.status_code == 403
    assert "Not for this account" in page.text


@pytest.mark.parametrize(
    ("path", "method", "status", "words"),
    [("/nowhere", "GET", 404, "Nothing recorded here"), ("/login", "PUT", 405, "Not this way")],
)
def test_unknown_addresses_and_ways_have_their_pages(gina: Browser, path: str, method: str, status: int, words: str) -> None:
    page = gina.open(path, method=method, headers=HTML)
    if status == 405 and page.status_code == 400:  # without a token a PUT is refused before its way is looked at
        pytest.fail("an unknown way is told before the token is asked for")
    assert page.status_code == status
    assert words in page.text


def test_the_errors_speak_the_language_of_the_page(gina: Browser) -> None:
    page = gina.get("/nowhere", headers={**HTML, "Accept-Language": "fa"})
    assert 'lang="fa" dir="rtl"' in page.text
    assert "اینجا چیزی ضبط نشده" in page.text


def test_the_wrong_kind_of_id_is_not_found(alices: Browser) -> None:
    for path in ("/transcripts/1", "/transcripts/..%2f..", "/transcripts/'%20OR%201=1"):
        assert alices.get(path).status_code == 404


def test_a_page_address_that_is_none_leads_to_the_login(gina: Browser) -> None:
    answer = gina.get("/transcripts", headers={"HX-Request": "true", "HX-Current-URL": "http://["})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/login")


@pytest.mark.parametrize("headers", [HTML, {"HX-Request": "true"}])
def test_somebody_logged_in_is_told_of_a_database_that_is_away(app: APIFlask, alices: Browser, headers: dict[str, str]) -> None:
    """Who they are can't be asked, and is asked by the very page that would say so."""
    alices.get("/transcripts")

    def away(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, ConnectionError("the server at db.example refused"))

    event.listen(db.engine, "before_cursor_execute", away)
    try:
        answer = alices.get("/transcripts", headers=headers)
    finally:
        event.remove(db.engine, "before_cursor_execute", away)
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert "db.example" not in answer.text
    assert alices.get("/transcripts").status_code == 200


@pytest.mark.parametrize("path", ["/broken/database", "/api/broken/database"])
def test_a_database_that_is_away_is_no_fault_of_the_callers(app: APIFlask, gina: Browser, path: str) -> None:
    @public
    @limited("9/minute")
    def away() -> str:
        raise OperationalError("SELECT 1", {}, ConnectionError("the server at db.example refused"))

    app.add_url_rule(path, "database_away", away)
    answer = gina.get(path, headers=HTML)
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert "db.example" not in answer.text
