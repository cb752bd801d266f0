"""Which slices want attention now, and whose turn comes first."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, case, select

from textor.domain import details, file_endings
from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue.claims import Claim
from textor.job_queue.slices import Taken
from textor.models import Recording, Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

TURN_SECONDS = 60
TURNS = (64, 32, 16, 8, 4, 2, 1)

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
    Transcription.vocabulary,
    Transcription.speaker_count,
    Transcription.details,
    Transcription.queued_at,
    Recording.storage_key.label("recording_key"),
    Recording.is_dual_channel,
    Recording.container,
    Recording.codec,
    Recording.has_video,
)


def _states(*, starts: bool) -> tuple[SliceState, ...]:
    return (SliceState.WAITING, SliceState.STARTING) if starts else (SliceState.REMOTE,)


# A slice's number, less about one for each minute that it has waited: newcomers don't keep a long recording waiting for ever.
_TURN = Slice.n - case(*((Slice.due_at <= bindparam(f"turn_{turns}"), turns) for turns in TURNS), else_=0)

# Built once: a shift runs these many times a second, and building one takes longer than a database of thousands answers it.
_ENGINES = (
    select(Slice.engine).where(Slice.due_at <= bindparam("now"), Slice.state.in_(bindparam("states", expanding=True))).distinct()
)


def _due(*, starts: bool) -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .join(Transcription, Slice.transcription_seq == Transcription.seq)
        .join(Recording, Transcription.recording_id == Recording.id)
        .where(
            Slice.due_at <= bindparam("now"),
            Slice.state.in_(_states(starts=starts)),
            Slice.engine == bindparam("engine"),
            Transcription.status == Status.PROCESSING,
        )
        .order_by(*((_TURN,) if starts else ()), Slice.due_at, Slice.id)
        .limit(bindparam("count"))
    )


_POLLS, _STARTS = _due(starts=False), _due(starts=True)


def engines(tools: Toolbox, *, starts: bool) -> list[str]:
    """Engines that seem to have something to poll, or to start. Commits."""
    found = db.session.scalars(_ENGINES, {"now": tools.clock.now(), "states": _states(starts=starts)}).all()
    db.session.commit()
    return list(found)


def due(tools: Toolbox, engine: str, limit: int, *, starts: bool, without: Collection[int] = ()) -> list[Taken]:
    """What wants attention of an engine, not taken yet: polls, the longest due first, or starts, the first slices of everybody
    before anybody's second. `without` are slices to leave alone. Commits."""
    now = tools.clock.now()
    asked = {"now": now, "engine": engine, "count": limit + len(without)}
    rows = db.session.execute(_STARTS if starts else _POLLS, asked | (_turns(now) if starts else {})).all()
    db.session.commit()
    return [_taken(row, now) for row in rows if row.id not in without][:limit]


def _turns(now: datetime) -> dict[str, datetime]:
    return {f"turn_{turns}": now - timedelta(seconds=TURN_SECONDS * turns) for turns in TURNS}


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
        endings=_endings(row),
        vocabulary=tuple(row.vocabulary),
        speaker_count=row.speaker_count,
        translate=bool(details.asked(row.details)),
    )


def _endings(row: Any) -> tuple[str, ...]:
    if row.storage_key:  # written for the engine, under its name
        return (row.storage_key.rpartition(".")[2],)
    return file_endings.of(row.container, row.codec, has_video=row.has_video)
