"""What processes do, one move each, while others may die or come between at any moment of it."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from redis.exceptions import RedisError
from sqlalchemy import insert, select

from tests.job_queue.machine.faults import Death
from tests.job_queue.machine.laws import Story
from tests.job_queue.machine.provider import PART_SECONDS
from tests.job_queue.machine.world import World
from textor.errors import NotFound, WrongState
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import control
from textor.job_queue import lanes, reconciler, runs
from textor.job_queue.claims import Claim
from textor.models import Slice, Transcription

Answer = TypeVar("Answer")
Hitch = tuple[int, str, int] | None
"""At which moment what happens, and to which of those it can happen to."""

LONGER_THAN_A_LEASE = 16.0


class Moves:
    """`running` are runs on this machine that believe they hold their claim, undead ones included."""

    world: World
    engine = "fake"
    queue = "speech"

    def __init__(self) -> None:
        super().__init__()
        self.tools, self.provider = self.world.tools, self.world.provider
        self.story = Story(self.world)
        self.running: list[Claim] = []
        self.world.begin()

    def act(self, work: Callable[[], Answer], hitch: Hitch = None) -> Answer | None:
        """One move, with what happens in the middle of it; then the laws."""
        self.story.is_disturbed = False
        if hitch:
            self.world.faults.arm(hitch[0], partial(self._strike, hitch[1], hitch[2]))
        answer = self.world.process(work)
        self.story.look()
        self.story.permits.clear()
        return answer

    def _strike(self, what: str, which: int) -> None:
        if what == "death":
            raise Death
        self.story.is_disturbed = True
        between: dict[str, Callable[[int], object]] = {
            "urgent": lambda n: self.upload_one(n, priority=1),
            "cancel": self.cancel_one,
            "delete": self.delete_one,
            "reconcile": lambda _n: self.heal(),
            "take_over": lambda _n: self.take_over(),
            "other_shift": self.other_shift,
        }
        self.world.process(lambda: between[what](which))
        self.story.look()

    def fenced(self, claim: Claim, work: Callable[[], Answer], hitch: Hitch) -> None:
        """A run's move. One that has lost its claim changes nothing that belongs to the transcription."""
        before, holds = self.story.now, self.story.now.holds(claim.id, claim.token)
        self.act(work, hitch)
        if not holds and not self.story.is_disturbed:
            is_same = before.all_of(claim.id) == self.story.now.all_of(claim.id)
            self.story.insist(is_same, f"a run that had lost {claim.owner} changed it")

    def upload_one(self, user: int, priority: int, parts: int = 1) -> None:
        place = user % len(self.world.users)
        now, owner = self.world.clock.now(), self.world.users[place]
        row_id = str(uuid.uuid4())
        values = {"id": row_id, "user_id": owner, "recording_id": self.world.recordings[place], "priority": priority}
        self.story.parts[row_id] = parts
        db.session.execute(insert(Transcription).values(values | {"engine": self.engine, "created_at": now, "updated_at": now}))
        db.session.commit()
        self.story.accepted.add(row_id)
        lanes.dispatch(self.tools, owner)

    def cancel_one(self, which: int) -> None:
        if row_id := self.one_of(which):
            lanes.cancel(self.tools, row_id)

    def delete_one(self, which: int) -> None:
        row_id = self.one_of(which)
        if row_id:
            with suppress(NotFound):
                library.delete(self.tools, self.story.now.rows[row_id].user_id, row_id)

    def retry_one(self, which: int) -> None:
        if row_id := self.one_of(which):
            self.story.permits.add(row_id)
            with suppress(NotFound, WrongState):
                control.retry(self.tools, self.story.now.rows[row_id].user_id, row_id)

    def undo_one(self, which: int) -> None:
        hidden = [row for row in self.story.now.rows.values() if row.deleted_at is not None]
        if hidden:
            row = hidden[which % len(hidden)]
            self.story.permits.add(row.id)
            library.undo_delete(self.tools, row.user_id, row.id)

    def purge_all(self) -> None:
        library.purge(self.tools)

    def heal(self) -> None:
        with suppress(RedisError):
            reconciler.reconcile(self.tools)

    def deliver_one(self, which: int, copies: int = 1) -> None:
        waiting = self.world.tickets(self.queue)
        if waiting and not self.world.faults.is_redis_away:
            ticket = waiting[which % len(waiting)]
            self.world.drop_ticket(self.queue, ticket)
            for _ in range(copies):
                self.work_on(ticket)

    def take_over(self) -> None:
        """Everybody is frozen for longer than a lease, and others come."""
        self.world.wait(LONGER_THAN_A_LEASE)
        self.heal()
        for _ in self.world.tickets(self.queue):
            self.deliver_one(0)

    def other_shift(self, which: int) -> None:
        """Where there are shifts."""

    def work_on(self, ticket: str) -> Claim | None:
        """What a worker does first."""
        row_id, token = ticket[2:38], int(ticket[39:].split("-", maxsplit=1)[0])
        claim = runs.start(self.tools, row_id, token)
        if claim:
            known = [(one.id, one.token) for one in self.running]
            self.story.insist((claim.id, claim.token) not in known, f"{claim.owner} runs twice")
            self.begin(claim)
        return claim

    def begin(self, claim: Claim) -> None:
        """What it does then."""
        raise NotImplementedError

    def plan(self, claim: Claim) -> None:
        """As planning.plan does it, without a sound to cut."""
        if db.session.execute(select(Slice.id).where(Slice.transcription_seq == claim.seq)).first() is None:
            runs.write(self.tools, claim)
            parts = range(self.story.parts[claim.id])
            same: dict[str, Any] = {"transcription_seq": claim.seq, "engine": claim.engine}
            db.session.execute(insert(Slice), [same | _part(n) for n in parts])
        db.session.commit()

    def one_of(self, which: int) -> str | None:
        """A transcription, open ones first."""
        known = self.in_order()
        return known[which % len(known)] if known else None

    def in_order(self) -> list[str]:
        rows = sorted(self.story.now.rows.values(), key=lambda row: (not row.is_open, row.seq))
        return [row.id for row in rows]


def _part(n: int) -> dict[str, Any]:
    return {"n": n, "start": float(n * PART_SECONDS), "end": float((n + 1) * PART_SECONDS)}
