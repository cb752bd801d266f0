"""Background jobs in tests: begun, taken by workers that vanish, and looked at."""

from rq.job import Job as RqJob

from tests.fakes import FakeClock
from textor.extensions import db
from textor.job_queue import background, tickets
from textor.job_queue.background import Run
from textor.models import Job, User
from textor.toolbox import Toolbox


def begun(tools: Toolbox, owner: User, kind: str = "summary") -> str:
    """The id of a job with its ticket in the queue."""
    job_id = background.begin(tools, kind, owner.id, {"n": 1}).id
    db.session.commit()
    background.hand_out(tools, job_id)
    return job_id


def running(tools: Toolbox, owner: User) -> Run:
    run = background.claim(tools, begun(tools, owner), 1)
    assert run
    return run


def row(job_id: str) -> Job:
    db.session.rollback()
    return db.session.get_one(Job, job_id, populate_existing=True)


def waiting(tools: Toolbox, queue: str = background.QUEUE) -> list[tuple[object, ...]]:
    """What the tickets in a queue say."""
    return [tuple(job.args) for job in tickets.queue(tools, queue).get_jobs()]


def take_a_ticket(tools: Toolbox) -> None:
    """As a worker does that is killed before it looks at the row: RQ still knows the ticket."""
    (ticket_id,) = tickets.waiting(tools, background.QUEUE)
    tickets.queue(tools, background.QUEUE).remove(ticket_id)
    assert RqJob.exists(ticket_id, connection=tools.redis)


def late(tools: Toolbox, clock: FakeClock) -> None:
    clock.advance(tools.settings.lease_seconds + 1)


def lose(tools: Toolbox, clock: FakeClock, job_id: str) -> None:
    """A worker begins and is never heard of again."""
    assert background.claim(tools, job_id, row(job_id).run_token)
    late(tools, clock)
