"""Slices: who has one in hand, whose turn is next, what cancel and delete make of those under way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update

from tests import factories
from tests.providers import Stage, stage
from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import attention, lanes, slices
from textor.job_queue.slices import Taken
from textor.models import Discard, Slice, Transcription, User
from textor.models.slices import SliceState

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases

ENGINE = "fake_remote"


def with_shift(stage: Stage, count: int = 1, *, owner: int | None = None, ago: float = 0, **values: object) -> str:
    """A transcription that the shift has, of `count` slices that are due since so many seconds."""
    user_id = owner or stage.owner_id
    now = stage.clock.now()
    active: dict[str, Any] = {
        "status": Status.PROCESSING,
        "active_for": user_id,
        "run_token": 1,
        "is_with_shift": True,
        "queued_at": now,
    }
    row = factories.transcription(db.session.get_one(User, user_id), engine=ENGINE, **active)
    due_at = now - timedelta(seconds=ago)
    facts = {"transcription_seq": row.seq, "start": 0.0, "end": 1.0, "engine": ENGINE, "due_at": due_at}
    db.session.add_all(Slice(**{**facts, "n": n, **values}) for n in range(count))
    db.session.commit()
    return row.id


def starts(stage: Stage, limit: int = 100) -> list[Taken]:
    return attention.due(stage.tools, ENGINE, limit, starts=True)


def polls(stage: Stage) -> list[Taken]:
    return attention.due(stage.tools, ENGINE, 100, starts=False)


def users(names: str) -> Iterator[int]:
    for name in names:
        yield factories.user(name).id


def test_of_two_that_see_the_same_slice_one_takes_it(stage: Stage) -> None:
    with_shift(stage)
    seen = starts(stage)
    assert len(slices.take(stage.tools, seen)) == 1
    assert slices.take(stage.tools, seen) == []
    assert starts(stage) == []


def test_many_that_take_at_once_never_share_a_slice_and_never_wait_for_each_other(stage: Stage) -> None:
    for user_id in users("abcdefgh"):
        with_shift(stage, 5, owner=user_id)
    seen = starts(stage)
    taken: list[int] = []

    def take(order: list[Taken]) -> None:
        taken.extend(one.id for one in slices.take(stage.tools, order))

    with ThreadPoolExecutor(6) as pool:
        orders = [seen, seen[::-1]] * 6
        for done in [pool.submit(stage.elsewhere(partial(take, order))) for order in orders]:
            done.result(timeout=60)
    assert sorted(taken) == sorted(one.id for one in seen)


def test_a_lease_that_runs_out_makes_it_due_in_the_state_it_is_in(stage: Stage) -> None:
    with_shift(stage, state=SliceState.REMOTE, remote_id="job")
    slices.take(stage.tools, polls(stage))
    stage.clock.advance(stage.tools.settings.lease_seconds - 0.1)
    assert polls(stage) == []
    stage.clock.advance(0.1)
    assert [(one.state, one.remote_id) for one in polls(stage)] == [(SliceState.REMOTE, "job")]


def test_leases_are_pushed_ahead_while_a_call_takes_long(stage: Stage) -> None:
    with_shift(stage)
    held = slices.take(stage.tools, starts(stage))
    for _ in range(5):
        stage.clock.advance(10)
        held = slices.keep(stage.tools, held)
        assert starts(stage) == []


def test_who_saw_it_waiting_can_not_start_what_its_late_holder_has_started(stage: Stage) -> None:
    """The lease of a start ran out, another shift saw that, and only then the first wrote the provider's id."""
    row_id = with_shift(stage)
    (held,) = slices.take(stage.tools, starts(stage))
    stage.clock.advance(60)
    seen = starts(stage)
    assert slices.change(held, state=SliceState.REMOTE, remote_id="paid for")
    db.session.commit()
    assert slices.take(stage.tools, seen) == []
    assert [(one.state, one.remote_id) for one in stage.slices(row_id)] == [(SliceState.REMOTE, "paid for")]


