"""RQ carries tickets: a handler's name and its arguments, as JSON. A lost or doubled ticket harms nothing; rows tell."""

import logging
from typing import Any

from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from textor.errors import NotAllowed
from textor.job_queue.claims import Claim
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

QUEUES = ("speech", "remote", "shift", "text", "exports", "downloads", "webhooks")
"""Separate, so that none starves another: engines on this machine's CPU, recordings made ready for providers, the calls to
providers, text models, large files, models being fetched, messages to other people's servers."""

ENTRY_POINT = "textor.jobs.run"
LONGEST_JOB_SECONDS = 24 * 3600
KEPT_SECONDS = 60  # never 0: a flush during a job with 0 ends the worker (RQ 2.12)


class Ticket(Job):
    """A job that can call one function only: RQ itself would import and run whatever name stands in Redis."""

    def perform(self) -> Any:
        if self.func_name != ENTRY_POINT:
            raise NotAllowed("This ticket names a function that Textor does not run.")
        return super().perform()

    # Callbacks are names in Redis too, and Textor uses none.
    @property
    def success_callback(self) -> None:
        return None

    failure_callback = stopped_callback = success_callback


def queue(tools: Toolbox, name: str) -> Queue:
    """RQ's queue of that name."""
    return Queue(name, connection=tools.redis, serializer=JSONSerializer, job_class=Ticket)


def enqueue(tools: Toolbox, queue_name: str, handler: str, *args: Any, ticket_id: str | None = None) -> bool:
    """Hand out a ticket; False where Redis is away (the row waits for the reconciler). A ticket id still known is not doubled."""
    try:
        queue(tools, queue_name).enqueue(
            ENTRY_POINT,
            handler,
            *args,
            job_id=ticket_id,
            unique=ticket_id is not None,
            result_ttl=KEPT_SECONDS,
            failure_ttl=KEPT_SECONDS,
            job_timeout=LONGEST_JOB_SECONDS,
        )
    except DuplicateJobError:
        log.debug("ticket %s is out already", ticket_id)
    except RedisError:
        log.warning("redis is away: no ticket for %s", handler)
        return False
    return True


def hand_out(tools: Toolbox, claim: Claim) -> bool:
    """The ticket of a claim; False where Redis is away."""
    return enqueue(tools, queue_for(tools, claim.engine), "transcribe", claim.id, claim.token, ticket_id=claim.ticket_id)


def waiting(tools: Toolbox, queue_name: str) -> list[str]:
    """The ids of all tickets nobody has taken yet. Short: a user has one transcription at most in a queue."""
    return queue(tools, queue_name).get_job_ids()


def queue_for(tools: Toolbox, engine_name: str) -> str:
    """The queue of an engine's work; an engine that is gone fails on any."""
    engine = tools.engines.get(engine_name)
    return "remote" if engine and not engine.can().runs_locally else "speech"
