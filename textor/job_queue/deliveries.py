"""Messages to other people's servers: noted in the transaction that makes them true, so none is lost, and none sent for what
never happened. Who sends them is features/webhooks."""

import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, Row, exists, insert, or_, select

from textor.domain import webhook_events
from textor.extensions import db
from textor.job_queue import tickets
from textor.models import Delivery, Recording, Transcription, User
from textor.models.deliveries import DeliveryState
from textor.toolbox import Toolbox

Ended = Row[*tuple[Any, ...]]

QUEUE, HANDLER = "webhooks", "send_webhooks"

_HAS_ADDRESS = exists().where(User.id == Transcription.user_id, User.webhook_url.is_not(None)).correlate(Transcription)
IS_WANTED: ColumnElement[bool] = or_(Transcription.webhook_url.is_not(None), _HAS_ADDRESS)
"""Whether somebody wants to know how a transcription ends."""

_ENDED = (
    Transcription.id,
    Transcription.user_id,
    Transcription.status,
    Transcription.engine,
    Transcription.model,
    Transcription.language,
    Transcription.requested_language,
    Transcription.error,
    Transcription.webhook_url,
    User.webhook_url.label("account_url"),
    Recording.title,
    Recording.seconds,
)


@dataclass(frozen=True, slots=True)
class Note:
    """One message to one address."""

    user_id: int
    event: str
    url: str
    data: dict[str, object]


def add(tools: Toolbox, notes: Sequence[Note]) -> list[str]:
    """Note them, due now; the ids. In the caller's transaction: after it, `send_soon`."""
    now = tools.clock.now()
    rows = [
        {
            "id": str(uuid.uuid4()),
            "user_id": note.user_id,
            "event": note.event,
            "url": note.url,
            "payload": webhook_events.message(note.event, now, note.data),
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "lease": 0,
            "due_at": now,
            "created_at": now,
        }
        for note in notes
    ]
    if rows:
        db.session.execute(insert(Delivery), rows)
    return [str(row["id"]) for row in rows]


def add_ends(tools: Toolbox, seqs: Collection[int]) -> bool:
    """Note the ends of these transcriptions for those who want to know; True if there are any. In the caller's transaction, after
    it has written the ends. One that its owner has deleted is nobody's news."""
    statement = (
        select(*_ENDED)
        .join(User, User.id == Transcription.user_id)
        .join(Recording, Recording.id == Transcription.recording_id)
        .where(Transcription.seq.in_(seqs), Transcription.deleted_at.is_(None))
        .where(IS_WANTED)
    )
    rows = db.session.execute(statement).all()
    notes = [
        Note(row.user_id, webhook_events.of_end(row.status), url, _told(tools, row))
        for row in rows
        for url in addresses(row.webhook_url, row.account_url)
    ]
    return bool(add(tools, notes))


def addresses(*urls: str | None) -> list[str]:
    """Each address once."""
    return list(dict.fromkeys(url for url in urls if url))


def send_soon(tools: Toolbox) -> None:
    """Have somebody send what is due. A ticket that nobody has taken yet will do: whoever takes it looks at the rows."""
    with suppress(RedisError):
        if not tickets.waiting(tools, QUEUE):
            tickets.enqueue(tools, QUEUE, HANDLER)


def _told(tools: Toolbox, row: Ended) -> dict[str, object]:
    public = tools.settings.public_url.rstrip("/")
    return {
        "id": row.id,
        "status": webhook_events.end_word(row.status),
        "title": row.title,
        "language_code": row.language or row.requested_language,
        "audio_duration": row.seconds,
        "engine": row.engine,
        "model": row.model,
        "error": row.error,
        "url": f"{public}/api/transcribe/{row.id}/" if public else None,
    }
