"""Real worker processes on a real queue: what a stop, a cancel and a kill -9 do to the work in hand."""

import signal

import psutil
import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests import factories
from tests.conftest import FIXTURES
from tests.waiting import until
from tests.workers import Start, start, tools
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import control
from textor.job_queue import lanes, worker
from textor.models import Transcription, User
from textor.toolbox import Toolbox

__all__ = ["start", "tools"]


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"LEASE_SECONDS": "3", "MAX_ATTEMPTS": "3"}


@pytest.fixture
def owner_id(app: APIFlask) -> int:
    return factories.user("Alice").id


def upload(tools: Toolbox, owner_id: int, file: str = "sample.flac") -> str:
    owner = db.session.get_one(User, owner_id)
    recording = factories.stored_recording(tools, owner, FIXTURES / file)
    row_id = factories.transcription(owner, recording, engine="sphinx").id
    lanes.dispatch(tools, owner_id)
    return row_id


def row(row_id: str) -> Transcription:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(Transcription).where(Transcription.id == row_id)).one()


def is_under_way(row_id: str) -> bool:
    """Something was heard and stored: the decoder is at work."""
    found = row(row_id)
    return found.status == Status.PROCESSING and found.progress > 0


def has_horse(process: psutil.Popen) -> bool:
    return any(child.children() for child in process.children())


def test_a_worker_turns_recordings_into_text_one_after_the_other(tools: Toolbox, owner_id: int, start: Start) -> None:
    first, second = upload(tools, owner_id), upload(tools, owner_id, "silence.flac")
    start("speech")
    until(lambda: row(second).status == Status.COMPLETED, "the second is done")
    done = row(first)
    assert done.status == Status.COMPLETED and done.finished_at and (done.text or "").strip()
    assert done.finished_at <= (row(second).started_at or done.finished_at)


def test_a_stopped_worker_hands_its_work_back_and_another_finishes_it(tools: Toolbox, owner_id: int, start: Start) -> None:
    row_id = upload(tools, owner_id)
    process = start("speech")
    until(lambda: is_under_way(row_id), "the worker is at work")
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    assert (row(row_id).status, row(row_id).attempts) == (Status.QUEUED, 1)
    start("speech")
    until(lambda: row(row_id).status == Status.COMPLETED, "another has finished it")
    numbers = [segment.start for segment in library.segments(row(row_id))]
    assert numbers == sorted(set(numbers)), "nothing of the first run is left"


def test_a_cancel_ends_the_decoder_itself(tools: Toolbox, owner_id: int, start: Start) -> None:
    row_id = upload(tools, owner_id)
    process = start("speech")
    until(lambda: is_under_way(row_id) and has_horse(process), "the worker is at work")
    control.cancel(tools, owner_id, row_id)
    until(lambda: not has_horse(process), "the decoder is gone", seconds=20)
    assert row(row_id).status == Status.CANCELLED
    again = upload(tools, owner_id, "silence.flac")
    until(lambda: row(again).status == Status.COMPLETED, "the worker goes on with the next")


def test_the_work_of_a_killed_worker_is_done_by_another(tools: Toolbox, owner_id: int, start: Start) -> None:
    row_id = upload(tools, owner_id)
    process = start("speech", "--count", "1")
    until(lambda: is_under_way(row_id) and has_horse(process), "the worker is at work")
    (killed,) = process.children()
    family = [killed, *killed.children(recursive=True)]
    killed.kill()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == [], "the decoder does not outlive its worker"
    until(lambda: row(row_id).status == Status.COMPLETED, "the worker's successor has done it", seconds=90)
    assert row(row_id).attempts == 2


def test_nothing_is_lost_when_the_keeper_itself_is_killed(tools: Toolbox, owner_id: int, start: Start) -> None:
    row_id = upload(tools, owner_id)
    process = start("speech")
    until(lambda: is_under_way(row_id), "the worker is at work")
    family = process.children(recursive=True)
    process.kill()
    process.wait(10)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == [], "nobody outlives the keeper"
    start("speech")
    until(lambda: row(row_id).status == Status.COMPLETED, "another has done it", seconds=90)


def test_a_flushed_redis_loses_nothing(tools: Toolbox, owner_id: int, start: Start) -> None:
    ids = [upload(tools, owner_id, "silence.flac") for _ in range(3)]
    tools.redis.flushdb()
    start("speech", "--scheduler")
    until(lambda: all(row(row_id).status == Status.COMPLETED for row_id in ids), "all are done")


def test_workers_report_themselves_alive_by_queue(tools: Toolbox, owner_id: int, start: Start) -> None:
    assert set(worker.alive(tools.redis).values()) == {0}
    start("speech", "exports", "--count", "1")
    until(lambda: worker.alive(tools.redis)["speech"] == worker.alive(tools.redis)["exports"] == 1, "both are there")
