"""Transcripts of recorded calls: one for each recording and engine, whoever asks and however many at once.

    begun = transcripts.begin(tools, user_id, transcripts.source(tools, user_id, sid, audio_url), Chosen("whisper"))
    outcome = transcripts.outcome(begun.id)       # again and again, until it `is_over`

A recording of the instance's Twilio account is transcribed once for all who may see calls; one that somebody named by its address
is theirs alone. What has failed is begun anew by whoever asks next.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from textor.adapters import address_guard
from textor.domain import calls
from textor.domain.job_states import DONE, OPEN
from textor.errors import InvalidInput, NotFound
from textor.extensions import db
from textor.features.calls import access
from textor.features.transcription import engines
from textor.features.transcription.naming import Chosen
from textor.job_queue import background
from textor.models import CallTranscript, Job, Transcription
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

KIND = "call"
NEITHER = "Either recording_sid or audio_url is required"
FETCH, HEAR = "fetch", "hear"
"""Where something has gone wrong: before the sound was here, or when it should be heard."""
FAILED_AT = "failed_at"
GONE = "The transcript was deleted."
STOPPED = "It was stopped."


@dataclass(frozen=True, slots=True)
class Source:
    """A recording: of the Twilio account, by its sid, or one that lies at an address."""

    sid: str | None = None
    audio_url: str | None = None

    def key(self, user_id: int) -> str:
        """What tells it from all others."""
        if self.sid:
            return f"sid:{self.sid}"
        return f"url:{user_id}:{hashlib.sha256((self.audio_url or '').encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Begun:
    """The number of a transcript, and whether it was begun by this very request."""

    id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it stands. `text` where it is done, `error` and where it broke off (`failed_at`) where it has failed.
    `transcription_id` is there once the sound is, for its owner."""

    source: str
    sid: str | None
    audio_url: str | None
    details: Mapping[str, Any]
    text: str | None
    error: str | None
    failed_at: str | None
    transcription_id: str | None
    user_id: int
    begun_at: datetime
    job_id: str | None

    @property
    def is_over(self) -> bool:
        return self.text is not None or self.error is not None


def source(tools: Toolbox, user_id: int, sid: str | None, audio_url: str | None) -> Source:
    """What is meant. An address of Twilio's is the recording that it names. Raises InvalidInput, AddressRefused, NotAllowed,
    Unavailable."""
    named = sid or (tools.calls.sid_of(audio_url) if tools.calls and audio_url else None)
    if named:
        access.check(tools, user_id)
        if not calls.is_sid(named):
            raise InvalidInput("recording_sid must be RE and 32 hexadecimal digits.", field="recording_sid")
        return Source(sid=named)
    if not audio_url:
        raise InvalidInput(NEITHER)
    address_guard.parsed(audio_url, private=tools.settings.allow_private_addresses)
    return Source(audio_url=audio_url)


def begin(tools: Toolbox, user_id: int, wanted: Source, chosen: Chosen) -> Begun:
    """Have it transcribed, unless that was done or is under way. Commits."""
    engine = engines.public_name(chosen.engine, chosen.model)
    row = _row(tools, user_id, wanted, engine)
    if _is_fresh(row):
        return Begun(row.id, is_new=False)
    row_id, seen = row.id, row.updated_at
    job = background.begin(tools, KIND, user_id, {"call": row.id, "engine": chosen.engine, "model": chosen.model or ""})
    values = {"job_id": job.id, "user_id": user_id, "transcription_seq": None, "error": None, "updated_at": tools.clock.now()}
    same = (
        CallTranscript.id == row.id,
        CallTranscript.updated_at == seen,
        CallTranscript.job_id.is_not_distinct_from(row.job_id),
    )
    result: Any = db.session.execute(update(CallTranscript).where(*same).values(values))
    if result.rowcount != 1:  # somebody else has just begun it
        db.session.rollback()
        return Begun(row_id, is_new=False)
    job_id = job.id
    db.session.commit()
    background.hand_out(tools, job_id)
    return Begun(row_id, is_new=True)


def find(row_id: int) -> CallTranscript:
    """As it is now."""
    return db.session.get_one(CallTranscript, row_id, populate_existing=True)


def of_job(tools: Toolbox, user_id: int, job_id: str) -> Outcome:
    """What has come of a request, by the number it was told. Raises NotFound, NotAllowed."""
    row = db.session.scalars(select(CallTranscript).where(CallTranscript.job_id == job_id)).first()
    if row is None or (row.sid is None and row.user_id != user_id):
        raise NotFound("There is no such transcript.")
    if row.sid:
        access.check(tools, user_id)
    return outcome(row.id)


def outcome(row_id: int) -> Outcome:
    """How it stands, in one statement."""
    columns = (Transcription.id, Transcription.status, Transcription.text, Transcription.error, Transcription.deleted_at)
    statement = (
        select(CallTranscript, *columns, Job.state.label("job_state"), Job.error.label("job_error"))
        .outerjoin(Transcription, Transcription.seq == CallTranscript.transcription_seq)
        .outerjoin(Job, Job.id == CallTranscript.job_id)
        .where(CallTranscript.id == row_id)
        .execution_options(populate_existing=True)
    )
    found = db.session.execute(statement).one()
    row, error, failed_at = found.CallTranscript, *fault(found)
    return Outcome(
        source=row.source,
        sid=row.sid,
        audio_url=row.audio_url,
        details={name: value for name, value in row.details.items() if name != FAILED_AT},
        text=(found.text or "") if found.status in DONE and error is None else None,
        error=error,
        failed_at=failed_at if error else None,
        transcription_id=None if found.deleted_at else found.id,
        user_id=row.user_id,
        begun_at=row.updated_at,
        job_id=row.job_id,
    )


def fault(found: Any) -> tuple[str | None, str]:
    """What has gone wrong, if anything, and where: of a row with its Transcription's `id`, `status`, `error` and `deleted_at`,
    and its Job's `job_state` and `job_error`."""
    if found.id is None:
        is_over = found.job_state in {JobState.FAILED, JobState.CANCELLED}
        error = found.CallTranscript.error or ((found.job_error or background.SORRY) if is_over else None)
        return error, found.CallTranscript.details.get(FAILED_AT, FETCH)
    if found.deleted_at is not None:
        return GONE, HEAR
    return (None if found.status in DONE or found.status in OPEN else found.error or STOPPED), HEAR


def _row(tools: Toolbox, user_id: int, wanted: Source, engine: str) -> CallTranscript:
    """The one row of this recording and engine, new or known."""
    key, now = wanted.key(user_id), tools.clock.now()
    same = select(CallTranscript).where(CallTranscript.source == key, CallTranscript.engine == engine)
    if row := db.session.scalars(same.execution_options(populate_existing=True)).first():
        return row
    row = CallTranscript(source=key, engine=engine, user_id=user_id, sid=wanted.sid, audio_url=wanted.audio_url, details={})
    row.created_at = row.updated_at = now
    try:
        db.session.add(row)
        db.session.commit()
    except IntegrityError:  # somebody else asked at the same time
        db.session.rollback()
        return db.session.scalars(same).one()
    return row


def _is_fresh(row: CallTranscript) -> bool:
    """Whether there is something to wait for, or to read."""
    if row.transcription_seq is not None:
        status = db.session.scalar(
            select(Transcription.status).where(Transcription.seq == row.transcription_seq, Transcription.deleted_at.is_(None))
        )
        return status in DONE or status in OPEN
    state = db.session.scalar(select(Job.state).where(Job.id == row.job_id)) if row.job_id else None
    return state in background.OPEN and row.error is None
