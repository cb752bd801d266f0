"""Signing up, logging in and out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests.web.conftest import HTML, Browser
from textor import toolbox
from textor.extensions import db
from textor.models import User
from textor.settings import Settings
from textor.toolbox import Toolbox

PASSWORD = "Correct-Horse"
ALICE = {"username": "alice.owner", "email": "alice@holloway.org", "password": PASSWORD, "password_again": PASSWORD}


def sign_up(browser: Browser, **changes: str) -> int:
    return browser.send("/signup", {**ALICE, **changes}).status_code


def log_in(browser: Browser, name: str = "alice.owner", password: str = PASSWORD, **more: str) -> int:
    return browser.send("/login", {"username": name, "password": password, **more}).status_code


def test_signing_up_logs_in(gina: Browser) -> None:
    answer = gina.send("/signup", ALICE)
    assert answer.status_code == 303
    assert answer.location == "/transcripts"
    assert gina.get("/transcripts").status_code == 200


def test_the_first_account_is_the_admin_and_the_second_is_not(browser: Callable[[], Browser]) -> None:
    assert sign_up(browser()) == 303
    assert sign_up(browser(), username="bob.other", email="bob@holloway.org") == 303
    assert db.session.execute(select(User.username, User.role).order_by(User.id)).all() == [
        ("alice.owner", "admin"),
        ("bob.other", "user"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("username", "alice", "at least 8 characters"),
        ("username", "alice@owner", "contain @"),
        ("email", "alice", "Enter a full address"),
        ("password", "Short-1", "at least 8 characters"),
        ("password", "all-lower-case", "one uppercase letter"),
        ("password", "NoSpecial1", "one special character"),
        ("password_again", "Correct-Horsf", "The two passwords differ"),
    ],
)
def test_each_fault_stands_at_its_field(gina: Browser, field: str, value: str, words: str) -> None:
    page = gina.send("/signup", {**ALICE, field: value})
    assert page.status_code == 400
    assert words in page.text.split(f'id="{field}-error"')[1].split("</span>")[0]
    assert PASSWORD not in page.text


@pytest.mark.parametrize("taken", [{"email": "other@holloway.org"}, {"username": "other.name"}])
def test_names_and_addresses_are_taken_in_any_spelling(browser: Callable[[], Browser], taken: dict[str, str]) -> None:
    sign_up(browser())
    shouted = {"username": "ALICE.Owner", "email": "Alice@Holloway.ORG", **taken}
    assert sign_up(browser(), **shouted) == 400
    assert len(db.session.scalars(select(User)).all()) == 1


@pytest.mark.parametrize("name", ["alice.owner", "ALICE.OWNER", "alice@holloway.org"])
def test_login_takes_the_name_or_the_address(browser: Callable[[], Browser], name: str) -> None:
    sign_up(browser())
    again = browser()
    assert log_in(again, name) == 303
    assert again.get("/transcripts").status_code == 200


@pytest.mark.parametrize("name", ["alice.owner", "nobody.here", "nul\x00name"])
def test_a_bad_login_says_the_same_whether_the_account_exists_or_not(browser: Callable[[], Browser], name: str) -> None:
    sign_up(browser())
    page = browser().post("/login", data={"csrf_token": ""})
    stranger = browser()
    page = stranger.send("/login", {"username": name, "password": "Wrong-Horse"})
    assert page.status_code == 401
    assert "That name and password do not match. Check both and try again." in page.text
    assert "Wrong-Horse" not in page.text
    assert stranger.get("/transcripts").status_code == 302


def test_logging_out_ends_the_login(gina: Browser) -> None:
    sign_up(gina)
    assert gina.send("/logout").status_code == 303
    assert gina.get("/transcripts").status_code == 302


def test_logging_out_by_a_link_is_impossible(gina: Browser) -> None:
    sign_up(gina)
    assert gina.get("/logout").status_code == 405
    assert gina.get("/transcripts").status_code == 200


def test_a_device_is_remembered_only_when_asked(browser: Callable[[], Browser]) -> None:
    sign_up(browser())
    short, long = browser(), browser()
    log_in(short)
    log_in(long, remember="1")
    assert short.get_cookie("textor_remember") is None
    assert long.get_cookie("textor_remember") is not None
    long.delete_cookie("textor_session")
    assert long.get("/transcripts").status_code == 200


def test_nothing_planted_in_the_session_outlives_the_login(browser: Callable[[], Browser]) -> None:
    sign_up(browser())
    planted = browser()
    with planted.session_transaction() as session:
        session["planted"] = "by Bob"
    log_in(planted)
    with planted.session_transaction() as session:
        assert "planted" not in session


@pytest.mark.parametrize("target", ["/transcripts?status=failed", "/account"])
def test_after_the_login_one_is_where_one_wanted_to_be(browser: Callable[[], Browser], target: str) -> None:
    sign_up(browser())
    assert browser().get(target).location.startswith("/login?next=")
    assert browser().send("/login", {"username": "alice.owner", "password": PASSWORD, "next": target}).location == target


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "//[",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\n/evil.example",
        "evil",
    ],
)
def test_a_login_never_leads_to_another_site(browser: Callable[[], Browser], target: str) -> None:
    sign_up(browser())
    answer = browser().send("/login", {"username": "alice.owner", "password": PASSWORD, "next": target})
    assert answer.location == "/transcripts"


@pytest.mark.parametrize("path", ["/signup", "/login", "/logout", "/language"])
def test_a_form_without_its_token_changes_nothing(gina: Browser, path: str) -> None:
    page = gina.post(path, data=ALICE, headers=HTML)
    assert page.status_code == 400
    assert "Load it again" in page.text
    assert db.session.scalars(select(User)).all() == []


def test_a_logged_in_user_sees_no_login_page(gina: Browser) -> None:
    sign_up(gina)
    assert gina.get("/login").location == "/transcripts"
    assert gina.get("/signup").location == "/transcripts"


def test_guessing_one_account_is_throttled_and_another_is_not(app: APIFlask, browser: Callable[[], Browser]) -> None:
    sign_up(browser())
    guesser = browser()
    token = guesser.token()

    def guess(name: str) -> int:
        return guesser.post("/login", data={"csrf_token": token, "username": name, "password": "Wrong-Horse"}).status_code

    assert [guess("alice.owner") for _ in range(11)] == [401] * 10 + [429]
    assert guess("ＡＬＩＣＥ.owner") == 429
    assert guess("Alice@Holloway.org") == 429
    assert guess("bob.other") == 401


def test_a_throttled_login_says_when_to_come_back(browser: Callable[[], Browser]) -> None:
    guesser = browser()
    token = guesser.token()
    answers = [
        guesser.post("/login", data={"csrf_token": token, "username": f"name{n}", "password": "x"}, headers=HTML)
        for n in range(21)
    ]
    answer = answers[-1]
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert "Too fast" in answer.text


def test_limits_are_counted_in_redis_for_all_processes(browser: Callable[[], Browser], tools: Toolbox) -> None:
    log_in(browser())
    assert any(b"account:" in key for key in tools.redis.scan_iter("*limits*"))


def test_names_people_type_are_not_kept_in_redis(browser: Callable[[], Browser], tools: Toolbox) -> None:
    log_in(browser(), "my-secret-typed-into-the-name")
    assert not any(b"secret-typed" in key for key in tools.redis.scan_iter("*"))


class TestRedisAway:
    @pytest.fixture
    def tools(self, settings: Settings) -> Toolbox:
        """The real tools, with a Redis that isn't there."""
        return toolbox.build(settings)

    @pytest.fixture
    def environ(self, environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
        return {**environ, "REDIS_URL": f"unix://{tmp_path / 'nobody.sock'}"}

    def test_people_can_still_log_in_and_are_still_throttled(self, browser: Callable[[], Browser]) -> None:
        sign_up(browser())
        guesser = browser()
        token = guesser.token()
        form = {"csrf_token": token, "username": "alice.owner", "password": "Wrong-Horse"}
        assert [guesser.post("/login", data=form).status_code for _ in range(11)] == [401] * 10 + [429]
        assert guesser.post("/login", data={**form, "username": "alice@holloway.org"}).status_code == 429
        assert sign_up(browser(), username="bob.other", email="bob@holloway.org") == 303
        assert log_in(browser(), "bob.other") == 303
