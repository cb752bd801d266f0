"""A lane per user: transcriptions run one after the other, oldest first. Why so: docs/decisions/0001-database-is-truth.md.

                dispatch (lock + claim)        a worker takes the ticket      finish(claim)
      PENDING ───────────────────────▶ QUEUED ───────────────────▶ PROCESSING ─────────────▶ a final state
         ▲                                │ ticket lost: again        │ heartbeat stale: token+1
         └────────────────────────────────┴──────── reconcile ────────┘

Every function here may be called by any process any number of times; the row decides who was right. Each commits.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import CursorResult, Update, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from textor.domain.job_states import ACTIVE, OPEN, Status
from textor.errors import Fenced
from textor.extensions import db
from textor.job_queue import locks, tickets
from textor.models import Transcription
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

DISPATCH_TRIES = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of one run to work on a transcription. Worth nothing once the row's token has moved on."""

    seq: int
    id: str
    user_id: int
    token: int
    engine: str

    @property
    def owner(self) -> str:
        """As it stands in the lane's lock."""
        return f"{self.id}:{self.token}"

    @property
    def ticket_id(self) -> str:
        return f"t-{self.id}-{self.token}"


def dispatch(tools: Toolbox, user_id: int) -> str | None:
    """Start the user's oldest pending transcription if none is active; returns its id. Redis away: nothing starts, nothing is lost."""
    try:
        for _ in range(DISPATCH_TRIES):  # a row may be cancelled between our look and our claim
            claim = _next(user_id)
            if claim is None or not _take_lane(tools, claim):
                return None
            if _claim(tools, claim):
                tickets.enqueue(tools, tickets.queue_for(tools, claim.engine), "transcribe", claim.id, claim.token, ticket_id=claim.ticket_id)
                return claim.id
            locks.release(tools.redis, user_id, claim.owner)
    except RedisError:
        log.warning("redis is away: user %s waits for the reconciler", user_id)
    return None


def start(tools: Toolbox, transcription_id: str, token: int) -> Claim | None:
    """QUEUED → PROCESSING for the run that holds `token`; None for a stale or doubled delivery."""
    now = tools.clock.now()
    taken = _change(
        update(Transcription)
        .where(Transcription.id == transcription_id, Transcription.status == Status.QUEUED, Transcription.run_token == token)
        .values(status=Status.PROCESSING, started_at=now, heartbeat_at=now, updated_at=now, progress=0.0, message=None)
    )
    db.session.commit()
    return held(transcription_id, token) if taken else None


def held(transcription_id: str, token: int) -> Claim | None:
    """The claim behind `token`, if the row is being processed under it."""
    row = db.session.execute(
        select(Transcription.seq, Transcription.user_id, Transcription.engine).where(
            Transcription.id == transcription_id, Transcription.run_token == token, Transcription.status == Status.PROCESSING
        )
    ).first()
    db.session.commit()
    return None if row is None else Claim(row.seq, transcription_id, row.user_id, token, row.engine)


def write(tools: Toolbox, claim: Claim, **values: Any) -> None:
    """Change the row if `claim` still holds it. Not committed: what belongs to it goes into the same transaction.

    Raises Fenced (and rolls back) when another run owns the row.
    """
    now = tools.clock.now()
    if not _change(_mine(claim).values(heartbeat_at=now, updated_at=now, **values)):
        db.session.rollback()
        raise Fenced("Another run owns this transcription.")


def heartbeat(tools: Toolbox, transcription_id: str, token: int) -> bool:
    """Renew row and lock; False once the run has lost its claim. A run that hasn't started yet is fine."""
    now = tools.clock.now()
    beaten = _change(
        update(Transcription)
        .where(Transcription.id == transcription_id, Transcription.run_token == token, Transcription.status.in_(ACTIVE))
        .values(heartbeat_at=now)
    )
    db.session.commit()
    claim = held(transcription_id, token) if beaten else None
    if claim:
        _renew(tools, claim)
    return beaten


def finish(tools: Toolbox, claim: Claim, status: Status, **values: Any) -> None:
    """End the run in `status`, free the lane and start the user's next. Raises Fenced."""
    now = tools.clock.now()
    write(tools, claim, status=status, active_for=None, finished_at=now, next_poll_at=None, **values)
    db.session.commit()
    _free(tools, claim.user_id, claim.owner)


def hand_back(tools: Toolbox, transcription_id: str, token: int) -> bool:
    """A worker that must stop gives its run back: the row waits again, the attempt doesn't count."""
    claim = held(transcription_id, token)
    if claim is None:
        return False
    given = _change(_mine(claim).values(**_waiting_again(tools), attempts=Transcription.attempts - 1))
    db.session.commit()
    _free(tools, claim.user_id, claim.owner)
    return given


