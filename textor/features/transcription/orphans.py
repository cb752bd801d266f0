"""Jobs at providers whose number was lost, by a crash or an answer that never came. The next start of the slice goes on with such
a job instead of paying again; what nobody will go on with is deleted there.

What is ordered is noted before it is, by a reference that the provider's list shows (AssemblyAI: the address of the upload), and
struck out once the job's number is in the slice's row. Of a list only those jobs are touched that have a reference noted here:
the account may serve others, too. Redis away, or emptied: nothing is remembered, and a lost order is made again, as without this.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from redis.exceptions import RedisError
from sqlalchemy import select

from textor.adapters.stt.port import Held
from textor.domain.job_states import OPEN
from textor.errors import EngineError
from textor.extensions import db
from textor.job_queue import breakers, discards, tickets
from textor.job_queue.slices import Taken
from textor.models import Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

QUEUE = "exports"
KEPT_SECONDS = 2 * 24 * 3600
"""Longer than any slice is tried."""
STILL_STARTING = (SliceState.WAITING, SliceState.STARTING)


class Note(NamedTuple):
    """What was ordered, for which slice, and when (seconds since 1970)."""

    slice_id: int
    at: float
    piece: str


@dataclass(frozen=True, slots=True)
class Noted:
    """The Orders of one slice, in Redis."""

    tools: Toolbox
    engine: str
    slice_id: int
    piece: str
    """Which sound it is, for which model: SQLite gives the number of a slice that is gone to another."""
    is_again: bool
    """It was asked for before, and no job came of that. Else what is noted is an earlier run's: nobody may go on with it."""

    def unanswered(self) -> Collection[str]:
        """What the earlier starts of this slice have ordered."""
        if not self.is_again:
            return ()
        try:
            return [reference for reference, note in _all(self.tools, self.engine).items() if self._is_mine(note)]
        except RedisError:
            return ()

    def _is_mine(self, note: Note) -> bool:
        return (note.slice_id, note.piece) == (self.slice_id, self.piece)

    def add(self, reference: str) -> None:
        """Before it is ordered."""
        try:
            note = f"{self.slice_id} {self.tools.clock.now().timestamp():.0f} {self.piece}"
            self.tools.redis.hset(_key(self.engine), reference, note)
        except RedisError:
            log.warning("redis is away: nobody remembers what slice %s has ordered", self.slice_id)


def orders(tools: Toolbox, one: Taken) -> Noted:
    """What an engine gets with its options when it starts a slice."""
    piece = f"{one.claim.id}/{one.channel}/{one.start}-{one.end}/{one.model}"
    return Noted(tools, one.engine, one.id, piece, is_again=one.attempts > 1 and not one.losses)


def settled(tools: Toolbox, engine: str, reference: str) -> None:
    """The job's number is in the slice's row."""
    if not reference:
        return
    try:
        tools.redis.hdel(_key(engine), reference)
    except RedisError:
        log.info("redis is away: the sweep finds out that a job is known")


def hand_out(tools: Toolbox) -> None:
    """Have a worker sweep: a provider that keeps silent would keep the scheduler from its other work."""
    if any(_all(tools, engine) for engine in tools.engines):
        tickets.enqueue(tools, QUEUE, "sweep_orders", ticket_id="sweep-orders")


def sweep(tools: Toolbox) -> int:
    """Look through the newest jobs of each provider that has orders open: those of ours that no slice waits for are deleted.
    Returns how many. One call for each provider: one that is away is asked the next time."""
    return sum(_sweep(tools, engine) for engine in tools.engines)


def _sweep(tools: Toolbox, engine: str) -> int:
    noted = _all(tools, engine)
    oldest = tools.clock.now().timestamp() - KEPT_SECONDS
    if old := [reference for reference, note in noted.items() if note.at < oldest]:
        tools.redis.hdel(_key(engine), *old)
    if not noted or not breakers.admit(tools, engine, 1, 0).count:
        return 0
    try:
        listed = tools.engines[engine].held()
    except EngineError as error:
        if error.retryable:
            breakers.failed(tools, engine, 1, error.retry_after, error.message)
        log.warning("the jobs of %s could not be listed: %s", engine, error.message)
        return 0
    breakers.worked(tools, engine, 1)
    return _sort_out(tools, engine, noted, [one for one in listed if one.reference in noted])


def _sort_out(tools: Toolbox, engine: str, noted: dict[str, Note], ours: Sequence[Held]) -> int:
    """A slice that is still to be started goes on with its job; one that has its number or another, is over or gone, doesn't."""
    ids = {noted[one.reference].slice_id for one in ours}
    columns = (Slice.id, Slice.state, Slice.remote_id, Transcription.status)
    joined = select(*columns).join(Transcription, Slice.transcription_seq == Transcription.seq)
    rows = db.session.execute(joined.where(Slice.id.in_(ids))).all()
    known = {row.id: row for row in rows}
    over = [one for one in ours if not _is_awaited(one, known.get(noted[one.reference].slice_id))]
    kept = {row.remote_id for row in rows}
    lost = [one.id for one in over if one.id not in kept]
    discards.add(tools, [(engine, id_) for id_ in lost])
    db.session.commit()
    if over:
        tools.redis.hdel(_key(engine), *(one.reference for one in over))
    if lost:
        log.warning("%s jobs at %s were ordered and lost: they are deleted there", len(lost), engine)
    return len(lost)


def _is_awaited(one: Held, row: Any) -> bool:
    return row is not None and row.status in OPEN and row.state in STILL_STARTING and not one.is_failed


def _all(tools: Toolbox, engine: str) -> dict[str, Note]:
    """What is noted of each reference."""
    kept: Any = tools.redis.hgetall(_key(engine))
    return {_text(reference): _read(_text(value)) for reference, value in kept.items()}


def _read(value: str) -> Note:
    slice_id, at, piece = value.split(" ", 2)
    return Note(int(slice_id), float(at), piece)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _key(engine: str) -> str:
    return f"textor:orders:{engine}"
