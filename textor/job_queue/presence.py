"""Who is at work and what lies in the queues, as Redis tells it. For whoever looks on: nothing is decided by it. Everything here
raises RedisError."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rq import Worker
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

from textor.job_queue import clocks, tickets
from textor.job_queue.shift import ALIVE_KEY
from textor.job_queue.tickets import Ticket
from textor.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class AtWork:
    """A worker process: of which queue, since when, and what it does now (a handler's name and what it is about) since when."""

    queue: str
    since: datetime | None
    handler: str | None = None
    subject: str | None = None
    busy_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Depth:
    """Tickets of a queue that nobody has taken, and since when the first of them lies there."""

    queue: str
    tickets: int
    oldest_at: datetime | None


def workers(tools: Toolbox) -> list[AtWork]:
    """All that are alive, queue by queue. One that was killed is still listed for a minute."""
    found = Worker.all(connection=tools.redis, job_class=Ticket, serializer=JSONSerializer)
    at_work = [one for worker in found for one in _at_work(tools, worker)]
    return sorted(at_work, key=lambda one: (tickets.QUEUES.index(one.queue), str(one.since)))


def depths(tools: Toolbox) -> list[Depth]:
    """Each queue."""
    return [_depth(tools, name) for name in tickets.QUEUES]


def shifts(tools: Toolbox) -> int:
    """How many shifts are at work."""
    return int(str(tools.redis.zcount(ALIVE_KEY, clocks.seconds(tools), "+inf")))


def _at_work(tools: Toolbox, worker: BaseWorker) -> Iterator[AtWork]:
    ticket = _ticket(tools, worker.get_current_job_id())
    handler, subject = [*(ticket.args or () if ticket else ()), None, None][:2]
    busy_since = _aware(ticket.started_at) if ticket else None
    for queue in worker.queue_names():
        if queue in tickets.QUEUES:
            yield AtWork(queue, _aware(worker.birth_date), handler, subject, busy_since)


def _depth(tools: Toolbox, name: str) -> Depth:
    queue = tickets.queue(tools, name)
    first = queue.get_job_ids(0, 1)
    ticket = _ticket(tools, first[0]) if first else None
    return Depth(name, queue.count, _aware(ticket.enqueued_at) if ticket else None)


def _ticket(tools: Toolbox, ticket_id: Any) -> Job | None:
    """None, too, where it is done or flushed by now."""
    try:
        return Ticket.fetch(ticket_id, connection=tools.redis, serializer=JSONSerializer) if ticket_id else None
    except NoSuchJobError:
        return None


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
