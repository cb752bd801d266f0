"""What the machine plays with and looks at: processes of their own, a still clock, and the database as anyone sees it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from apiflask import APIFlask
from redis import Redis
from sqlalchemy import Connection, delete

from tests.fakes import FakeClock
from tests.job_queue.machine.faults import Death, Faults
from tests.job_queue.machine.provider import Provider
from textor.domain.job_states import ACTIVE, FINAL, OPEN
from textor.errors import Fenced
from textor.extensions import db
from textor.models import Discard, Transcription
from textor.toolbox import Toolbox

Answer = TypeVar("Answer")


class Row(NamedTuple):
    """A transcription."""

    seq: int
    id: str
    user_id: int
    status: str
    priority: int
    run_token: int
    active_for: int | None
    is_with_shift: bool
    attempts: int
    heartbeat_at: Any
    text: str | None
    deleted_at: Any
    engine: str

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


class Part(NamedTuple):
    """A slice."""

    id: int
    seq: int
    n: int
    state: str
    remote_id: str | None
    lease: int
    attempts: int
    due_at: Any
    result: Any


ANCHOR = "anchor"
"""The engine of one transcription per user, which nobody looks at: purging the last one would take the recording along."""

ROWS = f"SELECT {', '.join(Row._fields)} FROM transcriptions WHERE engine <> '{ANCHOR}' ORDER BY seq"
PARTS = f"SELECT {', '.join(Part._fields).replace('seq', 'transcription_seq')} FROM slices ORDER BY transcription_seq, n"
DISCARDS = "SELECT remote_id FROM discards"


@dataclass(frozen=True)
class Look:
    """The database at one moment."""

    rows: dict[str, Row] = field(default_factory=dict)
    parts: dict[int, Part] = field(default_factory=dict)
    discards: frozenset[str] = frozenset()

    def parts_of(self, row_id: str) -> list[Part]:
        row = self.rows.get(row_id)
        return [part for part in self.parts.values() if row and part.seq == row.seq]

    def holds(self, row_id: str, token: int) -> bool:
        """Whether a run has its claim still."""
        row = self.rows.get(row_id)
        return row is not None and (row.status, row.run_token) == ("processing", token)

    def all_of(self, row_id: str) -> object:
        """All there is of a transcription."""
        return self.rows.get(row_id), self.parts_of(row_id)


@dataclass
class World:
    """Made once; each example begins on an empty one. `redis` never fails: it is the machine's own eye and hand."""

    app: APIFlask
    tools: Toolbox
    redis: Redis
    clock: FakeClock
    faults: Faults
    provider: Provider
    eye: Connection
    users: list[int]
    recordings: list[str]
    has_died: bool = False
    """What `process` did last."""

    def begin(self) -> None:
        self.redis.flushdb()
        self.faults.is_redis_away = False
        self.provider.forget()
        db.session.execute(delete(Transcription).where(Transcription.engine != ANCHOR))
        db.session.execute(delete(Discard))
        db.session.commit()

    def look(self) -> Look:
        rows = [Row(*found) for found in self.eye.exec_driver_sql(ROWS)]
        parts = [Part(*found) for found in self.eye.exec_driver_sql(PARTS)]
        discards = frozenset(found[0] for found in self.eye.exec_driver_sql(DISCARDS))
        return Look({row.id: row for row in rows}, {part.id: part for part in parts}, discards)

    def process(self, work: Callable[[], Answer]) -> Answer | None:
        """What a process of its own does; None where it dies or learns that it has lost its claim."""
        with self.app.app_context():
            self.has_died = False
            try:
                return work()
            except Death:
                self.has_died = True
            except Fenced:
                pass
            finally:
                self.faults.disarm()
                db.session.rollback()
        return None

    def wait(self, seconds: float) -> None:
        """Redis' own clock can't be moved: leases are shortened instead."""
        self.clock.advance(seconds)
        for key in self.redis.scan_iter("textor:lane:*"):
            left = int(str(self.redis.pttl(key))) - int(seconds * 1000)
            self.redis.pexpire(key, left) if left > 0 else self.redis.delete(key)

    def tickets(self, queue: str) -> list[str]:
        """Straight from the list."""
        found: Any = self.redis.lrange(f"rq:queue:{queue}", 0, -1)
        return [bytes(one).decode() for one in found]

    def drop_ticket(self, queue: str, ticket: str) -> None:
        self.redis.lrem(f"rq:queue:{queue}", 1, ticket)

    def unlock(self, user_id: int) -> None:
        self.redis.delete(f"textor:lane:{user_id}")
