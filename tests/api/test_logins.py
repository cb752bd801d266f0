"""Logging in with a password for a key, and out with whatever was shown."""

import re

import pytest
from apiflask import APIFlask

from tests.api.conftest import Api, CallerOf
from textor.api import auth, jwt
from textor.domain import scopes
from textor.features.accounts import api_keys, tokens, users
from textor.features.accounts.users import NewUser
from textor.models import User
from textor.toolbox import Toolbox

LOGIN, LOGOUT, ME = "/api/auth/login/", "/api/auth/logout/", "/api/v1/accounts/user"
PASSWORD = "Correct-Horse"
NULLS = {"username": None, "password": None}
BYE = {"message": "Successfully logged out."}


@pytest.fixture
def owner(app: APIFlask, tools: Toolbox) -> User:
    """Alice with a password."""
    return users.register(tools, NewUser("alice.owner", "alice@holloway.org", PASSWORD))


@pytest.mark.parametrize("name", ["alice.owner", "ALICE.OWNER", "alice@holloway.org"])
@pytest.mark.parametrize("kind", ["json", "data"])
def test_a_password_gives_a_key_named_login(stranger: Api, owner: User, name: str, kind: str) -> None:
    answer = stranger.post(LOGIN, **{kind: {"username": name, "password": PASSWORD}})
    told = answer.get_json()
    assert (answer.status_code, told["user_id"], told["username"]) == (200, owner.id, "alice.owner")
    row = api_keys.listed(owner.id)[0]
    assert row.name == "login"
    assert frozenset(row.scopes) == scopes.EVERYBODYS
    for scheme in ("Token", "Bearer"):
        shown = {"Authorization": f"{scheme} {told['token']}"}
        assert stranger.get(ME, headers=shown).get_json()["username"] == "alice.owner"


@pytest.mark.parametrize("body", [{}, {"username": "alice.owner"}, {"password": PASSWORD}, {"username": " ", "password": "x"}])
@pytest.mark.parametrize("kind", ["json", "data"])
def test_half_a_login_is_asked_for_the_other_half(stranger: Api, owner: User, body: dict[str, str], kind: str) -> None:
    answer = stranger.post(LOGIN, **{kind: body})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "Please provide username and password")


@pytest.mark.parametrize("options", [{}, {"data": b"username=a"}, {"json": []}, {"json": None}, {"json": NULLS}])
def test_nothing_at_all_is_asked_for_both(stranger: Api, options: dict[str, object]) -> None:
    answer = stranger.post(LOGIN, **options)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "Please provide username and password")


@pytest.mark.parametrize(("name", "password"), [("alice.owner", "Wrong-Horse"), ("nobody.here", PASSWORD), ("nul\x00", PASSWORD)])
def test_a_wrong_login_says_the_same_whether_the_account_exists_or_not(
    stranger: Api, owner: User, name: str, password: str
) -> None:
    answer = stranger.post(LOGIN, json={"username": name, "password": password})
    assert (answer.status_code, answer.get_json()) == (401, {"error": "Invalid credentials", "details": None})
    assert api_keys.listed(owner.id) == []


def test_the_operators_account_has_no_password(stranger: Api, app: APIFlask) -> None:
    assert stranger.post(LOGIN, json={"username": "@api_key", "password": PASSWORD}).status_code == 401


@pytest.mark.parametrize("place", ["Token", "X-API-Key", "api_key"])
def test_the_key_that_was_shown_is_dead_after_logging_out_and_no_other(stranger: Api, owner: User, place: str) -> None:
    first, other = (
        stranger.post(LOGIN, json={"username": "alice.owner", "password": PASSWORD}).get_json()["token"] for _ in range(2)
    )
    shown = {
        "Token": {"headers": {"Authorization": f"Token {first}"}},
        "X-API-Key": {"headers": {"X-API-Key": first}},
        "api_key": {"query_string": {"api_key": first}},
    }[place]
    answer = stranger.post(LOGOUT, **shown)
    assert (answer.status_code, answer.get_json()) == (200, BYE)
    assert stranger.post(LOGOUT, **shown).status_code == 401
    assert stranger.get(ME, headers={"X-API-Key": first}).status_code == 401
    assert stranger.get(ME, headers={"X-API-Key": other}).status_code == 200


def test_a_key_of_any_scope_can_end_itself(alice: User, caller: CallerOf) -> None:
    api = caller(alice, scopes.CALLS)
    assert api.post(LOGOUT).get_json() == BYE
    assert api.get(ME).status_code == 401


def test_an_access_token_ends_its_login(stranger: Api, tools: Toolbox, alice: User) -> None:
    pair = jwt.pair(tokens.begin(tools, alice.id))
    shown = {"Authorization": f"Bearer {pair.access}"}
    assert stranger.post(LOGOUT, headers=shown).get_json() == BYE
    assert stranger.get(ME, headers=shown).status_code == 401
    assert stranger.post("/api/v1/accounts/token-refresh", json={"refresh": pair.refresh}).status_code == 401


def test_a_browser_is_logged_out_with_its_csrf_token_only(app: APIFlask, alice: User) -> None:
    client = app.test_client()
    with client.session_transaction() as session:
        session.update(_user_id=alice.session_token, _fresh=True)
    page = client.get("/transcripts").text
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    assert client.post(LOGOUT).status_code == 401
    assert client.get("/transcripts").status_code == 200
    assert client.post(LOGOUT, headers={"X-CSRFToken": token}).get_json() == BYE
    assert client.get("/transcripts").status_code == 302


def test_nobody_has_nothing_to_log_out_of(stranger: Api, gina: Api) -> None:
    for api in (stranger, gina):
        answer = api.post(LOGOUT)
        assert (answer.status_code, answer.get_json()["error"]) == (401, auth.MISSING)


class TestOperatorsKey:
    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return {**environ, "API_KEY": "a-key-of-the-operators-own"}

    def test_it_ends_where_it_was_set(self, stranger: Api) -> None:
        shown = {"X-API-Key": "a-key-of-the-operators-own"}
        assert stranger.post(LOGOUT, headers=shown).status_code == 403
        told = stranger.get(ME, headers=shown).get_json()
        assert (told["username"], told["email"]) == ("API_KEY", None)
