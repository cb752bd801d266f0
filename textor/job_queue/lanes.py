"""A lane per user: transcriptions run one after the other, oldest first. Why so: docs/decisions/0001-database-is-truth.md.

                dispatch (lock + claim)        a worker takes the ticket      finish(claim)
      PENDING ───────────────────────▶ QUEUED ───────────────────▶ PROCESSING ─────────────▶ a final state
         ▲                              │  ▲ ticket lost: again       │ │ heartbeat stale: token+1
         │                              │  └─── pass_on: others wait ─┘ │
         └──────────────────────────────┴────────── reconcile ──────────┘

Every function here may be called by any process any number of times; the row decides who was right. Each commits.
"""

import logging
from collections.abc import Sequence
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import delete, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from textor.domain import details
from textor.domain.job_states import ACTIVE, OPEN, Status
from textor.extensions import db
from textor.job_queue import claims, clocks, deliveries, locks, slices, tickets
from textor.job_queue.claims import Claim
from textor.models import Edit, SegmentRow, Speaker, Transcription
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

DISPATCH_TRIES = 3
OTHER = aliased(Transcription)  # made once: it costs more than the query


def dispatch(tools: Toolbox, user_id: int) -> str | None:
    """Start the user's oldest pending transcription if none is active; returns its id. Redis away: it starts later."""
    clocks.agree(tools)
    try:
        for _ in range(DISPATCH_TRIES):  # a row may be cancelled between our look and our claim
            claim = _next(user_id)
            if claim is None or not take(tools, claim):
                return None
            if _claim(tools, claim):
                tickets.hand_out(tools, claim)
                return claim.id
            locks.release(tools.redis, user_id, claim.owner)
    except RedisError:
        log.warning("redis is away: user %s waits for the reconciler", user_id)
    return None


def cancel(tools: Toolbox, transcription_id: str, reason: str = "Cancelled by user", *, hide: bool = False) -> bool:
    """Stop a transcription in any open state: whoever runs it is fenced off at their next write, and providers delete what they
    hold. One that has a text to read keeps it. False: it was over already."""
    row = db.session.execute(
        select(Transcription.seq, Transcription.user_id, Transcription.run_token, Transcription.engine).where(
            Transcription.id == transcription_id, Transcription.status.in_(OPEN)
        )
    ).first()
    if row is None:
        return False
    now = tools.clock.now()
    values: dict[str, Any] = {"deleted_at": now} if hide else {}
    stopped = claims.change(
        update(Transcription)
        .where(Transcription.seq == row.seq, Transcription.status.in_(OPEN), Transcription.run_token == row.run_token)
        .values(
            status=claims.unless_readable(Status.CANCELLED),
            active_for=None,
            run_token=row.run_token + 1,
            is_with_shift=False,
            finished_at=now,
            updated_at=now,
            message=None,
            error=reason,
            **values,
        )
    )
    if stopped:
        slices.let_go(tools, row.seq)
    is_news = stopped and deliveries.add_ends(tools, [row.seq])
    db.session.commit()
    free(tools, row.user_id, f"{transcription_id}:{row.run_token}")
    if is_news:
        deliveries.send_soon(tools)
    return stopped or cancel(tools, transcription_id, reason, hide=hide)


def requeue(tools: Toolbox, transcription_id: str, **values: Any) -> bool:
    """A transcription that is over waits for its turn again. False: it isn't over, or deleted.

    What its slices have heard is kept and not asked for again, and a text that can be read stays. With another engine, or when
    all was heard, it begins anew.
    """
    row = db.session.execute(
        select(Transcription.seq, Transcription.user_id, Transcription.status, Transcription.details).where(
            Transcription.id == transcription_id
        )
    ).first()
    if row is None:
        return False
    is_new = "engine" in values or row.status == Status.COMPLETED
    fresh: dict[str, Any] = {"text": None, "details": details.asked(row.details)} if is_new else {}
    fresh["version"] = Transcription.version + 1  # who has seen the text as it was changes nothing in the one to come
    changed = claims.change(
        update(Transcription)
        .where(Transcription.id == transcription_id, Transcription.status == row.status, Transcription.status.not_in(OPEN))
        .where(Transcription.deleted_at.is_(None))  # by another tab, at the same moment
        .values(**claims.waiting_again(tools), attempts=0, error=None, finished_at=None, **fresh, **values)
    )
    keys = _begin_anew(tools, row.seq) if changed and is_new else []
    if changed:
        slices.reopen(tools, row.seq)
    db.session.commit()
    for key in keys:
        tools.storage.delete(key)
    if changed:
        dispatch(tools, row.user_id)
    return changed


