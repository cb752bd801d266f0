"""Accounts below the doors: who becomes admin, what is kept of a password, whose token is good."""

import threading
from dataclasses import replace

import pytest
from apiflask import APIFlask
from argon2 import PasswordHasher
from sqlalchemy import select

from textor import toolbox
from textor.errors import InvalidInput, NotFound
from textor.extensions import db
from textor.features.accounts import users
from textor.features.accounts.users import NewUser
from textor.models import User
from textor.models.users import Role
from textor.toolbox import Toolbox

PASSWORD = "Correct-Horse"
ALICE = NewUser("alice.owner", "alice@holloway.org", PASSWORD)


@pytest.mark.both_databases
def test_of_many_who_sign_up_at_once_on_a_fresh_instance_exactly_one_is_admin(app: APIFlask, tools: Toolbox) -> None:
    barrier = threading.Barrier(6)

    def sign_up(n: int) -> None:
        with app.app_context():
            barrier.wait()
            users.register(tools, NewUser(f"person.{n:03}", f"person{n}@holloway.org", PASSWORD))
            db.session.remove()

    threads = [threading.Thread(target=sign_up, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    roles = db.session.scalars(select(User.role)).all()
    assert sorted(roles) == ["admin", *["user"] * 5]


@pytest.mark.both_databases
def test_a_guest_does_not_take_the_admins_place(app: APIFlask, tools: Toolbox) -> None:
    guest = User(username="g", username_key="g", session_token="g", role=Role.GUEST, created_at=tools.clock.now())
    db.session.add(guest)
    db.session.commit()
    assert users.register(tools, ALICE).is_admin


@pytest.mark.both_databases
def test_a_name_with_a_nul_is_simply_unknown(app: APIFlask, tools: Toolbox) -> None:
    with pytest.raises(InvalidInput, match="do not match"):
        users.authenticate(tools, "alice\x00", PASSWORD)


def test_of_a_password_only_its_argon2_hash_is_kept(app: APIFlask, tools: Toolbox) -> None:
    row = users.register(tools, ALICE)
    assert row.password_hash
    assert row.password_hash.startswith("$argon2id$")
    assert PASSWORD not in repr(ALICE)


def test_guessing_passwords_costs_what_rfc_9106_recommends(hasher: PasswordHasher) -> None:
    assert hasher.time_cost >= 3
    assert hasher.memory_cost >= 64 * 1024  # KiB


def test_a_login_renews_a_hash_that_became_too_weak(app: APIFlask, tools: Toolbox) -> None:
    row = users.register(tools, ALICE)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    row.password_hash = weak
    db.session.commit()
    assert users.authenticate(tools, "alice.owner", PASSWORD).password_hash != weak
    assert users.authenticate(tools, "alice.owner", PASSWORD).id == row.id


@pytest.mark.parametrize(("name", "same"), [("ＡＬＩＣＥ.owner", True), ("  alice.owner  ", True), ("alice.ownér", False)])
def test_names_are_compared_case_folded_and_normalised(app: APIFlask, tools: Toolbox, name: str, same: bool) -> None:
    users.register(tools, ALICE)
    assert (users.by_name(name) is not None) == same


def test_an_account_without_a_password_lets_nobody_in(app: APIFlask, tools: Toolbox) -> None:
    row = users.register(tools, ALICE)
    row.password_hash = None
    db.session.commit()
    with pytest.raises(InvalidInput, match="do not match"):
        users.authenticate(tools, "alice.owner", "")


def test_another_password_needs_the_old_one_and_logs_every_device_out(app: APIFlask, tools: Toolbox) -> None:
    row = users.register(tools, ALICE)
    before = row.session_token
    with pytest.raises(InvalidInput) as refused:
        users.change_password(tools, row.id, "Wrong-Horse", "Better-Horse")
    assert refused.value.field == "old_password"
    with pytest.raises(InvalidInput) as refused:
        users.change_password(tools, row.id, PASSWORD, "weak")
    assert refused.value.field == "password"
    users.change_password(tools, row.id, PASSWORD, "Better-Horse")
    assert users.by_session_token(before) is None
    assert users.by_session_token(row.session_token) is not None
    assert users.authenticate(tools, "alice.owner", "Better-Horse").id == row.id


def test_a_very_long_password_is_refused_before_it_is_hashed(app: APIFlask, tools: Toolbox) -> None:
    assert "at most 1000" in users.faults(replace(ALICE, password="Aa-" + "x" * 1000))["password"]
    users.register(tools, ALICE)
    with pytest.raises(InvalidInput, match="do not match"):
        users.authenticate(tools, "alice.owner", PASSWORD + "x" * 5_000_000)


def test_all_faults_are_told_at_once(app: APIFlask) -> None:
    assert set(users.faults(NewUser("a", "b", "c"))) == {"username", "email", "password"}
    assert users.faults(ALICE) == {}


def test_a_name_that_grows_when_folded_still_fits_its_column(app: APIFlask) -> None:
    assert "username" in users.faults(replace(ALICE, username="ß" * 100))
    assert "email" in users.faults(replace(ALICE, email="\ufdfa" * 20 + "@holloway.org"))


def test_preferences_are_kept_and_unknown_languages_refused(app: APIFlask, tools: Toolbox) -> None:
    row = users.register(tools, ALICE)
    users.remember_choice(row.id, language="fa", engine="whisper", model="base")
    users.set_ui_language(row.id, "fa")
    db.session.expire_all()
    assert (row.speech_language, row.engine, row.model, row.ui_language) == ("fa", "whisper", "base", "fa")
    with pytest.raises(InvalidInput):
        users.set_ui_language(row.id, "xx")
    users.set_ui_language(row.id, "")
    assert row.ui_language is None


def test_there_is_nothing_to_change_on_an_account_that_is_gone(app: APIFlask) -> None:
    with pytest.raises(NotFound):
        users.set_ui_language(404, "fa")


def test_redis_is_not_needed_to_log_in(app: APIFlask, tools: Toolbox) -> None:
    users.register(tools, ALICE)
    away = replace(tools, redis=toolbox.connect_redis("unix:///nowhere.sock"))
    assert users.authenticate(away, "alice.owner", PASSWORD).username == "alice.owner"
