"""Waiting on somebody's behalf: bounded in time and in number, and with no connection held between two looks."""

import time
from collections.abc import Callable

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from textor.extensions import db
from textor.features.transcription import waiting
from textor.features.transcription.waiting import Room


@pytest.fixture
def room() -> Room:
    """With two seats."""
    return Room(2, 2)


def on_look(number: int) -> Callable[[], bool]:
    looks = iter(range(1, 1000))
    return lambda: next(looks) == number


def test_what_is_over_is_not_waited_for(app: APIFlask) -> None:
    began_at = time.monotonic()
    assert waiting.until(on_look(1), 60)
    assert time.monotonic() - began_at < 1


def test_it_looks_until_it_is_over_or_the_time_is(app: APIFlask) -> None:
    assert waiting.until(on_look(3), 60)
    assert not waiting.until(lambda: False, 0.1)
    assert waiting.until(on_look(1), 0)
    assert not waiting.until(on_look(2), 0)


def test_the_time_may_be_without_end(app: APIFlask) -> None:
    looks = waiting.looks()
    passed = [next(looks) for _ in range(4)]
    assert passed == sorted(passed)


def test_no_connection_is_held_between_two_looks(app: APIFlask) -> None:
    held = []

    def look() -> bool:
        held.append(db.session().in_transaction())
        db.session.execute(text("SELECT 1"))
        return len(held) == 3

    assert waiting.until(look, 60)
    assert held == [False, False, False]


def test_only_so_many_wait_at_once_and_each_place_is_free_again(room: Room) -> None:
    with room.seat("Ann") as first, room.seat("Ann") as second, room.seat("Ann") as third:
        assert (first.is_taken, second.is_taken, third.is_taken) == (True, True, False)
    with room.seat("Ann") as first, room.seat("Ann") as second:
        assert first.is_taken
        assert second.is_taken


def test_one_caller_has_their_share_and_others_have_the_rest() -> None:
    room = Room(3, 2)
    for _ in range(2):
        with room.seat("Ann") as first, room.seat("Ann") as second, room.seat("Ann") as third, room.seat("Bob") as his:
            assert [one.is_taken for one in (first, second, third, his)] == [True, True, False, True]


def test_a_place_that_is_handed_on_outlives_its_block(room: Room) -> None:
    with room.seat("Ann") as first, room.seat("Ann"):
        leave = first.hand_on()
    with room.seat("Ann"), room.seat("Ann") as none_left:
        assert not none_left.is_taken
    leave()
    leave()
    with room.seat("Ann"), room.seat("Ann") as free:
        assert free.is_taken


def test_a_place_is_free_again_after_an_error_even_if_it_was_handed_on(room: Room) -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            _break(room)


def _break(room: Room) -> None:
    with room.seat("Ann") as seat:
        assert seat.is_taken
        seat.hand_on()
        raise ZeroDivisionError
