"""worker.py: which processes serve which queues."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from apiflask import APIFlask
from redis import Redis
from sqlalchemy import select

import worker
from tests import factories
from tests.laws import ROOT
from tests.waiting import until
from textor import supervisor
from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import lanes
from textor.job_queue import worker as workers
from textor.job_queue.crew import Terms
from textor.job_queue.tickets import QUEUES
from textor.models import Transcription
from textor.settings import Settings
from textor.toolbox import Toolbox

READY_SECONDS = 60
HEROKU_SECONDS = 30


def names(app: APIFlask, *arguments: str) -> list[str]:
    return [program.name for program in worker._programs(app, worker._parse(list(arguments)))]


def test_without_arguments_everything_is_served(app: APIFlask) -> None:
    assert names(app) == [
        "speech.1",
        "speech.2",
        "remote",
        "shift",
        "text.1",
        "text.2",
        "exports",
        "downloads",
        "webhooks",
        "check",
        "scheduler",
    ]


def test_the_setting_says_how_many_hear_speech(environ: dict[str, str], request: pytest.FixtureRequest) -> None:
    environ["WORKERS"] = "1"
    assert names(request.getfixturevalue("app"))[:2] == ["speech", "remote"]


def test_one_queue_may_be_served_alone(app: APIFlask) -> None:
    assert names(app, "exports") == ["exports"]


def test_several_processes_may_serve_a_queue(app: APIFlask) -> None:
    assert names(app, "remote", "text", "--count", "2") == ["remote.1", "remote.2", "text.1", "text.2"]


def test_the_scheduler_may_run_alone(app: APIFlask) -> None:
    assert names(app, "--scheduler") == ["scheduler"]


@pytest.mark.parametrize("drain_seconds", ["18", "90"])
def test_whoever_waits_for_a_shift_waits_longer_than_it_does_for_its_calls(
    environ: dict[str, str], request: pytest.FixtureRequest, drain_seconds: str
) -> None:
    environ["DRAIN_SECONDS"] = drain_seconds
    app: APIFlask = request.getfixturevalue("app")
    (of_shift,) = worker._programs(app, worker._parse(["shift"]))
    (of_workers, *_), _ = supervisor._programs(request.getfixturevalue("settings"))
    assert int(drain_seconds) + 5 < of_shift.grace_seconds < of_workers.grace_seconds - 2


def test_by_default_all_is_over_before_heroku_ends_it(app: APIFlask, settings: Settings) -> None:
    graces = [program.grace_seconds for program in worker._programs(app, worker._parse([]))]
    (of_workers, *_), _ = supervisor._programs(settings)
    assert max(graces) < of_workers.grace_seconds < HEROKU_SECONDS
    assert Terms().drain_seconds == settings.drain_seconds


def test_an_unknown_queue_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        worker.main(["music"])
    assert caught.value.code == 2
    assert "there is no queue music; the queues are speech, remote, shift, text, exports" in capsys.readouterr().err


def test_wrong_settings_end_it_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "none")
    with pytest.raises(SystemExit, match="PORT must be a whole number"):
        worker.main([])


@pytest.mark.timeout(180)
def test_it_serves_and_stops_cleanly(app: APIFlask, environ: dict[str, str], redis: Redis, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "worker.py"], cwd=ROOT, env=environ | {"WORKERS": "1"}, stdout=out, stderr=out
        )
    try:
        until(lambda: workers.alive(redis) == dict.fromkeys(QUEUES, 1) | {"text": 2}, "every queue is served", READY_SECONDS)
        until(lambda: redis.exists("textor:periodic:purge"), "the scheduler is at work", READY_SECONDS)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    assert sum(workers.alive(redis).values()) == 0
    assert "did not stop in time" not in log.read_text(encoding="utf-8")


@pytest.mark.timeout(180)
def test_a_host_without_fork_starts_a_process_for_each_ticket(
    app: APIFlask, environ: dict[str, str], tools: Toolbox, tmp_path: Path
) -> None:
    row_id = factories.transcription(factories.user("Alice"), engine="gone").id
    command = "import sys, worker; worker.CAN_FORK = False; sys.exit(worker.main())"
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", command, "speech"], cwd=ROOT, env=environ, stdout=out, stderr=out)
    try:
        lanes.dispatch(tools, db.session.get_one(Transcription, 1).user_id)
        until(lambda: status(row_id) == Status.FAILED, "the ticket was worked off", READY_SECONDS)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0, log.read_text(encoding="utf-8")


def status(row_id: str) -> str:
    db.session.rollback()
    return db.session.scalars(select(Transcription.status).where(Transcription.id == row_id)).one()
