"""Accounts of programs: registering, a pair of tokens, the next pair, the end."""

from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests.api.conftest import Api, CallerOf
from textor.extensions import db
from textor.features.accounts import users
from textor.features.accounts.tokens import DEAD
from textor.features.accounts.users import NewUser
from textor.models import User
from textor.toolbox import Toolbox

FAMILY = "/api/v1/accounts"
PASSWORD = "Correct-Horse"
NEW = {"email": "gina@holloway.org", "username": "gina.guest", "password": PASSWORD}


@pytest.fixture
def owner(app: APIFlask, tools: Toolbox) -> User:
    """Alice with a password."""
    return users.register(tools, NewUser("alice.owner", "alice@holloway.org", PASSWORD))


def log_in(api: Api, email: str = "alice@holloway.org", password: str = PASSWORD) -> dict[str, str]:
    answer = api.post(f"{FAMILY}/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json()["tokens"])


def refresh(api: Api, token: str) -> tuple[int, Any]:
    answer = api.post(f"{FAMILY}/token-refresh", json={"refresh": token})
    return answer.status_code, answer.get_json()


def whoami(api: Api, access: str) -> tuple[int, Any]:
    answer = api.get(f"{FAMILY}/user", headers={"Authorization": f"Bearer {access}"})
    return answer.status_code, answer.get_json()


def test_registering_makes_an_account_and_assigns_nothing_else(stranger: Api, owner: User) -> None:
    answer = stranger.post(f"{FAMILY}/registration", json={**NEW, "role": "admin", "id": 77, "quota": "9/day", "is_admin": True})
    assert answer.status_code == 201
    row = db.session.scalars(select(User).where(User.username == "gina.guest")).one()
    assert (row.role, row.quota) == ("user", None)
    told = answer.get_json()
    assert told == {"id": row.id, "email": NEW["email"], "username": "gina.guest", "created_at": told["created_at"]}
    assert row.id != 77
    assert told["created_at"].endswith("Z")


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "gina"},
        {"password": "Short-1"},
        {"password": "all-lower-case"},
        {"password": "NoSpecial1"},
        {"email": "gina"},
        {"email": ""},
        {"email": None},
        {"password": None},
        {"email": "Alice@Holloway.ORG"},
        {"username": "ALICE.Owner"},
        {"username": "gina\x00guest"},
    ],
)
def test_whatever_rule_is_broken_the_sentence_is_one(stranger: Api, owner: User, wrong: dict[str, str | None]) -> None:
    answer = stranger.post(f"{FAMILY}/registration", json=NEW | wrong)
    told = answer.get_json()
    sentence = (
        "Both password and username must contain at least 8 characters, and the password must contain at least one uppercase "
        "letter and one special character"
    )
    assert (answer.status_code, told["error"], told["detail"]) == (400, sentence, sentence)
    assert len(db.session.scalars(select(User)).all()) == 1
    assert "alice" not in answer.text.casefold()


