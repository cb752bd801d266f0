"""API keys on the account page."""

import re
from collections.abc import Callable

import pytest
from apiflask import APIFlask

from tests.web.conftest import Browser, logged_in
from textor.domain import scopes
from textor.extensions import db
from textor.features.accounts import api_keys, tokens
from textor.models import User
from textor.toolbox import Toolbox

FORM = {"key_name": "my laptop", "key_scopes": ["transcribe", "calls"], "key_days": ""}


def make(browser: Browser, **changes: object) -> str:
    """The text of a new key, as the page shows it."""
    answer = browser.send("/account/keys", FORM | changes)
    assert answer.status_code == 200, answer.text
    found = re.search(r'id="new-key"\s+value="(tx_[\w-]+)"', answer.text)
    assert found
    return found[1]


def test_a_key_is_shown_once_and_good_at_once(alices: Browser, tools: Toolbox, alice: User) -> None:
    text = make(alices)
    caller = api_keys.caller(tools, text)
    assert caller
    assert (caller.user_id, set(caller.scopes)) == (alice.id, {scopes.TRANSCRIBE, scopes.CALLS})
    page = alices.get("/account").text
    assert text not in page
    assert text[:11] in page
    assert "my laptop" in page


def test_an_answer_with_a_key_is_kept_nowhere(alices: Browser) -> None:
    answer = alices.send("/account/keys", FORM)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers or "tx_" not in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(("days", "lasts_days"), [("", None), ("30", 30), ("365", 365), ("-1", None), ("9" * 40, None)])
def test_a_key_ends_when_it_was_said_to(alices: Browser, alice: User, days: str, lasts_days: int | None) -> None:
    make(alices, key_days=days)
    row = api_keys.listed(alice.id)[0]
    assert (row.expires_at and (row.expires_at - row.created_at).days) == lasts_days


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"key_name": " "}, "key_name", "Give the key a name"),
        ({"key_name": "login"}, "key_name", "Choose another name"),
        ({"key_scopes": []}, "key_scopes", "Choose at least one thing"),
        ({"key_scopes": ["everything"]}, "key_scopes", "There is no scope"),
        ({"key_scopes": ["admin"]}, "key_scopes", "Only an admin"),
    ],
)
def test_each_fault_stands_at_its_field(alices: Browser, alice: User, changes: dict[str, object], field: str, words: str) -> None:
    page = alices.send("/account/keys", FORM | changes)
    assert page.status_code == 400
    assert words in page.text.split(f'id="{field}-error"')[1].split("</span>")[0]
    assert api_keys.listed(alice.id) == []


def test_only_an_admin_is_offered_the_scope_admin(alices: Browser, adas: Browser, tools: Toolbox) -> None:
    assert 'value="admin"' not in alices.get("/account").text
    assert 'value="admin"' in adas.get("/account").text
    caller = api_keys.caller(tools, make(adas, key_scopes=["admin"]))
    assert caller
    assert caller.is_admin


def test_a_revoked_key_is_dead_and_gone_from_the_page(alices: Browser, tools: Toolbox, alice: User) -> None:
    text = make(alices)
    row = api_keys.listed(alice.id)[0]
    answer = alices.send(f"/account/keys/{row.id}/revoke")
    assert (answer.status_code, answer.location) == (303, "/account#keys")
    db.session.expire_all()
    assert api_keys.caller(tools, text) is None
    page = alices.get("/account").text
    assert "The key is revoked." in page
    assert "my laptop" not in page
    assert alices.send(f"/account/keys/{row.id}/revoke").status_code == 404


def test_bob_neither_sees_nor_revokes_alices_keys(alices: Browser, bobs: Browser, tools: Toolbox, alice: User) -> None:
    text = make(alices)
    assert text[:11] not in bobs.get("/account").text
    assert bobs.send(f"/account/keys/{api_keys.listed(alice.id)[0].id}/revoke").status_code == 404
    assert bobs.send(f"/account/keys/{'9' * 30}/revoke").status_code == 404
    assert api_keys.caller(tools, text)


def test_the_page_says_when_a_key_was_used_and_when_it_ends(alices: Browser, tools: Toolbox, alice: User) -> None:
    text = make(alices, key_days="30")
    assert "Never" in alices.get("/account").text
    api_keys.caller(tools, text)
    page = alices.get("/account").text.split('id="keys"')[1]
    assert "20 Nov 2026, 12:00 UTC" in page
    assert "20 Dec 2026, 12:00 UTC" in page


def test_keys_of_logins_stand_apart_and_end_with_them(alices: Browser, tools: Toolbox, alice: User) -> None:
    mine, login, pair = make(alices), api_keys.log_in(tools, alice.id).text, tokens.begin(tools, alice.id)
    page = alices.get("/account").text
    assert re.search(r"<summary>Made by programs that logged in with your password \(1\)</summary>", page)
    alices.send("/account/sign-out-everywhere")
    assert "Other devices and programs are signed out; API keys stay." in alices.get("/account").text
    db.session.expire_all()
    assert api_keys.caller(tools, mine)
    assert api_keys.caller(tools, login) is None
    assert tokens.caller(pair.family, alice.id) is None


def test_a_name_is_text_and_no_markup(alices: Browser) -> None:
    make(alices, key_name="<b>bold</b>")
    assert "<b>bold</b>" not in alices.get("/account").text


def test_the_page_is_persian_where_its_reader_is(app: APIFlask, browser: Callable[[], Browser], alice: User) -> None:
    reader = logged_in(browser(), alice)
    reader.send("/language", {"language": "fa"})
    page = reader.get("/account").text
    assert "کلیدهای API" in page
    assert "۳۰ روز" in page
