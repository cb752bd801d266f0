"""What providers are to delete: noted in the transaction that makes it superfluous, done by the shift, again until they agree."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from textor.extensions import db
from textor.job_queue import claims
from textor.models import Discard
from textor.toolbox import Toolbox

HOLD_SECONDS = 120  # how long one try may take before somebody else tries
LONGEST_PAUSE_SECONDS = 6 * 3600
TRIES = 60  # two weeks of them


@dataclass(frozen=True, slots=True)
class Due:
    """One job to delete at its provider now."""

    id: int
    engine: str
    remote_id: str
    attempts: int
    due_at: datetime


def add(tools: Toolbox, jobs: Iterable[tuple[str, str]]) -> None:
    """Note jobs, as (engine, remote id). In the caller's transaction."""
    now = tools.clock.now()
    rows = [
        {"engine": engine, "remote_id": remote_id, "attempts": 0, "due_at": now, "created_at": now} for engine, remote_id in jobs
    ]
    if rows:
        db.session.execute(insert(Discard), rows)


def due(tools: Toolbox, limit: int, *, closed: Collection[str] = ()) -> list[Due]:
    """Up to `limit` that are due, of engines that aren't `closed`. Commits."""
    rows = db.session.execute(
        select(Discard.id, Discard.engine, Discard.remote_id, Discard.attempts, Discard.due_at)
        .where(Discard.due_at <= tools.clock.now(), Discard.engine.not_in(closed))
        .order_by(Discard.due_at)
        .limit(limit)
    ).all()
    db.session.commit()
    return [Due(*row) for row in rows]


def take(tools: Toolbox, found: Sequence[Due]) -> list[Due]:
    """Hold them for a while, so that two shifts don't do the same; returns those that are ours now. Commits."""
    later = tools.clock.now() + timedelta(seconds=HOLD_SECONDS)
    taken = [
        one
        for one in found
        if claims.change(update(Discard).where(Discard.id == one.id, Discard.due_at == one.due_at).values(due_at=later))
    ]
    db.session.commit()
    return taken


def done(gone: Collection[Due]) -> None:
    """The provider has deleted them. Commits."""
    db.session.execute(delete(Discard).where(Discard.id.in_([one.id for one in gone])))
    db.session.commit()


def failed(tools: Toolbox, one: Due, retry_after: float | None) -> bool:
    """Try again later, the later the more often it failed; False once it is given up. Commits."""
    is_kept = one.attempts + 1 < TRIES
    if is_kept:
        seconds = retry_after or min(LONGEST_PAUSE_SECONDS, 30 * 2**one.attempts)
        values = {"attempts": one.attempts + 1, "due_at": tools.clock.now() + timedelta(seconds=seconds)}
        db.session.execute(update(Discard).where(Discard.id == one.id).values(values))
    else:
        db.session.execute(delete(Discard).where(Discard.id == one.id))
    db.session.commit()
    return is_kept
