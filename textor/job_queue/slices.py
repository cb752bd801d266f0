"""Slices with providers: who has one in hand, when it wants attention, what is over.

    hand over          take (lease)              started                     check says so
      WAITING ──────────────▶ STARTING ─────────────────▶ REMOTE ─────────────────▶ COMPLETED | FAILED
         ▲                       │ retryable: later          │ the provider lost it
         └───────────────────────┴───────────────────────────┘
    a lease that runs out makes the slice due again, in the state it is in; cancel and delete draw another lease
    one refused for its length waits, and with it all that do, until a worker has put shorter ones in their place

Every write of a holder names its lease. Times are the toolbox's clock.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, bindparam, case, delete, func, or_, select, update

from textor.extensions import db
from textor.job_queue import claims, discards
from textor.job_queue.claims import Claim
from textor.models import Slice
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

UNDER_WAY = (SliceState.STARTING, SliceState.REMOTE)
OPEN = (SliceState.WAITING, *UNDER_WAY)
NEVER, FIRST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 2, tzinfo=UTC)
"""Before anything is due; and due before everything else, so that news goes before the looks that are late."""


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
    endings: tuple[str, ...] = ("",)
    """What a file with that sound may be called, the best first."""
    vocabulary: tuple[str, ...] = ()
    speaker_count: int | None = None
    translate: bool = False

    @property
    def is_start(self) -> bool:
        return self.state != SliceState.REMOTE


def take(tools: Toolbox, found: Sequence[Taken]) -> list[Taken]:
    """Take them in hand; what somebody else has taken or moved on meanwhile is left out. Commits."""
    if not found:
        return []
    lease, until = secrets.randbits(62), tools.clock.now() + timedelta(seconds=tools.settings.lease_seconds)
    values = [
        {
            "of": one.id,
            "seen": one.lease,
            "was": one.state,
            "to": SliceState.STARTING if one.is_start else SliceState.REMOTE,
            "more": int(one.is_start),
        }
        for one in _in_order(found)
    ]
    # The state, too: a holder whose lease has run out may still say, under it, that the provider has taken the slice on.
    statement = (
        _held("of", "seen")
        .where(Slice.state == bindparam("was"))
        .values(lease=lease, due_at=until, state=bindparam("to"), attempts=Slice.attempts + bindparam("more"))
    )
    db.session.connection().execute(statement, values)
    mine = set(db.session.scalars(select(Slice.id).where(Slice.id.in_([one.id for one in found]), Slice.lease == lease)))
    db.session.commit()
    return [replace(one, lease=lease, until=until, attempts=one.attempts + one.is_start) for one in found if one.id in mine]


def keep(tools: Toolbox, held: Sequence[Taken]) -> list[Taken]:
    """Push the end of their leases ahead, for calls that take long. Commits."""
    until = tools.clock.now() + timedelta(seconds=tools.settings.lease_seconds)
    ask_again((one, until) for one in held)
    return [replace(one, until=until) for one in held]


def ask_again(held: Iterable[tuple[Taken, datetime]]) -> None:
    """When to look at them next. One that a webhook made due meanwhile stays due. Commits."""
    values = [
        {"of": one.id, "seen": one.lease, "was": one.until, "next": at} for one, at in sorted(held, key=lambda pair: pair[0].id)
    ]
    if values:
        statement = _held("of", "seen").where(Slice.due_at == bindparam("was")).values(due_at=bindparam("next"))
        db.session.connection().execute(statement, values)
        db.session.commit()


def change(one: Taken, **values: Any) -> bool:
    """Change a slice in hand; False once it isn't ours. Not committed."""
    return claims.change(update(Slice).where(Slice.id == one.id, Slice.lease == one.lease).values(values))


def end(one: Taken, **values: Any) -> bool:
    """Its last change: whoever makes it twice, since nobody confirmed the commit, is fenced off as well. Not committed."""
    return change(one, lease=secrets.randbits(62), due_at=None, **values)


def start_later(one: Taken, at: datetime, error: str, *, is_lost: bool) -> bool:
    """Nobody has it, or, where `is_lost`, nobody any more: it is started, again, at `at`. Commits."""
    changed = change(one, state=SliceState.WAITING, remote_id=None, due_at=at, error=error, losses=one.losses + is_lost)
    db.session.commit()
    return changed


