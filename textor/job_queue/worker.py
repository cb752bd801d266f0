"""The worker: RQ's, with a row's heartbeat kept by the parent, and work handed back when it must stop.

One queue per process: with two, RQ pops with BLPOP, and a kill between pop and start loses the ticket.
"""

import logging
import os
import signal
from contextlib import suppress
from types import FrameType
from typing import Any

from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from textor import bootstrap
from textor.extensions import db
from textor.job_queue import reconciler, runs, shift, tickets
from textor.processes import end_with_parent

log = logging.getLogger(__name__)

# RQ waits worker_ttl - 15 s for a ticket; between waits it does maintenance, ours too
WORKER_TTL_SECONDS = 17


def run(app: Flask, queue_name: str) -> None:
    """Work on one queue until SIGTERM or SIGINT. Returns after a clean stop."""
    with app.app_context():
        tools = bootstrap.tools()
        connection = Redis.from_url(tools.settings.redis_url)  # RQ changes its time-outs: not the toolbox's own
        options: dict[str, Any] = {"connection": connection, "serializer": JSONSerializer, "job_class": tickets.Ticket}
        worker = TextorWorker(
            [Queue(queue_name, **options)],
            **options,
            worker_ttl=WORKER_TTL_SECONDS,
            maintenance_interval=max(1, tools.settings.lease_seconds // 3),
            job_monitoring_interval=max(1, tools.settings.lease_seconds // 5),
            log_job_description=False,
        )
        worker.log_result_lifespan = False
        worker.work(logging_level="WARNING")


def alive(connection: Redis) -> dict[str, int]:
    """How many workers each queue has now."""
    counts = dict.fromkeys(tickets.QUEUES, 0)
    for worker in Worker.all(connection=connection, job_class=tickets.Ticket, serializer=JSONSerializer):
        for name in worker.queue_names():
            counts[name] = counts.get(name, 0) + 1
    return counts


class TextorWorker(Worker):
    """Forks a work-horse per ticket. The parent beats for it, since a decoder may hold the GIL for seconds."""

    _must_stop = False

    def run_maintenance_tasks(self) -> None:
        super().run_maintenance_tasks()
        reconciler.reconcile_if_due(bootstrap.tools())

    def maintain_heartbeats(self, job: Job) -> None:
        """Every few seconds while the horse runs: keep the row's lease, or end a horse that has lost it (a cancel, a reclaim)."""
        with suppress(RedisError):
            super().maintain_heartbeats(job)
        run = _run_of(job)
        if run and not _is_kept(*run):
            log.info("transcription %s is no longer ours: ending its work-horse", run[0])
            self.kill_horse()

    def request_stop(self, signum: Any, frame: FrameType | None) -> None:
        """SIGTERM: no new ticket, and the work in hand goes back to the queue at once, so that a deploy waits for nothing."""
        self._must_stop = True
        super().request_stop(signum, frame)
        self._end_horse()

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """A stop that came between the ticket and the fork found no horse to end."""
        super().fork_work_horse(job, queue)
        if self._must_stop:
            self._end_horse()

    def _end_horse(self) -> None:
        """A shift puts down what it has in hand first, in bounded time; everything else is handed back as it is."""
        if self.horse_pid and shift.QUEUE in self.queue_names():
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
        elif self.horse_pid:
            self.kill_horse()

    def execute_job(self, job: Job, queue: Queue) -> None:
        super().execute_job(job, queue)
        run = _run_of(job)
        if self._must_stop and run and runs.hand_back(bootstrap.tools(), *run):
            log.info("transcription %s was handed back", run[0])

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """In the child: connections of the parent are not ours, and we don't outlive it."""
        end_with_parent(self.pid or 0, signal.SIGKILL)
        db.engine.dispose(close=False)
        super().main_work_horse(job, queue)


def _is_kept(transcription_id: str, token: int) -> bool:
    """Whether the run still has its claim; while the database is away it is taken to have it, since its writes are fenced."""
    try:
        return runs.heartbeat(bootstrap.tools(), transcription_id, token)
    except SQLAlchemyError:
        db.session.rollback()
        log.warning("the database is away: no heartbeat for %s", transcription_id, exc_info=True)
        return True


def _run_of(job: Job) -> tuple[str, int] | None:
    """(transcription id, token) where the ticket runs a transcription on this machine."""
    name, *rest = job.args or ("",)
    return (str(rest[0]), int(rest[1])) if name == "transcribe" and len(rest) == 2 else None