def cancel(tools: Toolbox, transcription_id: str, reason: str = "Cancelled by user", *, hide: bool = False) -> bool:
    """Stop a transcription in any open state: whoever runs it is fenced off at their next write. False: it was over already."""
    row = db.session.execute(
        select(Transcription.seq, Transcription.user_id, Transcription.run_token, Transcription.engine).where(
            Transcription.id == transcription_id, Transcription.status.in_(OPEN)
        )
    ).first()
    if row is None:
        return False
    now = tools.clock.now()
    values: dict[str, Any] = {"deleted_at": now} if hide else {}
    stopped = _change(
        update(Transcription)
        .where(Transcription.seq == row.seq, Transcription.status.in_(OPEN), Transcription.run_token == row.run_token)
        .values(
            status=Status.CANCELLED,
            active_for=None,
            run_token=row.run_token + 1,
            finished_at=now,
            updated_at=now,
            next_poll_at=None,
            error=reason,
            **values,
        )
    )
    db.session.commit()
    _free(tools, row.user_id, f"{transcription_id}:{row.run_token}")
    return stopped or cancel(tools, transcription_id, reason, hide=hide)


def requeue(tools: Toolbox, transcription_id: str, **values: Any) -> bool:
    """A transcription that is over waits for its turn again, as new. False: it isn't over."""
    changed = _change(
        update(Transcription)
        .where(Transcription.id == transcription_id, Transcription.status.not_in(OPEN))
        .values(**_waiting_again(tools), attempts=0, error=None, remote_id=None, finished_at=None, **values)
    )
    db.session.commit()
    if changed:
        dispatch(tools, db.session.scalars(select(Transcription.user_id).where(Transcription.id == transcription_id)).one())
    return changed


def reclaim(tools: Toolbox, transcription_id: str, token: int, seen: datetime) -> bool:
    """Take a run away from a worker that was last heard of at `seen`: it waits again, or fails when it has been tried too often."""
    stale = (
        update(Transcription)
        .where(
            Transcription.id == transcription_id,
            Transcription.run_token == token,
            Transcription.status == Status.PROCESSING,
            Transcription.heartbeat_at == seen,
        )
        .execution_options(synchronize_session=False)
    )
    again = stale.where(Transcription.attempts < tools.settings.max_attempts).values(**_waiting_again(tools))
    lost = stale.values(
        status=Status.FAILED,
        active_for=None,
        run_token=token + 1,
        finished_at=tools.clock.now(),
        updated_at=tools.clock.now(),
        error="The worker was lost again and again while it transcribed this. Try another engine or a shorter recording.",
    )
    changed = _change(again) or _change(lost)
    db.session.commit()
    if changed:
        user_id = db.session.scalars(select(Transcription.user_id).where(Transcription.id == transcription_id)).one()
        _free(tools, user_id, f"{transcription_id}:{token}")
    return changed


def _next(user_id: int) -> Claim | None:
    """The claim that dispatch would make now."""
    active = aliased(Transcription)
    row = db.session.execute(
        select(Transcription.seq, Transcription.id, Transcription.run_token, Transcription.engine)
        .where(
            Transcription.user_id == user_id,
            Transcription.status == Status.PENDING,
            ~exists().where(active.active_for == user_id),
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
        claimed = _change(
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


def _take_lane(tools: Toolbox, claim: Claim) -> bool:
    owner = locks.acquire(tools.redis, claim.user_id, claim.owner, _lease_ms(tools))
    if owner == claim.owner:
        return True
    return not _is_alive(owner) and locks.steal(tools.redis, claim.user_id, owner, claim.owner, _lease_ms(tools))


def _renew(tools: Toolbox, claim: Claim) -> None:
    """The database says who runs; a lock that says otherwise is a leftover."""
    try:
        _take_lane(tools, claim)
    except RedisError:
        log.debug("redis is away: %s goes on under its row alone", claim.id)


def _is_alive(owner: str) -> bool:
    transcription_id, _, token = owner.rpartition(":")
    alive = db.session.execute(
        select(Transcription.seq).where(
            Transcription.id == transcription_id, Transcription.run_token == int(token), Transcription.status.in_(ACTIVE)
        )
    ).first()
    db.session.commit()
    return alive is not None


def _free(tools: Toolbox, user_id: int, owner: str) -> None:
    try:
        locks.release(tools.redis, user_id, owner)
    except RedisError:
        log.warning("redis is away: the lane of user %s frees itself", user_id)
    dispatch(tools, user_id)


def _waiting_again(tools: Toolbox) -> dict[str, Any]:
    return {
        "status": Status.PENDING,
        "active_for": None,
        "run_token": Transcription.run_token + 1,
        "progress": 0.0,
        "message": None,
        "next_poll_at": None,
        "updated_at": tools.clock.now(),
    }


def _mine(claim: Claim) -> Update:
    return update(Transcription).where(
        Transcription.seq == claim.seq, Transcription.run_token == claim.token, Transcription.status == Status.PROCESSING
    )


def _change(statement: Update) -> bool:
    """Run it; True if it changed the one row it was about."""
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    return isinstance(result, CursorResult) and result.rowcount == 1


def _lease_ms(tools: Toolbox) -> int:
    return tools.settings.lease_seconds * 1000