def _begin_anew(tools: Toolbox, seq: int) -> list[str]:
    for model in (Edit, SegmentRow, Speaker):
        db.session.execute(delete(model).where(model.transcription_seq == seq))
    return slices.drop(tools, seq)


def _next(user_id: int) -> Claim | None:
    """The claim that dispatch would make now."""
    row = db.session.execute(
        select(Transcription.seq, Transcription.id, Transcription.run_token, Transcription.engine)
        .where(
            Transcription.user_id == user_id,
            Transcription.status == Status.PENDING,
            ~exists().where(OTHER.active_for == user_id),
        )
        .order_by(Transcription.priority.desc(), Transcription.seq)
        .limit(1)
    ).first()
    db.session.commit()
    return None if row is None else Claim(row.seq, row.id, user_id, row.run_token + 1, row.engine)


def _claim(tools: Toolbox, claim: Claim) -> bool:
    """PENDING → QUEUED. The unique column answers when somebody else of this user is active after all."""
    now = tools.clock.now()
    try:
        claimed = claims.change(
            update(Transcription)
            .where(
                Transcription.seq == claim.seq, Transcription.status == Status.PENDING, Transcription.run_token == claim.token - 1
            )
            .values(
                status=Status.QUEUED,
                active_for=claim.user_id,
                run_token=claim.token,
                attempts=Transcription.attempts + 1,
                queued_at=now,
                heartbeat_at=now,
                updated_at=now,
            )
        )
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    return claimed


def take(tools: Toolbox, claim: Claim, lease_seconds: int | None = None) -> bool:
    """Take or renew the lane's lock; a lock whose owner the database says is dead is a leftover."""
    lease_ms = (lease_seconds or tools.settings.lease_seconds) * 1000
    owner = locks.acquire(tools.redis, claim.user_id, claim.owner, lease_ms)
    if owner == claim.owner:
        return True
    return not _is_alive(owner) and locks.steal(tools.redis, claim.user_id, owner, claim.owner, lease_ms)


def _is_alive(owner: str) -> bool:
    transcription_id, _, token = owner.rpartition(":")
    alive = db.session.execute(
        select(Transcription.seq).where(
            Transcription.id == transcription_id, Transcription.run_token == int(token), Transcription.status.in_(ACTIVE)
        )
    ).first()
    db.session.commit()
    return alive is not None


def free_all(tools: Toolbox, ended: Sequence[Claim]) -> None:
    """Let go of many lanes and start the next of each user who has one."""
    for claim in ended:
        _release(tools, claim.user_id, claim.owner)
    theirs = (Transcription.user_id.in_(sorted({claim.user_id for claim in ended})), Transcription.status == Status.PENDING)
    waiting = db.session.scalars(select(Transcription.user_id).where(*theirs).distinct()).all()
    db.session.commit()
    for user_id in waiting:
        dispatch(tools, user_id)


def free(tools: Toolbox, user_id: int, owner: str) -> None:
    """Let go of a lane and start the user's next."""
    _release(tools, user_id, owner)
    dispatch(tools, user_id)


def _release(tools: Toolbox, user_id: int, owner: str) -> None:
    try:
        locks.release(tools.redis, user_id, owner)
    except RedisError:
        log.warning("redis is away: the lane of user %s frees itself", user_id)
