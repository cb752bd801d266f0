"""The worker: RQ's, with a row's heartbeat kept by the parent, and work handed back when it must stop.

One queue per process: with two, RQ pops with BLPOP, and a kill between pop and start loses the ticket.
"""

import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import FrameType, ModuleType
from typing import Any

from flask import Flask
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, SpawnWorker, Worker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from textor import bootstrap
from textor.extensions import db
from textor.job_queue import background, clocks, reconciler, runs, shift, tickets
from textor.processes import end_with_parent
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

# RQ waits worker_ttl - 15 s for a ticket; between waits it does maintenance, ours too
WORKER_TTL_SECONDS = 17
LONGEST_TEXT_BEAT_SECONDS = 2

PROGRAM = Path(__file__).resolve().parents[2] / "worker.py"


def run(app: Flask, queue_name: str, kind: type[Worker] | None = None) -> None:
    """Work on one queue until SIGTERM or SIGINT. Returns after a clean stop. `kind` None: a worker that forks."""
    with app.app_context():
        tools = bootstrap.tools()
        options = _options(tools)
        worker = (kind or TextorWorker)(
            [Queue(queue_name, **options)],
            **options,
            worker_ttl=WORKER_TTL_SECONDS,
            maintenance_interval=max(1, tools.settings.lease_seconds // 3),
            job_monitoring_interval=_beat_seconds(tools, queue_name),
            log_job_description=False,
        )
        worker.log_result_lifespan = False
        worker.work(logging_level="WARNING")


def run_horse(app: Flask, worker_key: str, job_id: str, queue_name: str, execution_id: str) -> None:
    """The work-horse of a worker that can't fork: a process that does one ticket and ends."""
    with app.app_context():
        options = _options(bootstrap.tools())
        connection = options["connection"]
        worker = SpawningWorker.find_by_key(worker_key, **options)
        if worker is None:
            raise SystemExit("The worker of this ticket is gone.")
        job = tickets.Ticket.fetch(job_id, connection=connection, serializer=JSONSerializer)
        worker.execution = Execution.fetch(execution_id, job_id, connection=connection)
        os.setpgrp()
        worker.main_work_horse(job, Queue(queue_name, **options))


def _beat_seconds(tools: Toolbox, queue_name: str) -> int:
    """How often a worker looks after its horse. A text model that was stopped, or drained for long enough, ends soon."""
    seconds = max(1, tools.settings.lease_seconds // 5)
    return min(seconds, LONGEST_TEXT_BEAT_SECONDS) if queue_name == background.QUEUE else seconds


def _options(tools: Toolbox) -> dict[str, Any]:
    connection = Redis.from_url(tools.settings.redis_url)  # RQ changes its time-outs: not the toolbox's own
    return {"connection": connection, "serializer": JSONSerializer, "job_class": tickets.Ticket}


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
    _end_at = 0.0
    """On time.monotonic: until then a text model may go on with its answer, though this worker must stop."""

    def run_maintenance_tasks(self) -> None:
        super().run_maintenance_tasks()
        reconciler.reconcile_if_due(bootstrap.tools())

    def maintain_heartbeats(self, job: Job) -> None:
        """Every few seconds while the horse runs: keep the row's lease, or end a horse that has lost it (a cancel, a reclaim)."""
        with suppress(RedisError):
            super().maintain_heartbeats(job)
        run = _run_of(job)
        if run and not _is_kept(*run):
            log.info("%s is no longer ours: ending its work-horse", run[1])
            self.kill_horse()
        elif self._must_stop and monotonic() >= self._end_at and background.QUEUE in self.queue_names():
            self.kill_horse()

    def set_current_job_working_time(self, current_job_working_time: float, pipeline: Pipeline | None = None) -> None:
        """RQ notes every few seconds how long the horse has worked. While Redis is away it is not noted: the worker would end,
        and with it the horse, in the middle of a call that is paid for."""
        with suppress(RedisError):
            super().set_current_job_working_time(current_job_working_time, pipeline)

    def request_stop(self, signum: Any, frame: FrameType | None) -> None:
        """SIGTERM: no new ticket, and the work in hand goes back to the queue, at once or after a call that is paid for."""
        self._must_stop, self._end_at = True, monotonic() + bootstrap.tools().settings.drain_seconds
        super().request_stop(signum, frame)
        self._end_horse()

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """A second SIGTERM is no impatience: some hosts tell every process, and the keeper tells it, too."""
        if signum == signal.SIGINT:
            super().request_force_stop(signum, frame)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """A stop that came between the ticket and the fork found no horse to end."""
        super().fork_work_horse(job, queue)
        if self._must_stop:
            self._end_horse()

    def setup_work_horse_signals(self) -> None:
        """A host that tells every process to stop would end the horse of a text model in the middle of its call."""
        super().setup_work_horse_signals()
        if background.QUEUE in self.queue_names():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def _end_horse(self) -> None:
        """A shift puts down what it has in hand first, in bounded time; a text model may end its answer meanwhile; everything
        else is handed back as it is."""
        if self.horse_pid and shift.QUEUE in self.queue_names():
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
        elif self.horse_pid and background.QUEUE not in self.queue_names():
            self.kill_horse()

    def execute_job(self, job: Job, queue: Queue) -> None:
        super().execute_job(job, queue)
        run = _run_of(job)
        if self._must_stop and run and run[0].hand_back(bootstrap.tools(), *run[1:]):
            log.info("%s was handed back", run[1])

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """In the child: connections of the parent are not ours, and we don't outlive it."""
        end_with_parent(self.pid or 0, signal.SIGKILL)
        db.engine.dispose(close=False)
        super().main_work_horse(job, queue)


class _Spawn(SpawnWorker):
    """RQ's worker for hosts without fork. Its own child knows neither the application nor that tickets run one function only."""

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        execution = self.execution.id if self.execution else ""
        command = [sys.executable, str(PROGRAM), "--horse", self.key, job.id, queue.name, execution]
        self._horse_pid = os.spawnv(os.P_NOWAIT, sys.executable, command)  # noqa: S606 - our own program


class SpawningWorker(TextorWorker, _Spawn):
    """Starts a process per ticket: slower by the time that imports take."""


def _is_kept(keeper: ModuleType, row_id: str, token: int) -> bool:
    """Whether the run still has its claim; while the database is away it is taken to have it, since its writes are fenced."""
    try:
        clocks.agree(bootstrap.tools())
        return bool(keeper.heartbeat(bootstrap.tools(), row_id, token))
    except SQLAlchemyError:
        db.session.rollback()
        log.warning("the database is away: no heartbeat for %s", row_id, exc_info=True)
        return True


def _run_of(job: Job) -> tuple[ModuleType, str, int] | None:
    """Who keeps the row of a run on this machine, its id and the run's token; None for a ticket without such a row."""
    name, *rest = job.args or ("",)
    keeper = {"transcribe": runs, **dict.fromkeys(background.KINDS, background)}.get(name)
    return (keeper, str(rest[0]), int(rest[1])) if keeper and len(rest) == 2 else None
