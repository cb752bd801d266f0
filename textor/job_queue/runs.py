"""A run: what a worker does with its claim. Every write is fenced by the claim's token; each function commits but `write`."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import func, literal, select, update

from textor.domain.job_states import ACTIVE, Status
from textor.errors import Fenced
from textor.extensions import db
from textor.job_queue import claims, deliveries, discards, lanes, locks, slices, tickets
from textor.job_queue.claims import Claim
from textor.job_queue.slices import Taken
from textor.models import Slice, Transcription
from textor.models.columns import UtcDateTime
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

WITH_SHIFT_SECONDS = 3600  # how long the lane's lock is taken for while providers work


def start(tools: Toolbox, transcription_id: str, token: int) -> Claim | None:
    """QUEUED → PROCESSING for the run that holds `token`; None for a stale or doubled delivery."""
    now = tools.clock.now()
    # One that has let others go first began before. Without its type PostgreSQL would store `now` in its own zone.
    began_at = func.coalesce(Transcription.started_at, literal(now, UtcDateTime()))
    taken = claims.change(
        update(Transcription)
        .where(Transcription.id == transcription_id, Transcription.status == Status.QUEUED, Transcription.run_token == token)
        .values(
            status=Status.PROCESSING,
            started_at=began_at,
            heartbeat_at=now,
            updated_at=now,
        )
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


def with_shift(seq: int) -> Claim | None:
    """The claim under which the shift has a transcription now. Commits."""
    claim = _with_shift(seq)
    db.session.commit()
    return claim


def _with_shift(seq: int) -> Claim | None:
    row = db.session.execute(
        select(Transcription.id, Transcription.user_id, Transcription.run_token, Transcription.engine).where(
            Transcription.seq == seq, Transcription.status == Status.PROCESSING, Transcription.is_with_shift.is_(True)
        )
    ).first()
    return None if row is None else Claim(seq, *row)


def write(tools: Toolbox, claim: Claim, **values: Any) -> None:
    """Change the row if `claim` still holds it. Not committed: what belongs to it goes into the same transaction.

    Raises Fenced (and rolls back) when another run owns the row.
    """
    if not touch(tools, claim, **values):
        db.session.rollback()
        raise Fenced("Another run owns this transcription.")


def touch(tools: Toolbox, claim: Claim, **values: Any) -> bool:
    """The same, where losing the claim is no surprise: False, and nothing is changed."""
    now = tools.clock.now()
    return claims.change(claims.mine(claim).values({"heartbeat_at": now, "updated_at": now} | values))


def heartbeat(tools: Toolbox, transcription_id: str, token: int) -> bool:
    """Renew row and lock; False once the run has lost its claim. A run that hasn't started yet is fine."""
    now = tools.clock.now()
    beaten = claims.change(
        update(Transcription)
        .where(Transcription.id == transcription_id, Transcription.run_token == token, Transcription.status.in_(ACTIVE))
        .values(heartbeat_at=now)
    )
    db.session.commit()
    claim = held(transcription_id, token) if beaten else None
    if claim:
        with suppress(RedisError):  # Redis away: the run goes on under its row alone
            lanes.take(tools, claim)
    return beaten


def finish(tools: Toolbox, claim: Claim, status: Status, **values: Any) -> None:
    """End the run in `status`, free the lane and start the user's next. One that fails and has a text to read, from an earlier
    run, keeps it. Raises Fenced."""
    now = tools.clock.now()
    ended: Any = claims.unless_readable(status) if status == Status.FAILED else status
    write(tools, claim, status=ended, active_for=None, finished_at=now, is_with_shift=False, **values)
    slices.let_go(tools, claim.seq)
    is_news = deliveries.add_ends(tools, [claim.seq])
    db.session.commit()
    lanes.free(tools, claim.user_id, claim.owner)
    if is_news:
        deliveries.send_soon(tools)


def hand_over(tools: Toolbox, claim: Claim) -> None:
    """From a worker to the shift: the slices are due now, and nobody beats for the run any more. Raises Fenced.

    The lane's lock is taken for long: from here on the row guards the lane, and a leftover is stolen once the row is over.
    """
    write(tools, claim, is_with_shift=True, message=None)
    now = tools.clock.now()
    idle = (Slice.transcription_seq == claim.seq, Slice.state == SliceState.WAITING, Slice.due_at.is_(None))
    db.session.execute(update(Slice).where(*idle).values(due_at=now))
    db.session.commit()
    with suppress(RedisError):
        lanes.take(tools, claim, WITH_SHIFT_SECONDS)


