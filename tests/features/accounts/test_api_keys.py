"""API keys: shown once, kept as keyed hashes, dead at once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select

from tests import at_once, factories
from tests.fakes import FakeClock
from textor import jobs
from textor.domain import scopes
from textor.errors import InvalidInput, NotFound
from textor.extensions import db
from textor.features.accounts import api_keys, callers, members, users
from textor.features.accounts.callers import Via
from textor.features.accounts.users import NewUser
from textor.models import ApiKey, User
from textor.models.users import Role
from textor.toolbox import Toolbox

SWEEP = next(one.work for one in jobs.PERIODIC if one.name == "api_keys")
OPERATORS = "the-operators-own-key"


@pytest.fixture
def bootstrapped(tools: Toolbox) -> Toolbox:
    """The tools of an instance whose operator has set API_KEY."""
    return replace(tools, settings=replace(tools.settings, api_key=OPERATORS))


def scopes_of(tools: Toolbox, text: str) -> set[str]:
    found = api_keys.caller(tools, text)
    assert found
    return set(found.scopes)


def test_a_key_is_its_users_with_its_scopes(tools: Toolbox, alice: User) -> None:
    made = api_keys.create(tools, alice.id, "  my\tlaptop ", [scopes.TEXT, scopes.TRANSCRIBE])
    assert (made.row.name, made.row.scopes) == ("my laptop", ["transcribe", "text"])
    caller = api_keys.caller(tools, made.text)
    assert caller
    assert (caller.user_id, caller.username, caller.via) == (alice.id, "Alice", Via.KEY)
    assert (set(caller.scopes), caller.credential) == ({"text", "transcribe"}, str(made.row.id))
    assert made.text.startswith(made.row.prefix)
    assert made.text not in repr(made)


def test_a_key_is_good_on_its_own_instance_only(tools: Toolbox, alice: User) -> None:
    made = api_keys.create(tools, alice.id, "mine", [scopes.TEXT])
    other = replace(tools, settings=replace(tools.settings, secret_key="another instance with a copy of the database"))
    assert api_keys.caller(other, made.text) is None
    assert api_keys.caller(tools, made.row.key_hash) is None
    assert api_keys.caller(tools, made.row.prefix) is None


def test_two_keys_are_never_the_same(tools: Toolbox, alice: User) -> None:
    assert len({api_keys.create(tools, alice.id, f"key {n}", [scopes.TEXT]).text for n in range(20)}) == 20


@pytest.mark.parametrize(
    ("name", "wanted", "field"),
    [
        ("", [scopes.TEXT], "name"),
        ("\x00\u202e \t", [scopes.TEXT], "name"),
        ("login", [scopes.TEXT], "name"),
        ("mine", [], "scopes"),
        ("mine", ["everything"], "scopes"),
        ("mine", [scopes.TEXT, scopes.ADMIN], "scopes"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(tools: Toolbox, alice: User, name: str, wanted: list[str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        api_keys.create(tools, alice.id, name, wanted)
    assert refused.value.field == field
    assert api_keys.listed(alice.id) == []


def test_a_long_name_is_cut_and_a_halved_letter_dropped(tools: Toolbox, alice: User) -> None:
    assert api_keys.create(tools, alice.id, "n" * 99 + " long", [scopes.TEXT]).row.name == "n" * 99
    assert api_keys.create(tools, alice.id, "half \ud800", [scopes.TEXT]).row.name == "half"


def test_an_admins_key_is_an_admins_only_with_that_scope(tools: Toolbox, app: APIFlask) -> None:
    ada = factories.user("Ada", Role.ADMIN)
    for wanted, is_admin in (([scopes.TEXT], False), (scopes.SCOPES, True)):
        caller = api_keys.caller(tools, api_keys.create(tools, ada.id, "mine", wanted).text)
        assert caller
        assert caller.is_admin is is_admin
    assert callers.of(ada, Via.TOKEN).is_admin


def test_a_key_of_somebody_who_is_no_admin_any_more_is_no_admins(tools: Toolbox, app: APIFlask) -> None:
    ada = factories.user("Ada", Role.ADMIN)
    made = api_keys.create(tools, ada.id, "mine", scopes.SCOPES)
    ada.role = Role.USER
    db.session.commit()
    assert scopes_of(tools, made.text) == scopes.EVERYBODYS


def test_a_key_expires(tools: Toolbox, clock: FakeClock, alice: User) -> None:
    made = api_keys.create(tools, alice.id, "mine", [scopes.TEXT], clock.now() + timedelta(hours=1))
    clock.advance(3599)
    assert api_keys.caller(tools, made.text)
    clock.advance(1)
    assert api_keys.caller(tools, made.text) is None


def test_a_key_that_has_expired_is_not_made(tools: Toolbox, clock: FakeClock, alice: User) -> None:
    with pytest.raises(InvalidInput) as refused:
        api_keys.create(tools, alice.id, "mine", [scopes.TEXT], clock.now())
    assert refused.value.field == "expires_at"


def test_revoking_is_immediate_and_ones_own_affair(tools: Toolbox, alice: User, bob: User) -> None:
    made = api_keys.create(tools, alice.id, "mine", [scopes.TEXT])
    with pytest.raises(NotFound):
        api_keys.revoke(tools, bob.id, made.row.id)
    assert api_keys.caller(tools, made.text)
    api_keys.revoke(tools, alice.id, made.row.id)
    assert api_keys.caller(tools, made.text) is None
    assert api_keys.listed(alice.id) == []
    with pytest.raises(NotFound):
        api_keys.revoke(tools, alice.id, made.row.id)


def test_last_use_is_known_to_the_minute_and_not_written_for_every_call(tools: Toolbox, clock: FakeClock, alice: User) -> None:
    made, began_at = api_keys.create(tools, alice.id, "mine", [scopes.TEXT]), clock.now()
    assert made.row.last_used_at is None
    for seconds, expected in ((0, 0), (59, 0), (1, 60), (600, 660)):
        clock.advance(seconds)
        api_keys.caller(tools, made.text)
        db.session.expire_all()
        assert made.row.last_used_at == began_at + timedelta(seconds=expected)


def test_there_is_an_end_to_keys_and_logins_take_nobodys_place(tools: Toolbox, alice: User, bob: User) -> None:
    digits = [f"{n:064}" for n in range(api_keys.MOST_KEYS)]
    facts = {"user_id": alice.id, "name": "n", "prefix": "tx_", "created_at": tools.clock.now()}
    db.session.add_all(ApiKey(key_hash=digest, **facts) for digest in digits)
    db.session.commit()
    with pytest.raises(InvalidInput, match="At most 100 keys"):
        api_keys.create(tools, alice.id, "one more", [scopes.TEXT])
    assert api_keys.caller(tools, api_keys.log_in(tools, alice.id).text)
    assert api_keys.create(tools, bob.id, "mine", [scopes.TEXT]).row.id


@pytest.mark.both_databases
def test_of_many_logins_the_one_longest_unused_makes_room(tools: Toolbox, clock: FakeClock, alice: User, bob: User) -> None:
    mine, bobs = api_keys.create(tools, alice.id, "mine", [scopes.TEXT]).text, api_keys.log_in(tools, bob.id).text
    used = api_keys.log_in(tools, alice.id).text
    logins = []
    for _ in range(api_keys.MOST_LOGINS + 1):
        clock.advance(60)
        logins.append(api_keys.log_in(tools, alice.id).text)
        assert api_keys.caller(tools, used)
    assert [bool(api_keys.caller(tools, text)) for text in logins] == [False] * 2 + [True] * (api_keys.MOST_LOGINS - 1)
    assert api_keys.caller(tools, mine)
    assert api_keys.caller(tools, bobs)


def test_a_login_carries_everybodys_scopes_even_for_an_admin(tools: Toolbox, app: APIFlask) -> None:
    ada = factories.user("Ada", Role.ADMIN)
    assert scopes_of(tools, api_keys.log_in(tools, ada.id).text) == scopes.EVERYBODYS


def test_ending_logins_leaves_what_was_made_by_hand(tools: Toolbox, alice: User, bob: User) -> None:
    mine = api_keys.create(tools, alice.id, "mine", [scopes.TEXT]).text
    logins = [api_keys.log_in(tools, owner.id).text for owner in (alice, bob)]
    users.log_out_everywhere(tools, alice.id)
    assert [bool(api_keys.caller(tools, text)) for text in (mine, *logins)] == [True, False, True]


def test_keys_long_dead_are_forgotten(tools: Toolbox, clock: FakeClock, alice: User) -> None:
    for name, expires_at in (("lasting", None), ("short", clock.now() + timedelta(days=1)), ("revoked", None)):
        row = api_keys.create(tools, alice.id, name, [scopes.TEXT], expires_at).row
        if name == "revoked":
            api_keys.revoke(tools, alice.id, row.id)
    clock.advance(timedelta(days=30).total_seconds())
    SWEEP(tools)
    assert db.session.scalar(select(func.count()).select_from(ApiKey)) == 3
    clock.advance(timedelta(days=1, seconds=1).total_seconds())
    SWEEP(tools)
    assert [row.name for row in db.session.scalars(select(ApiKey))] == ["lasting"]


def test_without_the_setting_there_is_no_key_of_the_operators(tools: Toolbox, app: APIFlask) -> None:
    assert api_keys.caller(tools, "") is None
    assert api_keys.caller(tools, OPERATORS) is None
    assert db.session.scalars(select(User)).all() == []


def test_the_operators_key_opens_everything_but_what_is_an_admins(bootstrapped: Toolbox, app: APIFlask) -> None:
    caller = api_keys.caller(bootstrapped, OPERATORS)
    assert caller
    assert (caller.scopes, caller.is_admin, caller.is_guest, caller.credential) == (scopes.EVERYBODYS, False, False, "")
    assert api_keys.caller(bootstrapped, OPERATORS + "\ud800") is None


def test_the_operators_key_takes_nobodys_place_as_the_first_admin(bootstrapped: Toolbox, app: APIFlask) -> None:
    api_keys.caller(bootstrapped, OPERATORS)
    assert not members.has_any()
    assert users.register(bootstrapped, NewUser("alice.owner", "alice@holloway.org", "Correct-Horse")).is_admin


@pytest.mark.parametrize("name", ["@api_key", "\uff20api_key", "\ufe6bapi_key", "\uff20API_KEY"])
def test_nobody_can_sign_up_as_the_operators_key(tools: Toolbox, app: APIFlask, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        users.register(tools, NewUser(name, "eve@holloway.org", "Correct-Horse"))
    assert refused.value.field == "username"


@pytest.mark.both_databases
def test_the_operators_key_used_by_many_at_once_is_one_account(bootstrapped: Toolbox, app: APIFlask) -> None:
    found = at_once.results(app, 6, lambda: api_keys.caller(bootstrapped, OPERATORS))
    assert len({caller.user_id for caller in found if isinstance(caller, callers.Caller)}) == 1
    assert len(db.session.scalars(select(User)).all()) == 1
