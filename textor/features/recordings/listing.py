"""A caller's transcriptions as programs list them: in pages, or from a place on. As many statements for ten as for 100,000."""

import base64
import binascii
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select

from textor.domain import status_words
from textor.errors import InvalidInput, NotFound
from textor.extensions import db
from textor.models import Transcription

COLUMNS = (
    Transcription.seq,
    Transcription.id,
    Transcription.status,
    Transcription.text,
    Transcription.language,
    Transcription.requested_language,
    Transcription.created_at,
    Transcription.finished_at,
    Transcription.error,
)
LONGEST_CURSOR = 40


@dataclass(frozen=True, slots=True)
class Item:
    """What a list tells of one."""

    seq: int
    id: str
    status: str
    text: str | None
    language: str | None
    requested_language: str | None
    created_at: datetime
    finished_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose, and which. `status` is a word of programs, "" any; `most` bounds how many of the newest there are at all."""

    user_id: int
    status: str = ""
    size: int = 10
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page, newest first. `count` is of all pages; None where it isn't known (a list by cursor)."""

    items: Sequence[Item]
    number: int = 1
    pages: int = 1
    count: int | None = None
    cursor: str | None = None
    """Where the next page of a list by cursor begins; None: there is none."""


def page(wanted: Wanted, number: int) -> Page:
    """The page of that number, from 1. Raises NotFound past the end."""
    chosen = select(Transcription.seq).where(*_chosen(wanted))
    counted = chosen.limit(wanted.most) if wanted.most is not None else chosen
    count = db.session.scalar(select(func.count()).select_from(counted.subquery())) or 0
    pages = max(1, math.ceil(count / wanted.size))
    if number > pages:
        raise NotFound("There is only one page." if pages == 1 else f"There are {pages} pages.")
    first = (number - 1) * wanted.size
    items = _items(wanted, [], min(wanted.size, count - first), first)
    return Page(items, number, pages, count)


def after(wanted: Wanted, cursor: str) -> Page:
    """The page that begins where `cursor` says; "" is the first. Takes as long at any depth. Raises InvalidInput: also
    for any cursor of those who see the newest only, and are told none."""
    if cursor and wanted.most is not None:
        raise _no_cursor()
    older = [Transcription.seq < _place(cursor)] if cursor else []
    size = wanted.size if wanted.most is None else min(wanted.size, wanted.most)
    items = _items(wanted, older, size + 1, 0)
    is_more = len(items) > size and wanted.most is None
    shown = items[:size]
    return Page(shown, cursor=_written(shown[-1].seq) if is_more else None)


def _chosen(wanted: Wanted) -> list[ColumnElement[bool]]:
    chosen = [Transcription.user_id == wanted.user_id, Transcription.deleted_at.is_(None)]
    if wanted.status:
        chosen.append(Transcription.status.in_(status_words.OF_TRANSCRIPT[wanted.status]))
    return chosen


def _items(wanted: Wanted, more: Sequence[ColumnElement[bool]], limit: int, offset: int) -> list[Item]:
    statement = select(*COLUMNS).where(*_chosen(wanted), *more).order_by(Transcription.seq.desc())
    rows = db.session.execute(statement.limit(max(0, limit)).offset(offset)).all()
    return [Item(*row) for row in rows]


def _written(seq: int) -> str:
    return base64.urlsafe_b64encode(str(seq).encode()).decode().rstrip("=")


def _place(cursor: str) -> int:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        text = base64.urlsafe_b64decode(padded.encode("ascii")).decode("ascii")
    except (ValueError, binascii.Error):
        text = ""
    if len(cursor) > LONGEST_CURSOR or not text.isdecimal() or int(text) >= 2**63:
        raise _no_cursor()
    return int(text)


def _no_cursor() -> InvalidInput:
    return InvalidInput("This cursor is none of ours. Begin without one.", field="cursor")


@dataclass(frozen=True, slots=True)
class JobState:
    """How a job stands, for those who poll."""

    id: str
    status: str
    progress: float
    message: str | None
    error: str | None
    updated_at: datetime


def jobs(user_id: int, limit: int) -> list[JobState]:
    """One's own, newest first."""
    mine = (Transcription.user_id == user_id, Transcription.deleted_at.is_(None))
    rows = db.session.execute(_job_columns().where(*mine).order_by(Transcription.seq.desc()).limit(limit))
    return [JobState(*row) for row in rows]


def job(user_id: int, transcription_id: str) -> JobState | None:
    """One's own job; None for an unknown and for somebody else's alike."""
    mine = (Transcription.id == transcription_id, Transcription.user_id == user_id, Transcription.deleted_at.is_(None))
    row = db.session.execute(_job_columns().where(*mine)).first()
    return JobState(*row) if row else None


def _job_columns() -> Select[str, str, float, str | None, str | None, datetime]:
    return select(
        Transcription.id,
        Transcription.status,
        Transcription.progress,
        Transcription.message,
        Transcription.error,
        Transcription.updated_at,
    )
