"""What goes wrong, when: a plan made of a seed, and the hands that carry it out."""

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import httpx
from redis.exceptions import RedisError
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from tests.chaos.site import LEASE_SECONDS, QUEUES, Site, children
from tests.chaos.watch import Watch
from textor.domain.job_states import ACTIVE, Status
from textor.job_queue import tickets
from textor.models import Slice, Transcription
from textor.models.slices import SliceState

PAUSE_SECONDS = (0.4, 1.8)
FROZEN_SECONDS = LEASE_SECONDS + 1.5
LEAP = timedelta(minutes=2)

# How often each comes, compared with the others.
WEIGHTS = {
    "kill_worker": 6,
    "kill_horse": 6,
    "kill_shift": 4,
    "kill_shift_horse": 6,
    "kill_scheduler": 3,
    "kill_machine": 2,
    "kill_web": 3,
    "kill_web_child": 2,
    "stop_worker": 4,
    "stop_shift": 3,
    "stop_machine": 1,
    "freeze_worker": 3,
    "freeze_shift": 2,
    "flush_redis": 3,
    "kill_redis": 2,
    "kill_and_empty_redis": 1,
    "drop_locks": 3,
    "leap_of_runs": 2,
    "leap_of_slices": 2,
    "double_tickets": 4,
    "restart_postgres": 3,
    "provider_503": 2,
    "provider_429": 2,
    "provider_reset": 2,
    "provider_slow": 2,
    "provider_fails_a_job": 2,
    "webhooks_lost": 2,
}

PROVIDER_FAULTS: dict[str, dict[str, Any]] = {
    "provider_503": {"on": ["upload", "submit", "check", "delete"], "seconds": 2.0, "status": 503},
    "provider_429": {"on": ["upload", "submit", "check"], "seconds": 2.0, "status": 429, "retry_after": 1},
    "provider_reset": {"on": ["upload", "submit", "check", "delete"], "seconds": 1.5, "reset": True},
    "provider_slow": {"on": ["submit", "check"], "seconds": 3.0, "delay": 2.0},
    "provider_fails_a_job": {"on": "job", "calls": 1, "error": "This file could not be understood."},
    "webhooks_lost": {"on": "webhook", "seconds": 4.0},
}


class Strike(NamedTuple):
    """One fault: seconds after the beginning, its kind, and a number from 0 to 1 that chooses whom it hits."""

    at: float
    kind: str
    aim: float

    def __str__(self) -> str:
        return f"{self.at:.1f} {self.kind} {self.aim:.2f}"


def plan(seed: int, seconds: float, database: str, only: frozenset[str] = frozenset()) -> list[Strike]:
    """The same for the same seed."""
    dice = random.Random(seed)
    kinds = [kind for kind in WEIGHTS if (not only or kind in only) and (kind != "restart_postgres" or database != "sqlite")]
    weights = [WEIGHTS[kind] for kind in kinds]
    strikes, at = [], 1.0
    while kinds and at < seconds:
        strikes.append(Strike(at, dice.choices(kinds, weights)[0], dice.random()))
        at += dice.uniform(*PAUSE_SECONDS)
    return strikes


