"""Requests with an Idempotency-Key: carried out once, answered alike, for a day."""

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests import at_once
from tests.fakes import FakeClock
from textor import jobs
from textor.errors import InvalidInput, WrongState
from textor.extensions import db
from textor.features.accounts import repeats
from textor.features.accounts.repeats import Answer
from textor.models import FirstAnswer, User
from textor.toolbox import Toolbox

SWEEP = next(one.work for one in jobs.PERIODIC if one.name == "first_answers")
KEY, PRINT = "a1b2", "f" * 64
ANSWER = Answer(200, {"Content-Type": "application/json"}, '{"id": "سلام"}')


def test_the_second_gets_what_the_first_was_answered(tools: Toolbox, alice: User, bob: User) -> None:
    assert repeats.begin(tools, alice.id, KEY, PRINT) is None
    repeats.keep(alice.id, KEY, ANSWER)
    assert repeats.begin(tools, alice.id, KEY, PRINT) == ANSWER
    assert repeats.begin(tools, bob.id, KEY, PRINT) is None
    assert repeats.begin(tools, alice.id, "another", PRINT) is None


def test_one_key_for_another_request_is_a_mistake(tools: Toolbox, alice: User) -> None:
    repeats.begin(tools, alice.id, KEY, PRINT)
    repeats.keep(alice.id, KEY, ANSWER)
    with pytest.raises(InvalidInput, match="another request"):
        repeats.begin(tools, alice.id, KEY, "0" * 64)


@pytest.mark.parametrize("key", ["", "k" * 256, "a\x00b", "a\nb"])
def test_a_key_is_a_word(tools: Toolbox, alice: User, key: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 255 printable"):
        repeats.begin(tools, alice.id, key, PRINT)


def test_what_created_nothing_may_be_tried_again(tools: Toolbox, alice: User) -> None:
    repeats.begin(tools, alice.id, KEY, PRINT)
    repeats.forget(alice.id, KEY)
    assert repeats.begin(tools, alice.id, KEY, PRINT) is None


@pytest.mark.both_databases
def test_of_many_at_once_one_is_carried_out_and_the_others_are_told_to_wait(tools: Toolbox, app: APIFlask, alice: User) -> None:
    user_id = alice.id
    found = at_once.results(app, 5, lambda: repeats.begin(tools, user_id, KEY, PRINT))
    assert found.count(None) == 1
    assert sum(isinstance(one, WrongState) for one in found) == 4


@pytest.mark.both_databases
@pytest.mark.parametrize("is_answered", [True, False])
def test_an_answer_is_kept_for_a_day_and_a_request_that_died_for_ten_minutes(
    tools: Toolbox, app: APIFlask, clock: FakeClock, alice: User, is_answered: bool
) -> None:
    user_id = alice.id
    repeats.begin(tools, user_id, KEY, PRINT)
    if is_answered:
        repeats.keep(user_id, KEY, ANSWER)
    clock.advance((repeats.KEPT if is_answered else repeats.DIED_AFTER).total_seconds() - 1)
    if is_answered:
        assert repeats.begin(tools, user_id, KEY, PRINT) == ANSWER
    else:
        with pytest.raises(WrongState):
            repeats.begin(tools, user_id, KEY, PRINT)
    clock.advance(1)
    found = at_once.results(app, 5, lambda: repeats.begin(tools, user_id, KEY, PRINT))
    assert found.count(None) == 1


def test_an_owner_who_is_gone_ends_it_with_a_sentence(tools: Toolbox, app: APIFlask) -> None:
    with pytest.raises(WrongState):
        repeats.begin(tools, 999, KEY, PRINT)


def test_what_is_older_than_a_day_is_forgotten(tools: Toolbox, clock: FakeClock, alice: User) -> None:
    repeats.begin(tools, alice.id, "old", PRINT)
    clock.advance(repeats.KEPT.total_seconds())
    repeats.begin(tools, alice.id, "new", PRINT)
    SWEEP(tools)
    assert len(db.session.scalars(select(FirstAnswer)).all()) == 2
    clock.advance(1)
    SWEEP(tools)
    assert [row.key for row in db.session.scalars(select(FirstAnswer))] == ["new"]
