"""Slices with providers: who has one in hand, when it wants attention, what is over.

    hand over          take (lease)              started                     check says so
      WAITING ──────────────▶ STARTING ─────────────────▶ REMOTE ─────────────────▶ COMPLETED | FAILED
         ▲                       │ retryable: later          │ the provider lost it
         └───────────────────────┴───────────────────────────┘
    a lease that runs out makes the slice due again, in the state it is in; cancel and delete draw another lease

Every write of a holder names its lease. Times are the toolbox's clock.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Update, bindparam, delete, func, select, update

from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import claims, discards
from textor.job_queue.claims import Claim
from textor.models import Recording, Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

UNDER_WAY = (SliceState.STARTING, SliceState.REMOTE)
OPEN = (SliceState.WAITING, *UNDER_WAY)


@dataclass(frozen=True, slots=True)
class Taken:
    """A slice in hand, with what asking an engine needs. `until` is when the lease ends; times in the recording are seconds."""

    id: int
    lease: int
    until: datetime
    claim: Claim
    n: int
    channel: int | None
    start: float
    end: float
    state: str
    engine: str
    remote_id: str | None
    storage_key: str
    attempts: int
    losses: int
    started_at: datetime | None
    queued_at: datetime
    model: str | None
    language: str | None
    diarize: bool
    channels: int
    """Of the sound that the engine gets."""

    @property
    def is_start(self) -> bool:
        return self.state != SliceState.REMOTE


_COLUMNS = (
    Slice.id,
    Slice.lease,
    Slice.n,
    Slice.channel,
    Slice.start,
    Slice.end,
    Slice.state,
    Slice.engine,
    Slice.remote_id,
    Slice.storage_key,
    Slice.attempts,
    Slice.losses,
    Slice.started_at,
    Transcription.seq,
    Transcription.id.label("transcription_id"),
    Transcription.user_id,
    Transcription.run_token,
    Transcription.engine.label("chosen"),
    Transcription.model,
    Transcription.requested_language,
    Transcription.diarize,
    Transcription.queued_at,
    Recording.storage_key.label("recording_key"),
    Recording.channels,
    Recording.is_dual_channel,
)


def due(tools: Toolbox, limit: int, *, starts: bool, without: Collection[int] = (), closed: Collection[str] = ()) -> list[Taken]:
    """What wants attention, not taken yet: polls, the longest due first, or starts, the first slices of everybody before
    anybody's second. `without` are slices, `closed` engines to leave alone. Commits."""
    now = tools.clock.now()
    is_start = Slice.state != SliceState.REMOTE
    rows = db.session.execute(
        select(*_COLUMNS)
        .join(Transcription, Slice.transcription_seq == Transcription.seq)
        .join(Recording, Transcription.recording_id == Recording.id)
        .where(
            Slice.due_at <= now,
            Slice.state.in_(OPEN),
            is_start if starts else ~is_start,
            Slice.engine.not_in(closed),
            Transcription.status == Status.PROCESSING,
        )
        .order_by(*((Slice.n, Slice.due_at) if starts else (Slice.due_at,)))
        .limit(limit + len(without))
    ).all()
    db.session.commit()
    return [_taken(row, now) for row in rows if row.id not in without][:limit]


def take(tools: Toolbox, found: Sequence[Taken]) -> list[Taken]:
    """Take them in hand; what somebody else has taken meanwhile is left out. Commits."""
    if not found:
        return []
    lease, until = secrets.randbits(62), tools.clock.now() + timedelta(seconds=tools.settings.lease_seconds)
    values = [
        {
            "of": one.id,
            "seen": one.lease,
            "to": SliceState.STARTING if one.is_start else SliceState.REMOTE,
            "more": int(one.is_start),
        }
        for one in sorted(found, key=lambda one: one.id)
    ]
    statement = _held("of", "seen").values(
        lease=lease, due_at=until, state=bindparam("to"), attempts=Slice.attempts + bindparam("more")
    )
    db.session.connection().execute(statement, values)
    mine = set(db.session.scalars(select(Slice.id).where(Slice.id.in_([one.id for one in found]), Slice.lease == lease)))
    db.session.commit()
    return [replace(one, lease=lease, until=until, attempts=one.attempts + one.is_start) for one in found if one.id in mine]


def keep(tools: Toolbox, held: Sequence[Taken]) -> list[Taken]:
    """Push the end of their leases ahead, for calls that take long. Commits."""
    until = tools.clock.now() + timedelta(seconds=tools.settings.lease_seconds)
    if held:
        values = [{"of": one.id, "seen": one.lease, "was": one.until} for one in held]
        statement = _held("of", "seen").where(Slice.due_at == bindparam("was")).values(due_at=until)
        db.session.connection().execute(statement, values)
        db.session.commit()
    return [replace(one, until=until) for one in held]


def ask_again(held: Iterable[tuple[Taken, datetime]]) -> None:
    """When to look at them next. One that a webhook made due meanwhile stays due. Commits."""
    values = [{"of": one.id, "seen": one.lease, "was": one.until, "next": at} for one, at in held]
    if values:
        statement = _held("of", "seen").where(Slice.due_at == bindparam("was")).values(due_at=bindparam("next"))
        db.session.connection().execute(statement, values)
        db.session.commit()


