"""Guests: known by the token of their first upload, and by nothing else."""

from dataclasses import replace

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from textor.domain import scopes
from textor.errors import NotAuthenticated
from textor.extensions import db
from textor.features.accounts import guests, members, users
from textor.features.accounts.callers import STRANGER, Via
from textor.models import User
from textor.toolbox import Toolbox


def test_a_guest_is_known_by_their_token(tools: Toolbox, app: APIFlask) -> None:
    gina, other = guests.admit(tools), guests.admit(tools)
    found = guests.caller(tools, gina.token)
    assert found == gina.caller
    assert found.user_id != other.caller.user_id
    assert (found.is_guest, found.is_admin, found.via, found.scopes) == (True, False, Via.GUEST, scopes.GUESTS)
    assert STRANGER.scopes == scopes.GUESTS


def test_of_a_token_only_a_keyed_hash_is_kept(tools: Toolbox, app: APIFlask) -> None:
    gina = guests.admit(tools)
    row = db.session.get_one(User, gina.caller.user_id)
    kept = " ".join(str(getattr(row, column.key)) for column in row.__table__.columns)
    assert gina.token.removeprefix(guests.PREFIX) not in kept
    assert gina.token not in repr(gina)
    assert guests.caller(tools, row.session_token) is None
    other = replace(tools, settings=replace(tools.settings, secret_key="another instance with a copy of the database"))
    assert guests.caller(other, gina.token) is None


@pytest.mark.parametrize("token", ["", "guest_", "guest_\x00", "guest_" + "a" * 43, "guest_\ud800", "tx_" + "a" * 43])
def test_what_is_no_token_is_nobodys(tools: Toolbox, app: APIFlask, token: str) -> None:
    guests.admit(tools)
    assert guests.caller(tools, token) is None


def test_where_guests_are_not_welcome_any_more_their_tokens_open_nothing(tools: Toolbox, app: APIFlask) -> None:
    gina = guests.admit(tools)
    closed = replace(tools, settings=replace(tools.settings, allow_guests=False))
    assert guests.caller(closed, gina.token) is None
    with pytest.raises(NotAuthenticated):
        guests.admit(closed)
    assert len(db.session.scalars(select(User)).all()) == 1


def test_a_users_session_is_no_guests_token(tools: Toolbox, alice: User) -> None:
    alice.session_token = guests.PREFIX + "a" * 43
    db.session.commit()
    assert guests.caller(tools, alice.session_token) is None


def test_guests_are_no_members_and_have_no_password(tools: Toolbox, app: APIFlask) -> None:
    gina = guests.admit(tools)
    assert not members.has_any()
    assert users.tried(gina.caller.username) == f"user:{gina.caller.user_id}"
    assert db.session.get_one(User, gina.caller.user_id).password_hash is None


def test_a_guest_whose_upload_was_refused_leaves_nothing(tools: Toolbox, alice: User) -> None:
    gina = guests.admit(tools)
    for user_id in (gina.caller.user_id, alice.id):
        guests.dismiss(user_id)
    assert [row.username for row in db.session.scalars(select(User))] == ["Alice"]