def pass_on(tools: Toolbox, claim: Claim) -> None:
    """Let others go first: QUEUED again under a new token, with a ticket behind theirs; what is finished stays. Raises Fenced."""
    following = replace(claim, token=claim.token + 1)
    write(tools, claim, status=Status.QUEUED, run_token=following.token, queued_at=tools.clock.now())
    db.session.commit()
    with suppress(RedisError):
        locks.release(tools.redis, claim.user_id, claim.owner)
        lanes.take(tools, following)
    tickets.hand_out(tools, following)


def switch(tools: Toolbox, claim: Claim, engine: str, details: dict[str, Any], but: int | None = None) -> bool:
    """Begin anew with another engine, at the same place in the lane; False where a slice, `but` for one, is heard or is being
    asked for. Raises Fenced."""
    write(tools, claim, **claims.waiting_again(tools) | {"engine": engine, "model": None, "details": details})
    if slices.is_begun(claim.seq, but):
        db.session.rollback()
        return False
    keys = slices.drop(tools, claim.seq)
    db.session.commit()
    lanes.free(tools, claim.user_id, claim.owner)
    for key in keys:
        tools.storage.delete(key)
    return True


def plan_anew(tools: Toolbox, one: Taken, error: str, details: dict[str, Any]) -> None:
    """A slice in the shift's hands is to be cut up: with what else waits it goes from the shift back to a worker, at the same
    place in the lane, and the attempt doesn't count. What is heard or with the provider stays there. Raises Fenced."""
    seq, now = one.claim.seq, tools.clock.now()
    # Holds the row: nobody plans it or hands it over until the slice says that it waits.
    claims.change(update(Transcription).where(Transcription.seq == seq).values(updated_at=now))
    claim = _with_shift(seq)
    if not slices.change(one, state=SliceState.WAITING, remote_id=None, due_at=None, error=error):
        db.session.rollback()
        raise Fenced("Somebody else has this slice.")
    discards.add(tools, [(one.engine, one.remote_id)] if one.remote_id else [])
    if claim:  # else a worker has it, or will have it, and plans it
        slices.rest(seq)
        write(tools, claim, **claims.waiting_again(tools) | {"details": details, "attempts": Transcription.attempts - 1})
    db.session.commit()
    if claim:
        lanes.free(tools, claim.user_id, claim.owner)


def hand_back(tools: Toolbox, transcription_id: str, token: int) -> bool:
    """A worker that must stop gives its run back: the row waits again, the attempt doesn't count. One that the shift has is
    none of its business any more."""
    claim = held(transcription_id, token)
    if claim is None:
        return False
    ours = claims.mine(claim).where(Transcription.is_with_shift.is_(False))
    given = claims.change(ours.values(**claims.waiting_again(tools), attempts=Transcription.attempts - 1))
    db.session.commit()
    if given:
        lanes.free(tools, claim.user_id, claim.owner)
    return given


def reclaim(tools: Toolbox, transcription_id: str, token: int, seen: datetime | None) -> bool:
    """Take a run from a worker last heard of at `seen`: it waits again, or fails when it has been tried too often."""
    stale = update(Transcription).where(
        Transcription.id == transcription_id,
        Transcription.run_token == token,
        Transcription.status == Status.PROCESSING,
        Transcription.heartbeat_at == seen,
    )
    again = stale.where(Transcription.attempts < tools.settings.max_attempts).values(**claims.waiting_again(tools))
    lost = stale.values(
        status=claims.unless_readable(Status.FAILED),
        active_for=None,
        is_with_shift=False,
        run_token=token + 1,
        finished_at=tools.clock.now(),
        updated_at=tools.clock.now(),
        error="The worker was lost again and again while it transcribed this. Try another engine or a shorter recording.",
    )
    is_again = claims.change(again)
    changed = is_again or claims.change(lost)
    row = db.session.execute(select(Transcription.seq, Transcription.user_id).where(Transcription.id == transcription_id)).first()
    is_news = False
    if row and changed and not is_again:
        slices.let_go(tools, row.seq)
        is_news = deliveries.add_ends(tools, [row.seq])
    db.session.commit()
    if row and changed:
        lanes.free(tools, row.user_id, f"{transcription_id}:{token}")
    if is_news:
        deliveries.send_soon(tools)
    return changed
