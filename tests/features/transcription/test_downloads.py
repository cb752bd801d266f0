"""Fetching a model in the background: once, and to its end whatever becomes of workers and tickets."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes import FakeClock, FakeEngine
from textor.adapters.stt.port import Model
from textor.extensions import db
from textor.features.transcription import downloads
from textor.job_queue import tickets
from textor.models import Job, User
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases

AGES = downloads.LOST_AFTER + timedelta(seconds=1)


class Fetching(FakeEngine):
    """An engine with one model that takes some time to come."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] = lambda: None

    def models(self) -> Sequence[Model]:
        return [Model("one", "the only one", size_mb=1, is_downloaded=False)]

    def download(self, model: str, report: Callable[[float], None]) -> None:
        for _ in range(2):
            report(0.5)
            self.meanwhile()


@pytest.fixture
def engine() -> Fetching:
    return Fetching()


@pytest.fixture
def stocked(tools: Toolbox, engine: Fetching) -> Toolbox:
    return replace(tools, engines={"fake": engine})


@pytest.fixture
def job(stocked: Toolbox, alice: User) -> Job:
    return downloads.begin(stocked, alice.id, "fake", "one")


def test_a_second_request_joins_the_fetch_that_is_on_its_way(stocked: Toolbox, job: Job, bob: User) -> None:
    assert downloads.begin(stocked, bob.id, "fake", "one").id == job.id
    assert len(tickets.waiting(stocked, downloads.QUEUE)) == 1


def test_a_doubled_ticket_fetches_once(stocked: Toolbox, job: Job, engine: Fetching) -> None:
    engine.meanwhile = lambda: downloads.run(stocked, job.id)
    downloads.run(stocked, job.id)
    assert (job.state, job.attempts) == (JobState.COMPLETED, 1)


def test_a_slow_fetch_is_not_taken_for_lost(stocked: Toolbox, job: Job, engine: Fetching, clock: FakeClock) -> None:
    healed: list[int] = []

    def wait() -> None:
        clock.advance(100)
        healed.append(downloads.heal(stocked))

    engine.meanwhile = wait
    downloads.run(stocked, job.id)
    assert healed == [0, 0]
    assert job.attempts == 1


def test_a_fetch_whose_worker_is_gone_goes_on(stocked: Toolbox, job: Job, clock: FakeClock) -> None:
    stocked.redis.flushdb()
    job.state = JobState.RUNNING
    db.session.commit()
    clock.advance(AGES.total_seconds())
    assert downloads.heal(stocked) == 1
    assert (job.state, len(tickets.waiting(stocked, downloads.QUEUE))) == (JobState.QUEUED, 1)


def test_a_fetch_that_waits_behind_another_is_left_alone(stocked: Toolbox, job: Job, clock: FakeClock) -> None:
    clock.advance(AGES.total_seconds())
    assert downloads.heal(stocked) == 0


def test_a_fetch_begun_while_redis_was_away_starts_later(stocked: Toolbox, away: Toolbox, alice: User, clock: FakeClock) -> None:
    downloads.begin(replace(away, engines=stocked.engines), alice.id, "fake", "one")
    clock.advance(AGES.total_seconds())
    assert downloads.heal(stocked) == 1
    assert len(tickets.waiting(stocked, downloads.QUEUE)) == 1


def test_a_fetch_that_loses_every_worker_ends_and_can_be_begun_again(
    stocked: Toolbox, job: Job, alice: User, clock: FakeClock
) -> None:
    job.state, job.attempts = JobState.RUNNING, downloads.MAX_ATTEMPTS
    db.session.commit()
    clock.advance(AGES.total_seconds())
    assert downloads.heal(stocked) == 1
    assert (job.state, job.error) == (JobState.FAILED, downloads.SORRY)
    assert downloads.begin(stocked, alice.id, "fake", "one").state == JobState.QUEUED