def change(one: Taken, **values: Any) -> bool:
    """Change a slice in hand; False once it isn't ours. Not committed."""
    return claims.change(update(Slice).where(Slice.id == one.id, Slice.lease == one.lease).values(values))


def start_later(one: Taken, at: datetime, error: str | None = None) -> bool:
    """Nobody has it, or nobody any more: it is started, again, at `at`. Commits."""
    lost = {"losses": one.losses + 1} if one.remote_id else {}
    changed = change(one, state=SliceState.WAITING, remote_id=None, due_at=at, error=error, **lost)
    db.session.commit()
    return changed


def wake(tools: Toolbox, slice_id: int) -> bool:
    """A provider says that it has news; it is asked at once. Commits."""
    woken = claims.change(
        update(Slice).where(Slice.id == slice_id, Slice.state == SliceState.REMOTE).values(due_at=tools.clock.now())
    )
    db.session.commit()
    return woken


def let_go(tools: Toolbox, seq: int) -> None:
    """Fence off whoever has slices of a transcription in hand, and have the providers delete what they hold; what is finished
    stays. In the caller's transaction."""
    under_way = (Slice.transcription_seq == seq, Slice.state.in_(OPEN))
    # The lease first: it waits for a remote id that is being committed now, and lets none through after it.
    db.session.execute(update(Slice).where(*under_way).values(lease=secrets.randbits(62), due_at=None))
    _discard(tools, seq, OPEN)
    db.session.execute(update(Slice).where(*under_way).values(state=SliceState.WAITING, remote_id=None))


def drop(tools: Toolbox, seq: int) -> list[str]:
    """Forget a transcription's slices, their checkpoints and the providers' copies. In the caller's transaction; returns the keys
    of what was stored for them, to be deleted once that is committed."""
    db.session.execute(update(Slice).where(Slice.transcription_seq == seq).values(lease=secrets.randbits(62), due_at=None))
    _discard(tools, seq, tuple(SliceState))
    keys = _keys(seq)
    db.session.execute(delete(Slice).where(Slice.transcription_seq == seq))
    return keys


def trim(tools: Toolbox, seq: int, *, is_whole: bool) -> list[str]:
    """What a transcription that is over needs no more: sound made ready, the checkpoints of a whole text and, unless the operator
    keeps them, the providers' copies. In the caller's transaction; returns the keys to delete once that is committed."""
    keys = _keys(seq)
    values: dict[str, Any] = {"storage_key": None} | ({"result": None} if is_whole else {})
    if tools.settings.delete_at_provider:
        _discard(tools, seq, tuple(SliceState))
        values["remote_id"] = None
    db.session.execute(update(Slice).where(Slice.transcription_seq == seq).values(values))
    return keys


def reopen(tools: Toolbox, seq: int) -> None:
    """What failed waits again, as new; what is finished stays. In the caller's transaction."""
    _discard(tools, seq, (SliceState.FAILED, *OPEN))
    db.session.execute(
        update(Slice)
        .where(Slice.transcription_seq == seq, Slice.state != SliceState.COMPLETED)
        .values(state=SliceState.WAITING, error=None, attempts=0, losses=0, due_at=None, remote_id=None, started_at=None)
    )


def open_count(seq: int) -> int:
    """How many of a transcription's slices are not over."""
    return db.session.scalar(select(func.count()).where(Slice.transcription_seq == seq, Slice.state.in_(OPEN))) or 0


def in_flight() -> dict[str, int]:
    """Jobs with providers now, by engine. Commits."""
    rows = db.session.execute(select(Slice.engine, func.count()).where(Slice.state.in_(UNDER_WAY)).group_by(Slice.engine)).all()
    db.session.commit()
    return {row[0]: row[1] for row in rows}


def _keys(seq: int) -> list[str]:
    found = db.session.scalars(select(Slice.storage_key).where(Slice.transcription_seq == seq, Slice.storage_key.is_not(None)))
    return [key for key in found if key]


def _held(row_id: str, lease: str) -> Update:
    return update(Slice.__table__).where(Slice.id == bindparam(row_id), Slice.lease == bindparam(lease))  # type: ignore[arg-type]  # a Table it is


def _discard(tools: Toolbox, seq: int, states: Sequence[str]) -> None:
    rows = db.session.execute(
        select(Slice.engine, Slice.remote_id).where(
            Slice.transcription_seq == seq, Slice.remote_id.is_not(None), Slice.state.in_(states)
        )
    ).all()
    discards.add(tools, [(row[0], str(row[1])) for row in rows])


def _taken(row: Any, now: datetime) -> Taken:
    claim = Claim(row.seq, row.transcription_id, row.user_id, row.run_token, row.chosen)
    is_call = row.diarize and row.is_dual_channel and row.channel is None and row.storage_key is None
    return Taken(
        id=row.id,
        lease=row.lease,
        until=now,
        claim=claim,
        n=row.n,
        channel=row.channel,
        start=row.start,
        end=row.end,
        state=row.state,
        engine=row.engine,
        remote_id=row.remote_id,
        storage_key=row.storage_key or row.recording_key,
        attempts=row.attempts,
        losses=row.losses,
        started_at=row.started_at,
        queued_at=row.queued_at or now,
        model=row.model,
        language=row.requested_language,
        diarize=row.diarize,
        channels=2 if is_call else 1,
    )
