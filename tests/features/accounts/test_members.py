"""The accounts of an instance, as its operator sees them."""

import pytest
from apiflask import APIFlask

from tests import factories
from textor.errors import NotFound
from textor.features.accounts import members
from textor.models.users import Role


def test_a_fresh_instance_has_nobody(app: APIFlask) -> None:
    assert not members.has_any()
    assert members.everyone() == []


def test_a_guest_is_no_member(app: APIFlask) -> None:
    factories.user("Gina", Role.GUEST)
    assert not members.has_any()
    assert members.everyone() == []


def test_members_come_oldest_first(app: APIFlask) -> None:
    for name in ("Bob", "Alice"):
        factories.user(name)
    assert members.has_any()
    assert [user.username for user in members.everyone()] == ["Bob", "Alice"]


def test_alice_becomes_an_admin_and_stays_it(app: APIFlask) -> None:
    factories.user("Alice")
    assert members.promote("ALICE").is_admin
    assert members.promote("alice").is_admin


def test_nobody_cannot_be_promoted(app: APIFlask) -> None:
    with pytest.raises(NotFound):
        members.promote("nobody")
