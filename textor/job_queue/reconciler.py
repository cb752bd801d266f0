"""Heals what crashes, flushes and lost tickets leave behind. Runs every third of a lease, anywhere; two at once are fine."""

import logging
from datetime import timedelta

from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import claims, clocks, lanes, runs, tickets
from textor.models import Slice, Transcription
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

USERS_A_ROUND = 1_000
IS_ACTIVE = Transcription.active_for > 0  # by its index; for IS NOT NULL SQLite walks all rows there ever were


def reconcile(tools: Toolbox) -> dict[str, int]:
    """One round; returns how many rows were reclaimed, given a new ticket and dispatched."""
    stale = _reclaim_stale(tools) + _reclaim_stranded(tools)
    return {"reclaimed": stale, "reticketed": _reticket(tools), "dispatched": _dispatch_waiting(tools)}


def reconcile_if_due(tools: Toolbox) -> None:
    """A round, if nobody has done one within the last third of a lease."""
    interval_ms = tools.settings.lease_seconds * 1000 // 3
    try:
        clocks.agree(tools)
        if tools.redis.set("textor:reconcile", 1, nx=True, px=interval_ms):
            reconcile(tools)
    except RedisError:
        log.warning("redis is away: reconciling later")
    except SQLAlchemyError:  # raised into a worker's loop, it would end the worker
        db.session.rollback()
        log.warning("the database is away: reconciling later", exc_info=True)


def _reclaim_stale(tools: Toolbox) -> int:
    """Runs whose worker has fallen silent. What the shift has isn't among them: its slices have leases of their own."""
    return _reclaim_silent(tools, Transcription.is_with_shift.is_(False))


def _reclaim_stranded(tools: Toolbox) -> int:
    """Runs that the shift has, and of which no slice will ever be due: a kill came between the last slice and the end."""
    will_be_due = exists().where(Slice.transcription_seq == Transcription.seq, Slice.due_at.is_not(None))
    return _reclaim_silent(tools, Transcription.is_with_shift.is_(True), ~will_be_due)


def _reclaim_silent(tools: Toolbox, *which: ColumnElement[bool]) -> int:
    silent_since = tools.clock.now() - timedelta(seconds=tools.settings.lease_seconds)
    silent = db.session.execute(
        select(Transcription.id, Transcription.run_token, Transcription.heartbeat_at).where(
            IS_ACTIVE, Transcription.status == Status.PROCESSING, Transcription.heartbeat_at < silent_since, *which
        )
    ).all()
    db.session.commit()
    return sum(runs.reclaim(tools, row.id, row.run_token, row.heartbeat_at) for row in silent)


def _reticket(tools: Toolbox) -> int:
    """Claimed rows that nobody has started: a new ticket, unless theirs still waits in the queue."""
    patience = timedelta(seconds=max(1.0, tools.settings.lease_seconds * 2 / 3))
    now = tools.clock.now()
    rows = db.session.execute(
        select(Transcription.id, Transcription.run_token, Transcription.engine, Transcription.heartbeat_at).where(
            IS_ACTIVE,
            Transcription.status == Status.QUEUED,
            Transcription.heartbeat_at < now - patience,
        )
    ).all()
    db.session.commit()
    waiting = {name: {_bare(known) for known in tickets.waiting(tools, name)} for name in (tickets.QUEUES if rows else ())}
    count = 0
    for row in rows:
        queue_name, ticket_id = tickets.queue_for(tools, row.engine), f"t-{row.id}-{row.run_token}"
        if ticket_id in waiting[queue_name]:
            continue
        if _touch(tools, row.id, row.run_token, row.heartbeat_at):
            # the lost ticket's id may still be known to RQ, so the new one's differs
            new_id = f"{ticket_id}-{int(now.timestamp() * 1000)}"
            count += tickets.enqueue(tools, queue_name, "transcribe", row.id, row.run_token, ticket_id=new_id)
    return count


def _bare(ticket_id: str) -> str:
    """`t-<uuid>-<token>`, without what a second ticket for the same run adds."""
    return "-".join(ticket_id.split("-")[:7])


def _touch(tools: Toolbox, transcription_id: str, token: int, seen: object) -> bool:
    """Compare-and-set on the heartbeat: of two reconcilers one goes on."""
    touched = claims.change(
        update(Transcription)
        .where(
            Transcription.id == transcription_id,
            Transcription.run_token == token,
            Transcription.status == Status.QUEUED,
            Transcription.heartbeat_at == seen,
        )
        .values(heartbeat_at=tools.clock.now())
    )
    db.session.commit()
    return touched


def _dispatch_waiting(tools: Toolbox) -> int:
    """Users with something pending and nothing active, the longest waiting first."""
    users = db.session.scalars(
        select(Transcription.user_id)
        .where(Transcription.status == Status.PENDING, ~exists().where(lanes.OTHER.active_for == Transcription.user_id))
        .group_by(Transcription.user_id)
        .order_by(func.min(Transcription.seq))
        .limit(USERS_A_ROUND)
    ).all()
    db.session.commit()
    return sum(lanes.dispatch(tools, user_id) is not None for user_id in users)
