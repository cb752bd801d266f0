"""A worker's turn at a text job: it ends in a state, whatever a model or a worker does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tests.fakes import FakeClock
from textor import jobs
from textor.errors import EngineError, Fenced, InvalidInput, NotFound, OverBudget, TextModelError, Unavailable
from textor.extensions import db
from textor.features.insights import working
from textor.job_queue import background
from textor.job_queue.background import Run
from textor.models import Job, User
from textor.models.jobs import JobState
from textor.toolbox import Toolbox


@dataclass
class Feature:
    """A feature's part: what it does is told, what became of its rows is kept."""

    does: Callable[[Toolbox, Run], object] = lambda tools, run: None
    ended: list[tuple[str, str]] = field(default_factory=list)

    def carry(self, tools: Toolbox, run: Run) -> None:
        self.does(tools, run)
        background.finish(tools, run, {"text": "Done."})
        db.session.commit()

    def failed(self, tools: Toolbox, job: Job, reason: str) -> None:
        self.ended.append((job.id, reason))

    def raises(self, error: Exception) -> None:
        def do(tools: Toolbox, run: Run) -> None:
            raise error

        self.does = do


@pytest.fixture
def feature(monkeypatch: pytest.MonkeyPatch) -> Feature:
    """Does summaries, in a worker."""
    feature = Feature()
    own = jobs.Handler(*working.handler(feature.carry, feature.failed), is_resumed=True, is_owned=background.held)
    monkeypatch.setitem(jobs.HANDLERS, "summary", own)
    return feature


@pytest.fixture
def job_id(tools: Toolbox, alice: User) -> str:
    job_id = background.begin(tools, "summary", alice.id, {}).id
    db.session.commit()
    return job_id


def row(job_id: str) -> Job:
    db.session.rollback()
    return db.session.get_one(Job, job_id, populate_existing=True)


def turn(job_id: str) -> Job:
    """A worker takes the ticket; how the row stands afterwards."""
    jobs.run("summary", job_id, row(job_id).run_token)
    return row(job_id)


def test_a_turn_brings_a_job_to_its_end(feature: Feature, job_id: str) -> None:
    done = turn(job_id)
    assert (done.state, done.result, feature.ended) == (JobState.COMPLETED, {"text": "Done."}, [])


def test_a_doubled_ticket_does_nothing(feature: Feature, job_id: str) -> None:
    turns: list[int] = []

    def take_it_again(tools: Toolbox, run: Run) -> None:
        turns.append(run.token)
        jobs.run("summary", run.id, run.token)

    feature.does = take_it_again
    turn(job_id)
    turn(job_id)
    assert turns == [1]


