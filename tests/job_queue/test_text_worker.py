"""The worker of the text queue: a stop lets its call come to an end, a cancel ends it, and a kill -9 loses nothing."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest
from apiflask import APIFlask
from rq import Queue, Worker
from rq.job import Job as RqJob

from tests.fakes import FakeClock
from tests.laws import ROOT
from tests.waiting import until
from textor import jobs, toolbox
from textor.extensions import db
from textor.job_queue import background, tickets, worker
from textor.models import Job, User
from textor.models.jobs import JobState
from textor.settings import Settings
from textor.toolbox import Toolbox


class Still(Worker):
    """RQ's part, which needs a real ticket in a real worker's hands, is left out."""

    def maintain_heartbeats(self, job: RqJob) -> None:
        pass

    def request_stop(self, signum: Any, frame: Any) -> None:
        pass

    def execute_job(self, job: RqJob, queue: Queue) -> None:
        pass


class Attentive(worker.TextorWorker, Still):
    """Looks after a work-horse without having one."""

    ends = 0

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:
        self.ends += 1


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"LEASE_SECONDS": "2"}


@pytest.fixture
def attentive(app: APIFlask, tools: Toolbox) -> Attentive:
    options = worker._options(tools)
    return Attentive([Queue(background.QUEUE, **options)], **options)


@pytest.fixture
def ticket(tools: Toolbox, alice: User) -> RqJob:
    """Of a job that is being worked on."""
    job_id = background.begin(tools, "summary", alice.id, {}).id
    db.session.commit()
    background.hand_out(tools, job_id)
    (ticket,) = tickets.queue(tools, background.QUEUE).get_jobs()
    assert background.claim(tools, job_id, 1)
    return ticket


def row() -> Job:
    db.session.rollback()
    return db.session.query(Job).populate_existing().one()


def test_a_run_is_kept_alive_while_its_horse_is_busy(
    tools: Toolbox, attentive: Attentive, ticket: RqJob, clock: FakeClock
) -> None:
    clock.advance(5)
    attentive.maintain_heartbeats(ticket)
    assert row().updated_at == clock.now() and not attentive.ends


def test_a_cancel_ends_the_horse_at_the_next_look(tools: Toolbox, attentive: Attentive, ticket: RqJob, alice: User) -> None:
    background.cancel(tools, alice.id, row().id)
    db.session.commit()
    attentive.maintain_heartbeats(ticket)
    assert attentive.ends == 1


def test_it_looks_every_two_seconds_however_long_a_lease_is(tools: Toolbox) -> None:
    patient = replace(tools, settings=replace(tools.settings, lease_seconds=600))
    assert [worker._beat_seconds(patient, name) for name in ("text", "speech")] == [2, 120]


def test_a_horse_that_has_just_finished_is_left_to_put_its_things_away(
    tools: Toolbox, attentive: Attentive, ticket: RqJob
) -> None:
    run = background.held(row().id, 1)
    assert run
    background.finish(tools, run, {})
    db.session.commit()
    attentive.maintain_heartbeats(ticket)
    assert attentive.ends == 0


def test_a_stop_gives_a_call_so_long_and_then_hands_it_back(tools: Toolbox, attentive: Attentive, ticket: RqJob) -> None:
    attentive.request_stop(signal.SIGTERM, None)
    attentive.maintain_heartbeats(ticket)
    left = attentive._end_at - monotonic()
    assert attentive.ends == 0 and tools.settings.drain_seconds - 5 < left <= tools.settings.drain_seconds
    attentive._end_at = 0
    attentive.maintain_heartbeats(ticket)
    assert attentive.ends == 1
    attentive.execute_job(ticket, attentive.queues[0])
    assert (row().state, row().attempts, row().run_token) == (JobState.QUEUED, 0, 2)


def is_asked_to_stop(tools: Toolbox) -> bool:
    asked = [tools.redis.hget(key, "shutdown_requested_date") for key in tools.redis.scan_iter("rq:worker:*", _type="hash")]
    return any(asked)


@pytest.mark.timeout(120)
def test_a_killed_workers_job_is_done_by_the_next_and_a_stop_lets_its_call_end(
    app: APIFlask, settings: Settings, environ: dict[str, str], alice: User, tmp_path: Path
) -> None:
    tools = toolbox.build(settings)
    job_id = background.begin(tools, "summary", alice.id, {}).id
    db.session.commit()
    background.hand_out(tools, job_id)

    def is_called_again() -> bool:
        jobs.heal_background(tools)
        return (tmp_path / "call.2").exists()

    command = [sys.executable, "-m", "tests.job_queue.slow_text", str(tmp_path)]
    keeper = psutil.Popen(command, cwd=ROOT, env=dict(os.environ) | environ)
    try:
        until((tmp_path / "call.1").exists, "the first call is under way")
        (killed,) = keeper.children()
        killed.kill()
        until(is_called_again, "the next worker calls again")
        for process in [*keeper.children(recursive=True), keeper]:
            process.send_signal(signal.SIGTERM)  # as a Heroku dyno ends
        until(lambda: is_asked_to_stop(tools), "the worker knows that it must stop")
        (tmp_path / "answer").touch()
        assert keeper.wait(30) == 0
    finally:
        if keeper.poll() is None:
            keeper.kill()
    assert (row().state, row().attempts, row().result) == (JobState.COMPLETED, 2, {"text": "Answered."})
    assert not (tmp_path / "call.3").exists()
