"""The commands for keys and quotas."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from apiflask import APIFlask
from click.testing import Result

from tests import factories
from textor.domain import scopes
from textor.extensions import db
from textor.features.accounts import api_keys
from textor.models import User
from textor.toolbox import Toolbox

Run = Callable[..., Result]


@pytest.fixture
def run(app: APIFlask) -> Run:
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=[str(argument) for argument in arguments])


@pytest.fixture
def alice(app: APIFlask) -> User:
    return factories.user("Alice")


def test_a_key_is_printed_alone_so_that_a_script_can_take_it(run: Run, tools: Toolbox, alice: User) -> None:
    made = run("apikey", "create", "alice", "my script")
    assert re.fullmatch(r"tx_[\w-]{43}\n", made.stdout)
    assert made.stderr == "Key 1 of Alice, for transcribe, text, calls, analyzer. It is not shown again:\n"
    caller = api_keys.caller(tools, made.stdout.strip())
    assert caller
    assert (caller.user_id, set(caller.scopes)) == (alice.id, set(scopes.EVERYBODYS))


def test_a_key_carries_the_scopes_and_the_end_that_were_asked_for(run: Run, alice: User) -> None:
    run("apikey", "create", "alice", "short", "--scope", "calls", "--scope", "text", "--expires-days", "30")
    row = api_keys.listed(alice.id)[0]
    assert row.scopes == ["text", "calls"]
    assert row.expires_at
    assert round((row.expires_at - row.created_at) / timedelta(days=1)) == 30


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody", "mine"), "There is no account named nobody."),
        (("alice", " "), "Give the key a name"),
        (("alice", "mine", "--scope", "admin"), "Only an admin's key may carry the scope admin."),
        (("alice", "mine", "--scope", "everything"), "is not one of"),
        (("alice", "mine", "--expires-days", "0"), "is not in the range"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_in_a_sentence(
    run: Run, alice: User, arguments: tuple[str, ...], words: str
) -> None:
    made = run("apikey", "create", *arguments)
    assert made.exit_code != 0
    assert words in made.stderr
    assert api_keys.listed(alice.id) == []


@pytest.mark.parametrize("how", ["number", "prefix", "all of it"])
def test_a_key_is_revoked_by_its_number_its_beginning_or_itself(run: Run, tools: Toolbox, alice: User, how: str) -> None:
    made, other = (api_keys.create(tools, alice.id, name, [scopes.TEXT]) for name in ("mine", "other"))
    which = {"number": str(made.row.id), "prefix": made.row.prefix, "all of it": made.text}[how]
    assert run("apikey", "revoke", which).stdout == f"Key {made.row.id}, mine, is revoked.\n"
    db.session.expire_all()
    assert api_keys.caller(tools, made.text) is None
    assert api_keys.caller(tools, other.text)
    again = run("apikey", "revoke", which)
    assert (again.exit_code, again.stderr) == (1, "Error: There is no such key.\n")


@pytest.mark.parametrize("which", ["9" * 40, "tx_nothing", "", "²"])
def test_what_names_no_key_revokes_none(run: Run, alice: User, which: str) -> None:
    assert run("apikey", "revoke", which).stderr == "Error: There is no such key.\n"


def test_two_keys_that_begin_alike_are_named_by_number(run: Run, tools: Toolbox, alice: User) -> None:
    rows = [api_keys.create(tools, alice.id, f"key {n}", [scopes.TEXT]).row for n in range(2)]
    for row in rows:
        row.prefix = "tx_aaaaaaaa"
    db.session.commit()
    assert run("apikey", "revoke", "tx_aaaaaaaa").stderr == "Error: Several keys begin so. Name the one by its number.\n"
    assert len(api_keys.listed(alice.id)) == 2


def test_keys_are_listed_without_what_is_secret_of_them(run: Run, tools: Toolbox, alice: User) -> None:
    made = api_keys.create(tools, alice.id, "mine", [scopes.TEXT])
    heads, row = run("apikey", "list", "alice").stdout.splitlines()
    assert heads.split() == ["ID", "NAME", "KEY", "FOR", "LAST", "USED", "ENDS"]
    assert row.split() == ["1", "mine", f"{made.row.prefix}...", "text", "never", "never"]


def test_somebodys_quota_is_set_and_taken_back(run: Run, alice: User) -> None:
    assert run("user", "quota", "alice", "100/day;20/hour").stdout == "Alice's programs may create 100/day;20/hour.\n"
    db.session.expire_all()
    assert alice.quota == "100/day;20/hour"
    assert run("user", "quota", "alice", "none").stdout == "Alice's programs may create what all may: 25/day.\n"
    db.session.expire_all()
    assert alice.quota is None


@pytest.mark.parametrize("rule", ["many", "5", "5/day;", "100/day;" * 20])
def test_what_is_no_quota_is_refused_in_a_sentence(run: Run, alice: User, rule: str) -> None:
    made = run("user", "quota", "alice", rule)
    assert (made.exit_code, made.stderr) == (1, "Error: A quota looks like 25/day or 25/day;5/hour.\n")
    assert run("user", "quota", "nobody", "5/day").exit_code == 1