PASSING: list[Any] = [
    TextModelError("Busy.", retryable=True, retry_after=7),
    EngineError("Busy.", retryable=True, retry_after=7),
    Unavailable("The store does not answer.", retry_after=7),
]
FINAL: list[Any] = [
    TextModelError("The key is wrong."),
    EngineError("It can't read this."),
    InvalidInput("Nothing was said."),
    OverBudget("Too dear."),
    NotFound("It is gone."),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_what_may_pass_is_tried_again_later(feature: Feature, job_id: str, clock: FakeClock, error: Exception) -> None:
    feature.raises(error)
    for _ in range(background.MAX_ATTEMPTS - 1):
        waiting = turn(job_id)
        assert (waiting.state, waiting.message, feature.ended) == (JobState.QUEUED, str(error), [])
        assert waiting.due_at and (waiting.due_at - clock.now()).total_seconds() >= 7
    assert (turn(job_id).state, row(job_id).error) == (JobState.FAILED, str(error))
    assert feature.ended == [(job_id, str(error))]


@pytest.mark.parametrize("error", FINAL, ids=lambda error: type(error).__name__)
def test_what_stays_ends_the_job_with_its_reason(feature: Feature, job_id: str, error: Exception) -> None:
    feature.raises(error)
    assert (turn(job_id).state, row(job_id).error) == (JobState.FAILED, str(error))
    assert feature.ended == [(job_id, str(error))]


def test_what_nobody_foresaw_ends_it_too(feature: Feature, job_id: str) -> None:
    feature.raises(KeyError("secret"))
    assert (turn(job_id).state, row(job_id).error) == (JobState.FAILED, background.SORRY)
    assert feature.ended == [(job_id, background.SORRY)]


def test_half_of_what_a_failed_turn_did_is_not_kept(feature: Feature, job_id: str) -> None:
    def break_off(tools: Toolbox, run: Run) -> None:
        db.session.get_one(Job, run.id).progress = 50
        db.session.flush()
        raise TextModelError("Away.", retryable=True)

    feature.does = break_off
    assert turn(job_id).progress == 0


def test_a_job_that_is_cancelled_in_the_middle_writes_nothing(feature: Feature, tools: Toolbox, alice: User, job_id: str) -> None:
    def cancel(tools: Toolbox, run: Run) -> None:
        assert working.cancel(tools, alice.id, run.id)
        db.session.commit()

    feature.does = cancel
    assert (turn(job_id).state, row(job_id).result, feature.ended) == (JobState.CANCELLED, {}, [])
    assert not working.is_open(row(job_id))


def test_what_breaks_after_a_cancel_is_no_failure(feature: Feature, alice: User, job_id: str) -> None:
    def break_off(tools: Toolbox, run: Run) -> None:
        working.cancel(tools, alice.id, run.id)
        db.session.commit()
        raise FileNotFoundError

    feature.does = break_off
    assert (turn(job_id).state, feature.ended) == (JobState.CANCELLED, [])


def test_a_failure_after_a_cancel_is_none_either(feature: Feature, alice: User, job_id: str) -> None:
    def break_off(tools: Toolbox, run: Run) -> None:
        working.cancel(tools, alice.id, run.id)
        db.session.commit()
        raise TextModelError("Stopped.")

    feature.does = break_off
    assert (turn(job_id).state, feature.ended) == (JobState.CANCELLED, [])


def test_a_database_that_is_away_is_waited_for(feature: Feature, tools: Toolbox, job_id: str, clock: FakeClock) -> None:
    feature.raises(OperationalError("SELECT 1", {}, Exception("gone")))
    assert (turn(job_id).state, feature.ended) == (JobState.RUNNING, [])
    clock.advance(tools.settings.lease_seconds + 1)
    feature.does = lambda tools, run: None
    jobs.heal_background(tools)
    assert turn(job_id).state == JobState.COMPLETED


def lose(tools: Toolbox, clock: FakeClock, job_id: str) -> None:
    """As often as it may be begun a worker begins and falls silent."""
    for _ in range(background.MAX_ATTEMPTS):
        assert background.claim(tools, job_id, row(job_id).run_token)
        clock.advance(tools.settings.lease_seconds + 1)
        jobs.heal_background(tools)


def test_a_job_that_has_lost_all_its_workers_ends_with_a_reason(
    feature: Feature, tools: Toolbox, job_id: str, clock: FakeClock
) -> None:
    lose(tools, clock, job_id)
    assert (row(job_id).state, row(job_id).error) == (JobState.FAILED, background.LOST)
    assert feature.ended == [(job_id, background.LOST)]


def test_one_whose_feature_breaks_holds_up_no_other(
    feature: Feature, tools: Toolbox, alice: User, job_id: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = background.begin(tools, "chat", alice.id, {}).id
    db.session.commit()
    asked: list[str] = []

    def give_up(tools: Toolbox, job_id: str, token: int) -> None:
        asked.append(job_id)
        raise KeyError(job_id)

    for kind in ("summary", "chat"):
        monkeypatch.setitem(jobs.HANDLERS, kind, jobs.Handler(lambda *args: None, give_up))
    for one in (job_id, other):
        lose(tools, clock, one)
    assert {job_id, other} == set(asked)


def test_a_run_that_has_lost_its_claim_gives_nothing_up(feature: Feature, tools: Toolbox, job_id: str) -> None:
    run = background.claim(tools, job_id, 1)
    assert run and background.hand_back(tools, job_id, 1)
    working.give_up(tools, job_id, 1, feature.failed)
    assert (row(job_id).state, feature.ended) == (JobState.QUEUED, [])
    with pytest.raises(Fenced):
        background.report(tools, run, progress=1)
