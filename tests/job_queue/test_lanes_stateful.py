"""The lane as a machine that hypothesis drives: tickets lost and doubled, workers dead and undead, Redis flushed, clocks jumping.

After every step, from the database alone: never two active of one user, nothing accepted lost, nothing finished changed by
a run that doesn't own it. At the end, with faults over, everything open comes to its end.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from tests import factories
from tests.fakes import FakeClock
from textor.domain.job_states import ACTIVE, DONE, FINAL, OPEN, Status, may_follow
from textor.errors import Fenced
from textor.extensions import db
from textor.job_queue import lanes, reconciler, runs, tickets
from textor.job_queue.claims import Claim
from textor.models import Recording, Transcription, User
from textor.toolbox import Toolbox

USERS = 3
STEPS = 40
EXAMPLES = 15


@dataclass
class World:
    """What the machine plays with."""

    tools: Toolbox
    clock: FakeClock
    owners: list[int] = field(default_factory=list)


class LaneMachine(RuleBasedStateMachine):
    """`running` are executions that believe they own a run, undead ones included."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.tools, self.clock = self.world.tools, self.world.clock
        self.tools.redis.flushdb()
        db.session.execute(delete(Transcription))
        db.session.commit()
        self.accepted: list[str] = []
        self.running: list[Claim] = []
        self.finals: dict[str, tuple[str, str | None]] = {}

    @rule(user=st.integers(0, USERS - 1), priority=st.integers(0, 1), dispatched=st.booleans())
    def upload(self, user: int, priority: int, dispatched: bool) -> None:
        """Accepted once committed; the web process may die before it dispatches."""
        owner = db.session.get_one(User, self.world.owners[user])
        recording = db.session.scalars(select(Recording).where(Recording.user_id == owner.id)).one()
        self.accepted.append(factories.transcription(owner, recording, priority=priority).id)
        if dispatched:
            lanes.dispatch(self.tools, self.world.owners[user])

    @rule(data=st.data(), doubled=st.booleans())
    def deliver(self, data: st.DataObject, doubled: bool) -> None:
        waiting = tickets.waiting(self.tools, "speech")
        if not waiting:
            return
        ticket = data.draw(st.sampled_from(waiting))
        for _ in range(1 + doubled):
            if claim := self._start(ticket):
                self.running.append(claim)
        tickets.queue(self.tools, "speech").remove(ticket)

    @rule(data=st.data())
    def lose_a_ticket(self, data: st.DataObject) -> None:
        waiting = tickets.waiting(self.tools, "speech")
        if waiting:
            tickets.queue(self.tools, "speech").remove(data.draw(st.sampled_from(waiting)))

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def beat(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.running))
        runs.heartbeat(self.tools, claim.id, claim.token)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), status=st.sampled_from([Status.COMPLETED, Status.FAILED]))
    def finish(self, data: st.DataObject, status: Status) -> None:
        """Also a run that was declared dead long ago."""
        claim = data.draw(st.sampled_from(self.running))
        self.running.remove(claim)
        self._finish(claim, status)

    @precondition(lambda self: self.running)
    @rule(thaws=st.booleans())
    def pause_everyone(self, thaws: bool) -> None:
        """All workers freeze for longer than a lease and others take over; the frozen ones thaw, now or in `finish`."""
        self.wait(16.0)
        reconciler.reconcile(self.tools)
        for ticket in tickets.waiting(self.tools, "speech"):
            tickets.queue(self.tools, "speech").remove(ticket)
            if claim := self._start(ticket):
                self.running.append(claim)
        if thaws:
            self._finish(self.running.pop(0), Status.COMPLETED)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        self.running.remove(data.draw(st.sampled_from(self.running)))

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def hand_back(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.running))
        runs.hand_back(self.tools, claim.id, claim.token)

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        lanes.cancel(self.tools, data.draw(st.sampled_from(self.accepted)))

    @precondition(lambda self: self.finals)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        row_id = data.draw(st.sampled_from(list(self.finals)))
        del self.finals[row_id]
        lanes.requeue(self.tools, row_id)

    @rule(seconds=st.sampled_from([0.5, 3.0, 11.0, 16.0, 100.0]))
    def wait(self, seconds: float) -> None:
        """Redis' own clock can't be moved: leases are shortened instead."""
        self.clock.advance(seconds)
        for key in self.tools.redis.scan_iter("textor:lane:*"):
            left = int(str(self.tools.redis.pttl(key))) - int(seconds * 1000)
            self.tools.redis.pexpire(key, left) if left > 0 else self.tools.redis.delete(key)

    @rule()
    def reconcile(self) -> None:
        reconciler.reconcile(self.tools)

    @rule()
    def flush_redis(self) -> None:
        self.tools.redis.flushdb()

    @invariant()
    def a_user_has_one_active_at_most(self) -> None:
        active = [row.user_id for row in self._rows() if row.status in ACTIVE]
        assert len(active) == len(set(active))

    @invariant()
    def nothing_accepted_is_missing(self) -> None:
        assert self.accepted == [row.id for row in self._rows()]

    @invariant()
    def what_is_over_stays_as_it_is(self) -> None:
        for row in self._rows():
            kept = self.finals.setdefault(row.id, (row.status, row.text)) if row.status in FINAL else None
            assert kept is None or kept == (row.status, row.text)
            if row.status in DONE:
                assert row.text == f"{row.id}:{row.run_token}", "a stale worker wrote"

    @invariant()
    def the_lane_is_occupied_by_the_active(self) -> None:
        """The lane's column says the same as the status."""
        for row in self._rows():
            assert (row.active_for is not None) == (row.status in ACTIVE)

    def teardown(self) -> None:
        """Faults are over: honest workers and the reconciler bring everything to its end, the oldest of a user first."""
        self.running.clear()
        for _ in range(3 * len(self.accepted) + 6):
            self.wait(16.0)
            reconciler.reconcile(self.tools)
            for ticket in tickets.waiting(self.tools, "speech"):
                tickets.queue(self.tools, "speech").remove(ticket)
                if claim := self._start(ticket):
                    runs.finish(self.tools, claim, Status.COMPLETED, text=claim.owner)
            if not any(row.status in OPEN for row in self._rows()):
                return
        raise AssertionError("something never ran")

    def _finish(self, claim: Claim, status: Status) -> None:
        with suppress(Fenced):
            runs.finish(self.tools, claim, status, text=claim.owner)

    def _start(self, ticket: str) -> Claim | None:
        row_id, token = ticket[2:38], int(ticket[39:].split("-", maxsplit=1)[0])
        return runs.start(self.tools, row_id, token)

    def _rows(self) -> list[Transcription]:
        db.session.expire_all()
        rows = list(db.session.scalars(select(Transcription).order_by(Transcription.seq)))
        db.session.commit()
        return rows


@pytest.fixture
def world(app: APIFlask, tools: Toolbox, clock: FakeClock) -> World:
    owners = [factories.user(f"User{n}") for n in range(USERS)]
    for owner in owners:
        factories.recording(owner)
    return World(tools, clock, [owner.id for owner in owners])


@pytest.mark.both_databases
def test_no_order_of_faults_breaks_the_lane(world: World, tmp_path: Path) -> None:
    LaneMachine.world = world
    checks: dict[str, Any] = {"suppress_health_check": list(HealthCheck), "deadline": None, "database": None}
    run_state_machine_as_test(
        LaneMachine, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, derandomize=True, **checks)
    )


def test_the_states_follow_the_drawing() -> None:
    assert may_follow(Status.PENDING, Status.QUEUED) and not may_follow(Status.PENDING, Status.COMPLETED)
    assert all(may_follow(state, Status.PENDING) for state in FINAL)