@pytest.mark.parametrize("body", [{}, {"password": 5}, {"password": "\ud800" * 8 + "A!"}, [], "gina", None, {"email": ["a"]}])
@pytest.mark.parametrize("call", ["registration", "login", "logout", "token-refresh"])
def test_what_makes_no_sense_is_refused(stranger: Api, body: object, call: str) -> None:
    answer = stranger.post(f"{FAMILY}/{call}", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["detail"] == answer.get_json()["error"]


def test_old_clients_that_send_forms_are_understood(stranger: Api) -> None:
    assert stranger.post(f"{FAMILY}/registration", data=NEW).status_code == 201
    pair = stranger.post(f"{FAMILY}/login", data=NEW).get_json()["tokens"]
    renewed = stranger.post(f"{FAMILY}/token-refresh", data={"refresh": pair["refresh"]}).get_json()
    assert stranger.post(f"{FAMILY}/logout", data={"refresh": renewed["refresh"]}).status_code == 205


@pytest.mark.parametrize(("call", "said"), [("registration", "Both password and username"), ("login", "No such user")])
def test_nothing_at_all_gets_the_sentence_that_clients_know(stranger: Api, call: str, said: str) -> None:
    answer = stranger.post(f"{FAMILY}/{call}")
    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith(said)


def test_letters_beyond_the_first_65536_may_be_written_in_halves(stranger: Api, owner: User) -> None:
    body = b'{"email": "alice@holloway.org", "password": "\\ud83d\\ude00 Wrong-Horse"}'
    answer = stranger.post(f"{FAMILY}/login", data=body, content_type="application/json")
    assert answer.get_json()["error"] == "No such user, or incorrect credentials provided"


@pytest.mark.parametrize("body", ["[" * 50_000, '{"email": ' * 9_000, "\xff", '{"email": "a'])
def test_broken_json_is_refused(stranger: Api, body: str) -> None:
    answer = stranger.post(f"{FAMILY}/login", data=body.encode("latin-1"), content_type="application/json")
    assert (answer.status_code, answer.get_json()["details"]) == (400, None)


def test_a_body_that_is_far_too_large_is_not_read(stranger: Api) -> None:
    assert stranger.post(f"{FAMILY}/login", json={"email": "a" * 200_000}).status_code == 413


def test_a_login_is_a_pair_of_tokens(stranger: Api, owner: User) -> None:
    status, told = whoami(stranger, log_in(stranger)["access"])
    assert (status, told["username"], told["email"]) == (200, "alice.owner", "alice@holloway.org")
    assert set(told) == {"username", "email", "created_at"}
    assert told["created_at"].endswith("Z")


@pytest.mark.parametrize(
    ("email", "password"),
    [("alice@holloway.org", "Wrong-Horse"), ("nobody@holloway.org", PASSWORD), ("nul\x00@holloway.org", PASSWORD), ("", "")],
)
def test_a_bad_login_says_the_same_whether_the_account_exists_or_not(
    stranger: Api, owner: User, email: str, password: str
) -> None:
    answer = stranger.post(f"{FAMILY}/login", json={"email": email, "password": password})
    sentence = "No such user, or incorrect credentials provided"
    assert (answer.status_code, answer.get_json()) == (400, {"error": sentence, "detail": sentence, "details": None})


def test_whoever_is_logged_in_cannot_log_in_again(stranger: Api, owner: User, caller: CallerOf) -> None:
    shown = {"email": "alice@holloway.org", "password": PASSWORD}
    access = log_in(stranger)["access"]
    for headers in (caller(owner).headers, {"Authorization": f"Bearer {access}"}):
        answer = stranger.post(f"{FAMILY}/login", json=shown, headers=headers)
        assert (answer.status_code, answer.get_json()["detail"]) == (400, "You are already logged in.")


def test_a_token_that_is_over_is_in_nobodys_way_at_the_door(stranger: Api, owner: User) -> None:
    over = {"Authorization": "Bearer over"}
    answer = stranger.post(f"{FAMILY}/login", json={"email": "alice@holloway.org", "password": PASSWORD}, headers=over)
    assert answer.status_code == 200
    pair = answer.get_json()["tokens"]
    assert stranger.post(f"{FAMILY}/token-refresh", json={"refresh": pair["refresh"]}, headers=over).status_code == 200


def test_a_refresh_token_is_good_once_and_coming_back_ends_the_login(stranger: Api, owner: User) -> None:
    first = log_in(stranger)
    status, second = refresh(stranger, first["refresh"])
    assert (status, set(second)) == (200, {"access", "refresh"})
    assert whoami(stranger, second["access"])[0] == 200
    assert refresh(stranger, first["refresh"]) == (401, {"error": DEAD, "detail": DEAD, "details": None})
    assert refresh(stranger, second["refresh"])[0] == 401
    assert [whoami(stranger, pair["access"])[0] for pair in (first, second)] == [401, 401]


def test_an_access_token_refreshes_nothing(stranger: Api, owner: User) -> None:
    pair = log_in(stranger)
    assert refresh(stranger, pair["access"])[0] == 401
    assert refresh(stranger, "no.token.at-all")[0] == 401
    assert refresh(stranger, pair["refresh"])[0] == 200


def test_logging_out_kills_the_login_and_may_be_repeated(stranger: Api, owner: User) -> None:
    pair, other = log_in(stranger), log_in(stranger)
    for _ in range(2):
        answer = stranger.post(f"{FAMILY}/logout", json={"refresh": pair["refresh"]})
        assert (answer.status_code, answer.data) == (205, b"")
    assert refresh(stranger, pair["refresh"])[0] == 401
    assert whoami(stranger, pair["access"])[0] == 401
    assert whoami(stranger, other["access"])[0] == 200


def test_what_is_no_refresh_token_logs_nobody_out(stranger: Api, owner: User) -> None:
    pair = log_in(stranger)
    for token in (pair["access"], "wrong", ""):
        assert stranger.post(f"{FAMILY}/logout", json={"refresh": token}).status_code == 400
    assert whoami(stranger, pair["access"])[0] == 200


def test_a_key_of_any_scope_knows_whose_it_is_and_a_guest_is_nobody(
    alice: User, caller: CallerOf, gina: Api, stranger: Api
) -> None:
    assert caller(alice, "calls").get(f"{FAMILY}/user").get_json()["username"] == "Alice"
    for api in (gina, stranger):
        assert api.get(f"{FAMILY}/user").status_code == 401


def test_guesses_count_together_from_pages_and_programs_by_name_and_by_address(stranger: Api, owner: User) -> None:
    doors = [(f"{FAMILY}/login", "email", "alice@holloway.org"), (f"{FAMILY}/login", "email", "ALICE.owner")]
    doors.append(("/api/auth/login", "username", "alice.owner"))

    def guess(path: str, field: str, name: str) -> int:
        return stranger.post(path, json={field: name, "password": "Wrong-Horse"}).status_code

    assert [guess(*doors[n % 3]) for n in range(10)] == [400, 400, 401] * 3 + [400]
    assert [guess(*door) for door in doors] == [429] * 3
    answer = stranger.post(f"{FAMILY}/login", json={"email": "bob@holloway.org", "password": "Wrong-Horse"})
    assert answer.status_code == 400


def test_an_address_that_tries_many_accounts_is_stopped(stranger: Api) -> None:
    def guess(n: int) -> int:
        return stranger.post(f"{FAMILY}/login", json={"email": f"person{n}@holloway.org", "password": "x"}).status_code

    assert [guess(n) for n in range(21)] == [400] * 20 + [429]
    assert stranger.post("/api/auth/login", json={"username": "another", "password": "x"}).status_code == 429


@pytest.mark.parametrize("email", ["alice@holloway.org", "nobody@holloway.org"])
def test_tries_at_one_address_are_stopped_whether_it_has_an_account_or_not(stranger: Api, owner: User, email: str) -> None:
    def register() -> int:
        return stranger.post(f"{FAMILY}/registration", json={**NEW, "email": email, "password": "weak"}).status_code

    assert [register() for _ in range(11)] == [400] * 10 + [429]


def test_one_account_gets_so_many_pairs_a_minute(stranger: Api, owner: User) -> None:
    token, statuses = log_in(stranger)["refresh"], []
    for _ in range(11):
        status, told = refresh(stranger, token)
        statuses.append(status)
        token = told.get("refresh", token)
    assert statuses == [200] * 10 + [429]
