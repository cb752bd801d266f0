"""Who is at work, as Redis tells it."""

from datetime import UTC, datetime

import pytest
from apiflask import APIFlask
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from textor.job_queue import presence, tickets
from textor.toolbox import Toolbox


@pytest.fixture
def worker(app: APIFlask, tools: Toolbox) -> Worker:
    """A worker of the exports, as it stands in Redis."""
    queue = Queue("exports", connection=tools.redis, serializer=JSONSerializer, job_class=tickets.Ticket)
    found = Worker([queue], connection=tools.redis, serializer=JSONSerializer, job_class=tickets.Ticket)
    found.register_birth()  # type: ignore[no-untyped-call]  # RQ's own
    return found


def test_a_worker_is_listed_with_its_queue_and_its_birth(worker: Worker, tools: Toolbox) -> None:
    (found,) = presence.workers(tools)
    assert (found.queue, found.handler, found.subject, found.busy_since) == ("exports", None, None, None)
    assert found.since is not None
    assert abs((datetime.now(UTC) - found.since).total_seconds()) < 30


def test_what_it_works_on_is_told_by_the_tickets_handler_and_subject(worker: Worker, tools: Toolbox) -> None:
    tickets.enqueue(tools, "exports", "export", "the-job", ticket_id="a-ticket")
    ticket = tickets.Ticket.fetch("a-ticket", connection=tools.redis, serializer=JSONSerializer)
    worker.prepare_job_execution(ticket)
    (found,) = presence.workers(tools)
    assert (found.handler, found.subject) == ("export", "the-job")
    assert found.busy_since is not None


def test_a_ticket_without_a_subject_and_one_that_is_gone_are_no_fault(worker: Worker, tools: Toolbox) -> None:
    tickets.enqueue(tools, "exports", "shift", ticket_id="a-ticket")
    worker.prepare_job_execution(tickets.Ticket.fetch("a-ticket", connection=tools.redis, serializer=JSONSerializer))
    assert [(one.handler, one.subject) for one in presence.workers(tools)] == [("shift", None)]
    tools.redis.delete("rq:job:a-ticket")
    assert [(one.handler, one.subject) for one in presence.workers(tools)] == [(None, None)]


def test_a_worker_of_queues_that_are_not_ours_is_left_out(worker: Worker, tools: Toolbox) -> None:
    other = Worker([Queue("mail", connection=tools.redis)], connection=tools.redis)
    other.register_birth()  # type: ignore[no-untyped-call]  # RQ's own
    assert [one.queue for one in presence.workers(tools)] == ["exports"]