def wake(slice_ids: Collection[int]) -> bool:
    """Providers say that they have news of these; they are asked at once, before all others. False where none waits for any.
    Commits."""
    waits = (Slice.id.in_(sorted(slice_ids)), Slice.state == SliceState.REMOTE)
    woken = claims.change(update(Slice).where(*waits).values(due_at=FIRST))
    db.session.commit()
    return woken


def let_go(tools: Toolbox, seq: int) -> None:
    """Fence off whoever has slices of a transcription in hand, and have the providers delete what they hold; what was heard
    stays here. In the caller's transaction."""
    if db.session.scalars(select(Slice.id).where(Slice.transcription_seq == seq).limit(1)).first() is None:
        return  # the usual end: they have been dropped
    under_way = (Slice.transcription_seq == seq, Slice.state.in_(OPEN))
    _fence(*under_way)
    superfluous = tuple(SliceState) if tools.settings.delete_at_provider else OPEN
    _discard(tools, seq, superfluous)
    of_those = (Slice.transcription_seq == seq, Slice.state.in_(superfluous))
    db.session.execute(update(Slice).where(*of_those).values(remote_id=None))
    db.session.execute(update(Slice).where(*under_way).values(state=SliceState.WAITING))


def is_begun(seq: int, but: int | None) -> bool:
    """Whether an engine has heard, hears or is being asked for any slice of a transcription, `but` for one. Fences off their
    holders: if so, the caller's transaction must be rolled back."""
    _fence(Slice.transcription_seq == seq)
    begun = (Slice.state.in_((*UNDER_WAY, SliceState.COMPLETED)), Slice.id != (but or 0))
    return db.session.scalars(select(Slice.id).where(Slice.transcription_seq == seq, *begun)).first() is not None


def drop(tools: Toolbox, seq: int) -> list[str]:
    """Forget a transcription's slices, their checkpoints and the providers' copies. In the caller's transaction; returns the keys
    of what was stored for them, to be deleted once that is committed."""
    _fence(Slice.transcription_seq == seq)
    _discard(tools, seq, tuple(SliceState))
    keys = _keys(seq)
    db.session.execute(delete(Slice).where(Slice.transcription_seq == seq))
    return keys


def forget(tools: Toolbox, over: Sequence[Taken]) -> None:
    """The slices of transcriptions that are over, in the hands of whoever ends them. In the caller's transaction."""
    discards.add(tools, [(one.engine, one.remote_id) for one in over if one.remote_id])
    db.session.execute(delete(Slice).where(Slice.id.in_([one.id for one in over])))


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


def rest(seq: int) -> None:
    """What waits is nobody's, and not due until it is handed over again. In the caller's transaction."""
    _fence(Slice.transcription_seq == seq, Slice.state == SliceState.WAITING)


def open_count(seq: int) -> int:
    """How many of a transcription's slices are not over."""
    return db.session.scalar(select(func.count()).where(Slice.transcription_seq == seq, Slice.state.in_(OPEN))) or 0


def over_count(seq: int) -> tuple[int, int]:
    """How many of a transcription's slices are over, and how many there are."""
    counted = (func.count(), func.sum(case((Slice.state.not_in(OPEN), 1), else_=0)))
    count, over = db.session.execute(select(*counted).where(Slice.transcription_seq == seq)).one()
    return over or 0, count


def wants_attention() -> ColumnElement[bool]:
    """Now or later: found by the index among any number that are over. SQLite walks all rows for IS NOT NULL."""
    return Slice.due_at > NEVER


def in_flight(tools: Toolbox) -> dict[str, int]:
    """Jobs with providers now, by engine; a start whose holder has died is none. Commits."""
    is_alive = or_(Slice.state == SliceState.REMOTE, Slice.due_at > tools.clock.now())
    rows = db.session.execute(
        select(Slice.engine, func.count()).where(wants_attention(), Slice.state.in_(UNDER_WAY), is_alive).group_by(Slice.engine)
    ).all()
    db.session.commit()
    return {row[0]: row[1] for row in rows}


def _in_order(found: Iterable[Taken]) -> list[Taken]:
    """As every statement locks them, so that no two wait for each other."""
    return sorted(found, key=lambda one: one.id)


def _fence(*which: ColumnElement[bool]) -> None:
    """Waits for a remote id that is being committed now, and lets none through after it."""
    # Held in the order in which shifts hold them (`_in_order`): an UPDATE alone would go by how the rows lie.
    db.session.execute(select(Slice.id).where(*which).order_by(Slice.id).with_for_update())
    db.session.execute(update(Slice).where(*which).values(lease=secrets.randbits(62), due_at=None))


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