@dataclass
class Hands:
    """Strikes. What shall happen a little later is kept in `later`, as (when, what)."""

    site: Site
    watch: Watch
    later: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    def strike(self, one: Strike) -> None:
        if one.kind in PROVIDER_FAULTS:
            self._provider(PROVIDER_FAULTS[one.kind])
        else:
            getattr(self, f"_{one.kind}")(one.aim)

    def tend(self) -> None:
        """Do what is due of that which was left for later."""
        now = time.monotonic()
        due = [work for at, work in self.later if at <= now]
        self.later = [(at, work) for at, work in self.later if at > now]
        for work in due:
            work()

    def rest(self) -> None:
        """All faults are over: who was frozen goes on, and the provider is sound."""
        for _, work in self.later:
            work()
        self.later.clear()
        with suppress(httpx.HTTPError):
            httpx.delete(f"{self.site.provider_url}/_faults")

    def _worker(self, aim: float, queues: tuple[str, ...] = QUEUES[:2]) -> int:
        found = [pid for queue in queues for pid in self.site.workers(queue)]
        return found[int(aim * len(found))] if found else 0

    def _kill_worker(self, aim: float) -> None:
        _send(self._worker(aim), signal.SIGKILL)

    def _kill_horse(self, aim: float) -> None:
        busy = [horse for queue in QUEUES[:2] for pid in self.site.workers(queue) for horse in children(pid)]
        if busy:
            _send(busy[int(aim * len(busy))], signal.SIGKILL)

    def _kill_shift(self, aim: float) -> None:
        with self.watch.risk():
            _send(self._worker(aim, ("shift",)), signal.SIGKILL)

    def _kill_shift_horse(self, _aim: float) -> None:
        with self.watch.risk():
            for pid in self.site.workers("shift"):
                for horse in children(pid):
                    _send(horse, signal.SIGKILL)

    def _kill_scheduler(self, aim: float) -> None:
        _send(self._worker(aim, ("scheduler",)), signal.SIGKILL)

    def _kill_machine(self, aim: float) -> None:
        with self.watch.risk():
            self._machine(aim).send(signal.SIGKILL)

    def _stop_machine(self, aim: float) -> None:
        self._machine(aim).send(signal.SIGTERM)

    def _machine(self, aim: float) -> Any:
        return self.site.unit("machine1" if aim < 0.5 else "machine2")

    def _kill_web(self, aim: float) -> None:
        self.site.unit("web1" if aim < 0.5 else "web2").send(signal.SIGKILL)

    def _kill_web_child(self, aim: float) -> None:
        for pid in children(self.site.unit("web1" if aim < 0.5 else "web2").pid):
            _send(pid, signal.SIGKILL)

    def _stop_worker(self, aim: float) -> None:
        _send(self._worker(aim), signal.SIGTERM)

    def _stop_shift(self, aim: float) -> None:
        """Nothing may be asked twice by that: it is no risk."""
        _send(self._worker(aim, ("shift",)), signal.SIGTERM)

    def _freeze_worker(self, aim: float) -> None:
        self._freeze(self._worker(aim))

    def _freeze_shift(self, aim: float) -> None:
        with self.watch.risk():
            self._freeze(self._worker(aim, ("shift",)))

    def _freeze(self, worker: int) -> None:
        """For longer than its lease, with its work-horse."""
        self.watch.judge.upset_at = time.monotonic() + FROZEN_SECONDS
        frozen = [worker, *children(worker)] if worker else []
        for pid in frozen:
            _send(pid, signal.SIGSTOP)
        self.later += [(time.monotonic() + FROZEN_SECONDS, partial(_send, pid, signal.SIGCONT)) for pid in frozen]

    def _flush_redis(self, _aim: float) -> None:
        with suppress(RedisError):
            self.site.tools.redis.flushall()

    def _kill_redis(self, aim: float) -> None:
        self.site.kill_redis()
        self.later.append((time.monotonic() + 2 * aim, self.site.start_redis))

    def _kill_and_empty_redis(self, aim: float) -> None:
        self.site.kill_redis()
        self.site.empty_redis()
        self.later.append((time.monotonic() + 2 * aim, self.site.start_redis))

    def _drop_locks(self, aim: float) -> None:
        """Leases that end before their time: all locks, or the half of them."""
        with suppress(RedisError):
            for n, key in enumerate(self.site.tools.redis.scan_iter("textor:lane:*")):
                if aim < 0.5 or n % 2:
                    self.site.tools.redis.pexpire(key, 1)

    def _leap_of_runs(self, aim: float) -> None:
        """A clock that leaps ahead: whoever works seems to have been silent for long."""
        self._write(
            update(Transcription)
            .where(Transcription.status.in_(ACTIVE), Transcription.is_with_shift.is_(False))
            .values(heartbeat_at=self.site.tools.clock.now() - LEAP)
        )

    def _leap_of_slices(self, aim: float) -> None:
        with self.watch.risk():
            self._write(
                update(Slice)
                .where(Slice.state.in_((SliceState.STARTING, SliceState.REMOTE)), Slice.due_at.is_not(None))
                .values(due_at=self.site.tools.clock.now() - LEAP)
            )

    def _double_tickets(self, aim: float) -> None:
        """Each active run gets another ticket, and one of its last run; those that wait in RQ's lists are doubled."""
        for row in list(self.watch.view.rows.values()):
            if row.status in ACTIVE or (row.status == Status.PENDING and row.run_token):
                queue = tickets.queue_for(self.site.tools, row.engine)
                for token in (row.run_token, row.run_token - 1):
                    tickets.enqueue(
                        self.site.tools, queue, "transcribe", row.id, token, ticket_id=f"again-{row.id}-{token}-{aim * 1e6:.0f}"
                    )
        with suppress(RedisError):
            for queue in QUEUES:
                for ticket in tickets.waiting(self.site.tools, queue):
                    self.site.tools.redis.lpush(f"rq:queue:{queue}", ticket)

    def _restart_postgres(self, _aim: float) -> None:
        with self.watch.risk():
            self.site.restart_postgres()

    def _provider(self, fault: dict[str, Any]) -> None:
        with suppress(httpx.HTTPError):
            httpx.post(f"{self.site.provider_url}/_faults", json=fault)

    def _write(self, statement: Any) -> None:
        with suppress(SQLAlchemyError), self.watch.engine.begin() as connection:
            connection.execute(statement)


def _send(pid: int, number: int) -> None:
    if pid:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
