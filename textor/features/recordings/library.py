"""A user's transcriptions: finding, reading, renaming, deleting. Everything is asked for by its owner."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, update

from textor.domain import timecode, titles
from textor.domain.job_states import ACTIVE, DONE, OPEN, Status
from textor.domain.transcript import Document, Gap, Segment, Word
from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.recordings import filtering, search_index
from textor.features.recordings.filtering import GROUPS, Filters
from textor.job_queue import claims, lanes, slices
from textor.models import Recording, SegmentRow, Speaker, Transcription
from textor.toolbox import Toolbox

STOPPED_BY_DELETING = "Stopped because it was deleted"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first; `first` and `last` are the places of its rows, from 1."""

    rows: Sequence[Transcription]
    number: int
    pages: int
    total: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are of each filter word; `running` and `waiting` split the active ones."""

    all: int
    active: int
    done: int
    failed: int
    cancelled: int
    running: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Takeover:
    """The engine `after` went on for `before`, for that reason."""

    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class StoredAudio:
    """Where a recording's bytes are."""

    storage_key: str
    size_bytes: int
    media_type: str
    filename: str
    sha256: str


def page(user_id: int, filters: Filters, number: int = 1, per_page: int = 12) -> Page:
    """The page nearest to `number` that exists."""
    total = db.session.scalar(filtering.matching(select(func.count()), user_id, filters)) or 0
    pages = max(1, math.ceil(total / per_page))
    number = min(max(1, number), pages)
    rows = db.session.scalars(
        filtering.matching(select(Transcription), user_id, filters)
        .order_by(Transcription.seq.desc())
        .limit(per_page)
        .offset((number - 1) * per_page)
    ).all()
    first = (number - 1) * per_page + 1 if rows else 0
    return Page(rows, number, pages, total, first, first + len(rows) - 1 if rows else 0)


def counts(user_id: int, filters: Filters) -> Counts:
    """Of everything that fits the filters but for the status, in one statement."""
    columns = {name: _count_of(states) for name, states in GROUPS.items()}
    columns["running"] = _count_of(ACTIVE)
    columns["waiting"] = _count_of({Status.PENDING})
    labelled = select(*(column.label(name) for name, column in columns.items()))
    row = db.session.execute(filtering.matching(labelled, user_id, replace(filters, status="all"))).one()
    return Counts(**{name: int(value or 0) for name, value in row._mapping.items()})


def fingerprint(user_id: int) -> str:
    """Changes whenever something that a list of this user's shows changes."""
    visible = (Transcription.user_id == user_id, Transcription.deleted_at.is_(None))
    row = db.session.execute(
        select(func.count(), func.max(Transcription.updated_at), func.max(Transcription.seq)).where(*visible)
    ).one()
    return hashlib.sha256(repr(tuple(row)).encode()).hexdigest()[:32]


def positions(user_id: int) -> dict[str, int]:
    """The place of each waiting transcription in the user's lane: 1 starts next."""
    ids = db.session.scalars(
        select(Transcription.id)
        .where(Transcription.user_id == user_id, Transcription.status == Status.PENDING)
        .order_by(Transcription.priority.desc(), Transcription.seq)
    ).all()
    return {transcription_id: place for place, transcription_id in enumerate(ids, 1)}


def find(user_id: int, transcription_id: str) -> Transcription:
    """One's own transcription. Raises NotFound for an unknown, a deleted or somebody else's one alike."""
    row = db.session.scalars(
        select(Transcription).where(
            Transcription.id == transcription_id, Transcription.user_id == user_id, Transcription.deleted_at.is_(None)
        )
    ).first()
    if row is None:
        raise NotFound("There is no such transcript.")
    return row


def segments(transcription: Transcription) -> list[Segment]:
    """What was said, in order; speakers by the names people gave them."""
    rows = db.session.execute(
        select(SegmentRow, func.coalesce(Speaker.name, Speaker.label))
        .outerjoin(Speaker, SegmentRow.speaker_id == Speaker.id)
        .where(SegmentRow.transcription_seq == transcription.seq)
        .order_by(SegmentRow.n)
    ).all()
    return [_segment(row, speaker) for row, speaker in rows]


def gaps(transcription: Transcription) -> list[Gap]:
    """What could not be transcribed, in order; while it is tried again, too."""
    told: Any = transcription.details.get("gaps") or []
    found = [Gap(one["start"], one["end"], one["error"] or "", one["channel"]) for one in told]
    return sorted(found, key=lambda gap: (gap.start, gap.end, gap.channel or 0))


def takeovers(transcription: Transcription) -> list[Takeover]:
    """Which engine went on for which, in order (FAILOVER_ENGINES)."""
    told: Any = transcription.details.get("failover") or []
    return [Takeover(one["from"], one["to"], one["reason"]) for one in told]


