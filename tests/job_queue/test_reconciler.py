"""What crashes, flushes and lost tickets leave behind is healed, and nothing healthy is touched."""

import pytest
from apiflask import APIFlask
from sqlalchemy import select, text

from tests import factories
from tests.fakes import FakeClock
from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import lanes, reconciler, runs, tickets
from textor.models import Slice, Transcription, User
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases


def row(row_id: str) -> Transcription:
    db.session.expire_all()
    return db.session.scalars(select(Transcription).where(Transcription.id == row_id)).one()


def dispatched(tools: Toolbox, owner: User, engine: str = "fake") -> str:
    row_id = factories.transcription(owner, engine=engine).id
    lanes.dispatch(tools, owner.id)
    return row_id


def test_an_upload_made_while_redis_was_away_starts_later(tools: Toolbox, alice: User, away: Toolbox) -> None:
    row_id = factories.transcription(alice).id
    lanes.dispatch(away, alice.id)
    assert reconciler.reconcile(tools)["dispatched"] == 1
    assert row(row_id).status == Status.QUEUED


def test_a_flushed_ticket_is_handed_out_again(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    row_id = dispatched(tools, alice)
    tools.redis.flushdb()
    clock.advance(tools.settings.lease_seconds)
    assert reconciler.reconcile(tools)["reticketed"] == 1
    waiting = tickets.waiting(tools, "speech")
    assert len(waiting) == 1 and waiting[0].startswith(f"t-{row_id}-1")


def test_a_ticket_that_still_waits_is_not_doubled(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    dispatched(tools, alice)
    for _ in range(3):
        clock.advance(tools.settings.lease_seconds)
        assert reconciler.reconcile(tools)["reticketed"] == 0
    assert len(tickets.waiting(tools, "speech")) == 1


def test_a_second_ticket_that_still_waits_is_not_doubled_either(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    dispatched(tools, alice)
    tools.redis.flushdb()
    clock.advance(tools.settings.lease_seconds)
    assert reconciler.reconcile(tools)["reticketed"] == 1
    clock.advance(tools.settings.lease_seconds)
    assert reconciler.reconcile(tools)["reticketed"] == 0


def test_a_silent_workers_job_is_run_again_under_a_new_token(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    row_id = dispatched(tools, alice)
    runs.start(tools, row_id, 1)
    clock.advance(tools.settings.lease_seconds + 1)
    assert reconciler.reconcile(tools)["reclaimed"] == 1
    assert (row(row_id).status, row(row_id).run_token) == (Status.QUEUED, 3)


def test_a_beating_workers_job_is_left_alone(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    row_id = dispatched(tools, alice)
    runs.start(tools, row_id, 1)
    for _ in range(5):
        clock.advance(tools.settings.lease_seconds - 1)
        runs.heartbeat(tools, row_id, 1)
        assert reconciler.reconcile(tools) == {"reclaimed": 0, "reticketed": 0, "dispatched": 0}


def test_what_the_shift_has_is_left_to_it_however_long_it_takes(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    row_id = dispatched(tools, alice, engine="fake_remote")
    claim = runs.start(tools, row_id, 1)
    assert claim
    db.session.add(Slice(transcription_seq=claim.seq, n=0, start=0, end=1, engine="fake_remote"))
    runs.hand_over(tools, claim)
    clock.advance(3600)
    assert reconciler.reconcile(tools)["reclaimed"] == 0


def test_a_run_whose_slices_are_all_over_is_brought_to_its_end(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    row_id = dispatched(tools, alice, engine="fake_remote")
    claim = runs.start(tools, row_id, 1)
    assert claim
    runs.hand_over(tools, claim)
    clock.advance(tools.settings.lease_seconds + 1)
    assert reconciler.reconcile(tools)["reclaimed"] == 1
    assert (row(row_id).status, row(row_id).run_token) == (Status.QUEUED, 3)


def test_one_round_serves_every_waiting_user(app: APIFlask, tools: Toolbox) -> None:
    ids = {factories.transcription(factories.user(f"User{n}")).id for n in range(7)}
    assert reconciler.reconcile(tools)["dispatched"] == 7
    assert {row(row_id).status for row_id in ids} == {Status.QUEUED}


def test_a_round_outlives_an_absence_of_the_database(tools: Toolbox, alice: User) -> None:
    db.session.execute(text("ALTER TABLE transcriptions RENAME TO elsewhere"))
    db.session.commit()
    try:
        reconciler.reconcile_if_due(tools)
    finally:
        db.session.execute(text("ALTER TABLE elsewhere RENAME TO transcriptions"))
        db.session.commit()


def test_only_one_process_reconciles_per_turn(tools: Toolbox, alice: User) -> None:
    reconciler.reconcile_if_due(tools)
    row_id = factories.transcription(alice).id
    reconciler.reconcile_if_due(tools)
    assert row(row_id).status == Status.PENDING
    tools.redis.delete("textor:reconcile")
    reconciler.reconcile_if_due(tools)
    assert row(row_id).status == Status.QUEUED
