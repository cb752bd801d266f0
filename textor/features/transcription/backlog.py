"""What waits and what works, over the whole instance."""

from collections.abc import Mapping
from dataclasses import dataclass

from redis.exceptions import RedisError
from sqlalchemy import func, select

from textor.errors import Unavailable
from textor.extensions import db
from textor.job_queue import tickets, worker
from textor.models import Transcription
from textor.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Backlog:
    """`transcriptions` by status; `tickets` (not yet taken) and `workers` by queue."""

    transcriptions: Mapping[str, int]
    tickets: Mapping[str, int]
    workers: Mapping[str, int]


def look(tools: Toolbox) -> Backlog:
    """How things stand now. Raises Unavailable without Redis."""
    rows = db.session.execute(
        select(Transcription.status, func.count()).where(Transcription.deleted_at.is_(None)).group_by(Transcription.status)
    ).all()
    try:
        waiting = {name: len(tickets.waiting(tools, name)) for name in tickets.QUEUES}
        return Backlog({row[0]: row[1] for row in rows}, waiting, worker.alive(tools.redis))
    except RedisError:
        raise Unavailable("Redis does not answer: nothing moves until it does. Is Textor running?") from None