def document(transcription: Transcription) -> Document:
    """The finished transcript for an export. Raises WrongState while there is nothing to read."""
    if transcription.status not in DONE:
        raise WrongState("This transcription isn't finished yet.")
    recording = transcription.recording
    switched = [f"{one.after} took over from {one.before}: {one.reason}" for one in takeovers(transcription)]
    return Document(
        title=recording.title,
        segments=segments(transcription),
        language=transcription.language or transcription.requested_language,
        seconds=recording.seconds,
        created_at=timecode.utc(transcription.created_at),
        engine=transcription.engine,
        model=transcription.model,
        confidence=transcription.confidence,
        warnings=(*recording.warnings, *switched),
        gaps=gaps(transcription),
    )


def audio(user_id: int, transcription_id: str) -> StoredAudio:
    """The recording behind a transcription. Raises NotFound."""
    recording = find(user_id, transcription_id).recording
    return StoredAudio(recording.storage_key, recording.size_bytes, recording.media_type, recording.filename, recording.sha256)


def rename(tools: Toolbox, user_id: int, transcription_id: str, title: str) -> None:
    """Give the recording another title. Raises NotFound, InvalidInput."""
    row = find(user_id, transcription_id)
    title = titles.clean(title)
    if not title:
        raise InvalidInput("A title needs at least one letter.", field="title")
    row.updated_at = tools.clock.now()
    seqs = select(Transcription.seq).where(Transcription.recording_id == row.recording_id)
    db.session.scalars(seqs.order_by(Transcription.seq).with_for_update()).all()  # before the recording, as everybody else
    row.recording.title = title
    db.session.flush()
    search_index.put(db.session.scalars(seqs).all())  # with one that has come meanwhile (comparing)
    db.session.commit()


def delete(tools: Toolbox, user_id: int, transcription_id: str) -> None:
    """Hide it at once, whatever state it is in; `undo_delete` brings it back until `purge` destroys it. Raises NotFound."""
    seq = find(user_id, transcription_id).seq
    if not lanes.cancel(tools, transcription_id, STOPPED_BY_DELETING, hide=True) and not _hide(tools, seq):
        delete(tools, user_id, transcription_id)  # somebody has tried it again at the same moment


def _hide(tools: Toolbox, seq: int) -> bool:
    """Hide one that is over; False if it is not any more."""
    now = tools.clock.now()
    over = update(Transcription).where(Transcription.seq == seq, Transcription.status.not_in(OPEN))
    hidden = claims.change(over.values(deleted_at=now, updated_at=now))
    db.session.commit()
    return hidden


def undo_delete(tools: Toolbox, user_id: int, transcription_id: str) -> Transcription:
    """Bring a deleted transcription back; one that deleting stopped waits its turn again. NotFound when it is gone for good."""
    row = db.session.scalars(
        select(Transcription).where(
            Transcription.id == transcription_id, Transcription.user_id == user_id, Transcription.deleted_at.is_not(None)
        )
    ).first()
    if row is None:
        raise NotFound("This transcript is gone for good.")
    row.deleted_at = None
    row.updated_at = tools.clock.now()
    db.session.commit()
    if row.status == Status.CANCELLED and row.error == STOPPED_BY_DELETING:
        lanes.requeue(tools, transcription_id)
    return row


def purge(tools: Toolbox) -> int:
    """Destroy what was deleted longer ago than anyone can undo: rows, text and sound. Returns how many."""
    deadline = tools.clock.now() - timedelta(seconds=tools.settings.undo_seconds)
    ids = db.session.scalars(select(Transcription.id).where(Transcription.deleted_at < deadline).limit(500)).all()
    return sum(destroy(tools, transcription_id, deadline) for transcription_id in ids)


def destroy(tools: Toolbox, transcription_id: str, deadline: object) -> bool:
    """Destroy one that was deleted before `deadline`. False: there is none."""
    expired = (Transcription.id == transcription_id, Transcription.deleted_at < deadline)
    # A write that changes nothing: it holds the row on every database, SQLite knows no FOR UPDATE.
    db.session.execute(update(Transcription).where(*expired).values(deleted_at=Transcription.deleted_at))
    row = db.session.scalars(select(Transcription).where(*expired)).first()
    if row is None:
        db.session.rollback()
        return False
    recording, storage_key = row.recording, row.recording.storage_key
    # The same for the sound: of two that go at once, or of one that goes and one that comes (comparing), one is the last to look.
    db.session.execute(update(Recording).where(Recording.id == recording.id).values(title=Recording.title))
    keys = slices.drop(tools, row.seq)
    db.session.delete(row)
    db.session.flush()
    is_last = not db.session.scalar(select(func.count()).where(Transcription.recording_id == recording.id))
    if is_last:
        db.session.delete(recording)
    db.session.commit()
    for key in [*keys, *([storage_key] if is_last else [])]:
        tools.storage.delete(key)
    return True


def _count_of(states: Iterable[Status]) -> ColumnElement[int]:
    return func.sum(case((Transcription.status.in_(states), 1), else_=0))


def _segment(row: SegmentRow, speaker: str | None) -> Segment:
    words = tuple(Word(text, start, end, confidence) for text, start, end, confidence in row.words)
    return Segment(row.start, row.end, row.text, words, row.confidence, speaker, row.speaker_confidence)