def test_a_holder_that_lost_its_lease_changes_nothing(stage: Stage) -> None:
    row_id = with_shift(stage)
    (late,) = slices.take(stage.tools, starts(stage))
    stage.clock.advance(60)
    (held,) = slices.take(stage.tools, starts(stage))
    assert not slices.change(late, state=SliceState.FAILED)
    slices.ask_again([(late, stage.clock.now())])
    slices.keep(stage.tools, [late])
    (row,) = stage.slices(row_id)
    assert (row.state, row.lease, row.due_at) == (SliceState.STARTING, held.lease, held.until)


def test_a_webhook_makes_it_due_even_while_it_is_looked_at(stage: Stage) -> None:
    with_shift(stage, state=SliceState.REMOTE, remote_id="job")
    (held,) = slices.take(stage.tools, polls(stage))
    assert slices.wake([held.id])
    slices.ask_again([(held, stage.clock.now() + timedelta(seconds=30))])
    assert [one.id for one in polls(stage)] == [held.id]


def test_first_slices_of_everybody_come_before_anybodys_second(stage: Stage) -> None:
    alice, bob, carol = users("abc")
    with_shift(stage, 4, owner=alice, ago=3)
    with_shift(stage, 1, owner=bob, ago=2)
    with_shift(stage, 2, owner=carol, ago=1)
    turns = [(one.claim.user_id, one.n) for one in starts(stage)]
    assert turns == [(alice, 0), (bob, 0), (carol, 0), (alice, 1), (carol, 1), (alice, 2), (alice, 3)]


def test_a_long_recording_does_not_wait_for_ever_behind_those_who_come(stage: Stage) -> None:
    alice, bob, carol = users("abc")
    with_shift(stage, 4, owner=alice, ago=5 * 60)
    with_shift(stage, 1, owner=bob, ago=5 * 60 - 1)
    with_shift(stage, 1, owner=carol, ago=1)
    turns = [(one.claim.user_id, one.n) for one in starts(stage)]
    assert turns.index((bob, 0)) == 1
    assert turns.index((carol, 0)) > turns.index((alice, 2))


def test_slices_of_a_transcription_that_waits_again_are_left_alone(stage: Stage) -> None:
    with_shift(stage, state=SliceState.REMOTE, remote_id="job")
    db.session.execute(update(Transcription).values(status=Status.PENDING, active_for=None))
    db.session.commit()
    assert polls(stage) == []


def test_what_is_in_flight_is_counted_without_starts_that_died(stage: Stage) -> None:
    alice, bob = users("ab")
    with_shift(stage, 3, owner=alice)
    with_shift(stage, 2, owner=bob, state=SliceState.REMOTE, remote_id="job")
    slices.take(stage.tools, starts(stage, 2))
    assert slices.in_flight(stage.tools) == {ENGINE: 4}
    stage.clock.advance(60)
    assert slices.in_flight(stage.tools) == {ENGINE: 2}


@pytest.mark.parametrize("state", [SliceState.WAITING, SliceState.STARTING, SliceState.REMOTE])
def test_cancelling_fences_off_the_holder_and_has_the_provider_delete_its_job(stage: Stage, state: SliceState) -> None:
    remote_id = "job" if state == SliceState.REMOTE else None
    row_id = with_shift(stage, state=state, remote_id=remote_id)
    (held,) = slices.take(stage.tools, [*starts(stage), *polls(stage)])
    assert lanes.cancel(stage.tools, row_id)
    assert not slices.change(held, state=SliceState.REMOTE, remote_id="late")
    assert [(one.state, one.remote_id, one.due_at) for one in stage.slices(row_id)] == [(SliceState.WAITING, None, None)]
    assert [row.remote_id for row in db.session.scalars(select(Discard))] == ([remote_id] if remote_id else [])


def test_what_is_finished_survives_a_cancel(stage: Stage) -> None:
    row_id = with_shift(stage, state=SliceState.COMPLETED, result={"kept": True})
    lanes.cancel(stage.tools, row_id)
    assert stage.states(row_id) == [SliceState.COMPLETED]


def test_an_empty_hand_is_fine(stage: Stage) -> None:
    assert slices.take(stage.tools, []) == []
    assert slices.keep(stage.tools, []) == []
    slices.ask_again([])


def test_engines_are_asked_for_by_what_they_have_to_do(stage: Stage) -> None:
    with_shift(stage)
    assert attention.engines(stage.tools, starts=True) == [ENGINE]
    assert attention.engines(stage.tools, starts=False) == []
