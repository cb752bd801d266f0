"""Logins by token: good once, and a token that comes back ends the login."""

from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests import at_once
from tests.fakes import FakeClock
from textor import jobs
from textor.errors import NotAuthenticated
from textor.extensions import db
from textor.features.accounts import tokens, users
from textor.features.accounts.callers import Via
from textor.features.accounts.tokens import Login
from textor.models import TokenFamily, User
from textor.toolbox import Toolbox

SWEEP = next(one.work for one in jobs.PERIODIC if one.name == "tokens")
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def is_good(login: Login) -> bool:
    return tokens.caller(login.family, login.user_id) is not None


def test_a_login_is_its_users(tools: Toolbox, alice: User, bob: User) -> None:
    login = tokens.begin(tools, alice.id)
    caller = tokens.caller(login.family, alice.id)
    assert caller
    assert (caller.user_id, caller.via, caller.credential) == (alice.id, Via.TOKEN, login.family)
    assert tokens.caller(login.family, bob.id) is None
    assert tokens.caller(UNKNOWN, alice.id) is None


def test_a_refresh_token_is_good_once_and_one_that_comes_back_ends_the_login(tools: Toolbox, alice: User) -> None:
    first = tokens.begin(tools, alice.id)
    second = tokens.rotate(tools, first.family, first.current)
    assert (second.family, second.user_id) == (first.family, alice.id)
    third = tokens.rotate(tools, second.family, second.current)
    assert len({first.current, second.current, third.current}) == 3
    assert is_good(third)
    for old in (first, third):  # the thief's, and from then on the owner's, too
        with pytest.raises(NotAuthenticated):
            tokens.rotate(tools, old.family, old.current)
        assert not is_good(third)


def test_one_login_says_nothing_of_another(tools: Toolbox, alice: User) -> None:
    stolen, other = tokens.begin(tools, alice.id), tokens.begin(tools, alice.id)
    tokens.rotate(tools, stolen.family, stolen.current)
    with pytest.raises(NotAuthenticated):
        tokens.rotate(tools, stolen.family, stolen.current)
    assert is_good(other)
    assert is_good(tokens.rotate(tools, other.family, other.current))


@pytest.mark.both_databases
def test_of_many_who_rotate_at_once_one_at_most_gets_a_pair_and_the_login_is_over(
    tools: Toolbox, app: APIFlask, alice: User
) -> None:
    login = tokens.begin(tools, alice.id)
    found = at_once.results(app, 5, lambda: tokens.rotate(tools, login.family, login.current))
    pairs = [one for one in found if isinstance(one, Login)]
    assert len(pairs) == 1
    assert all(isinstance(one, NotAuthenticated) for one in found if one not in pairs)
    db.session.expire_all()
    assert not is_good(login)
    with pytest.raises(NotAuthenticated):
        tokens.rotate(tools, login.family, pairs[0].current)


def test_logging_out_ends_the_login_once(tools: Toolbox, alice: User) -> None:
    login = tokens.begin(tools, alice.id)
    assert tokens.end(tools, login.family)
    assert not tokens.end(tools, login.family)
    assert not is_good(login)
    with pytest.raises(NotAuthenticated):
        tokens.rotate(tools, login.family, login.current)


def test_what_has_ended_stays_so_when_redis_has_forgotten_everything(tools: Toolbox, alice: User) -> None:
    ended, rotated = tokens.begin(tools, alice.id), tokens.begin(tools, alice.id)
    tokens.end(tools, ended.family)
    tokens.rotate(tools, rotated.family, rotated.current)
    tools.redis.flushall()
    assert not is_good(ended)
    for login in (ended, rotated):
        with pytest.raises(NotAuthenticated):
            tokens.rotate(tools, login.family, login.current)


@pytest.mark.parametrize("how", ["password", "everywhere"])
def test_another_password_and_signing_out_everywhere_end_all_logins_of_ones_own(
    tools: Toolbox, alice: User, bob: User, how: str
) -> None:
    mine, bobs = [tokens.begin(tools, alice.id) for _ in range(2)], tokens.begin(tools, bob.id)
    if how == "password":
        alice.password_hash = users._hasher.hash("Correct-Horse")
        users.change_password(tools, alice.id, "Correct-Horse", "Better-Horse")
    else:
        users.log_out_everywhere(tools, alice.id)
    assert [is_good(login) for login in (*mine, bobs)] == [False, False, True]


def test_a_refresh_token_lasts_for_14_days_from_the_last_rotation(tools: Toolbox, clock: FakeClock, alice: User) -> None:
    login = tokens.begin(tools, alice.id)
    for _ in range(3):
        clock.advance(tokens.REFRESH_LASTS.total_seconds() - 1)
        login = tokens.rotate(tools, login.family, login.current)
    clock.advance(tokens.REFRESH_LASTS.total_seconds())
    with pytest.raises(NotAuthenticated):
        tokens.rotate(tools, login.family, login.current)


@pytest.mark.both_databases
def test_logins_are_forgotten_when_their_last_token_has_expired(tools: Toolbox, clock: FakeClock, alice: User) -> None:
    old = tokens.begin(tools, alice.id)
    clock.advance(timedelta(days=1).total_seconds())
    new = tokens.begin(tools, alice.id)
    SWEEP(tools)
    assert is_good(old)
    clock.advance((tokens.REFRESH_LASTS - timedelta(days=1) + tokens.ACCESS_LASTS).total_seconds() + 1)
    SWEEP(tools)
    assert db.session.scalars(select(TokenFamily.id)).all() == [new.family]
