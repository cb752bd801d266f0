"""One's own account."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.web.conftest import HTMX, Browser, logged_in
from textor.extensions import db
from textor.features.accounts import users
from textor.models import Job, User
from textor.toolbox import Toolbox

PASSWORD = "Correct-Horse"


@pytest.fixture
def owner(tools: Toolbox, alice: User) -> User:
    """Alice with a password."""
    return users.register(tools, users.NewUser("alice.owner", "owner@holloway.org", PASSWORD))


@pytest.fixture
def owners(browser: Callable[[], Browser], owner: User) -> Browser:
    return logged_in(browser(), owner)


def change(browser: Browser, old: str = PASSWORD, new: str = "Better-Horse", again: str = "Better-Horse") -> tuple[int, str]:
    answer = browser.send("/account/password", {"old_password": old, "password": new, "password_again": again})
    return answer.status_code, answer.text


def test_it_lists_every_engine_with_what_it_needs(alices: Browser, tools: Toolbox) -> None:
    page = alices.get("/account").text
    for engine in tools.engines.values():
        assert engine.title in page


def test_preferences_are_saved(alices: Browser, alice: User) -> None:
    answer = alices.send("/account/preferences", {"ui_language": "fa", "language": "de", "engine": "whisper:base"})
    assert answer.status_code == 303
    db.session.expire_all()
    assert (alice.ui_language, alice.speech_language, alice.engine, alice.model) == ("fa", "de", "whisper", "base")
    assert 'lang="fa" dir="rtl"' in alices.get("/account").text


def test_another_password_keeps_this_device_and_ends_the_others(
    browser: Callable[[], Browser], owners: Browser, owner: User
) -> None:
    other = logged_in(browser(), owner)
    assert change(owners)[0] == 303
    assert owners.get("/account").status_code == 200
    assert other.get("/account").status_code == 302


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"old": "Wrong-Horse"}, "This is not your current password."),
        ({"again": "Other-Horse"}, "The two passwords differ."),
        ({"new": "weak", "again": "weak"}, "at least 8 characters"),
    ],
)
def test_a_password_is_not_changed_by_half(owners: Browser, form: dict[str, str], words: str) -> None:
    status, page = change(owners, **form)
    assert status == 400
    assert words in page
    assert owners.get("/account").status_code == 200


def test_other_devices_can_be_signed_out(browser: Callable[[], Browser], owners: Browser, owner: User) -> None:
    other = logged_in(browser(), owner)
    assert owners.send("/account/sign-out-everywhere").status_code == 303
    assert owners.get("/account").status_code == 200
    assert other.get("/account").status_code == 302


def test_a_model_is_fetched_in_the_background_and_watched(adas: Browser) -> None:
    idle = adas.get("/account", headers=HTMX)
    assert "every 2s" not in idle.text
    answer = adas.send("/account/models/whisper/tiny/download", headers=HTMX)
    assert "engines:changed" in answer.headers["HX-Trigger"]
    job = db.session.scalars(select(Job)).one()
    assert (job.kind, job.state) == ("download_model", "queued")
    running = adas.get("/account", headers=HTMX)
    assert "every 2s, engines:changed" in running.text
    assert "<html" not in running.text
    assert adas.get("/account", headers={**HTMX, "If-None-Match": running.headers["ETag"]}).status_code == 304


def test_a_model_that_does_not_exist_is_refused(adas: Browser) -> None:
    assert adas.send("/account/models/whisper/huge/download").status_code == 400
    assert adas.send("/account/models/nothing/huge/download").status_code == 400


def test_only_an_admin_fills_the_disk_with_models(alices: Browser, adas: Browser) -> None:
    assert "/models/whisper/tiny/download" in adas.get("/account").text
    assert "/models/whisper/tiny/download" not in alices.get("/account").text
    assert alices.send("/account/models/whisper/tiny/download").status_code == 403
    assert db.session.scalars(select(Job)).all() == []
