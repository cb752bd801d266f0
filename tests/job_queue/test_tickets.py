"""Tickets: one function, JSON only, no doubles."""

from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from textor.job_queue import tickets
from textor.toolbox import Toolbox


def work_off(tools: Toolbox, name: str) -> SimpleWorker:
    connection = Redis.from_url(tools.settings.redis_url)
    options: dict[str, Any] = {"connection": connection, "serializer": JSONSerializer, "job_class": tickets.Ticket}
    worker = SimpleWorker([Queue(name, **options)], **options)
    worker.work(burst=True, logging_level="CRITICAL")
    connection.close()
    return worker


def test_the_same_ticket_is_handed_out_once(app: APIFlask, tools: Toolbox) -> None:
    for _ in range(2):
        tickets.enqueue(tools, "speech", "transcribe", "x", 1, ticket_id="t-x-1")
    assert tickets.waiting(tools, "speech") == ["t-x-1"]


def test_no_redis_means_no_ticket_and_no_error(app: APIFlask, away: Toolbox) -> None:
    assert not tickets.enqueue(away, "speech", "transcribe", "x", 1)


@pytest.mark.parametrize("callback", [False, True])
def test_a_forged_job_runs_nothing(app: APIFlask, tools: Toolbox, tmp_path: Path, callback: bool) -> None:
    """Whoever can write to Redis could name any function; only Textor's entry point is called."""
    trace = tmp_path / "trace"
    plain = Queue("speech", connection=tools.redis, serializer=JSONSerializer)
    forged = plain.enqueue("os.mkdir", str(trace))
    if callback:
        forged = plain.enqueue(tickets.ENTRY_POINT, "no such handler")
        tools.redis.hset(forged.key, "failure_callback_name", "os.mkdir")
    work_off(tools, "speech")
    assert not trace.exists()


def test_every_queue_name_is_one_of_ours(tools: Toolbox) -> None:
    found = {tickets.queue_for(tools, name) for name in [*tools.engines, "gone"]}
    assert found <= set(tickets.QUEUES)
