"""What crashes, flushes and lost tickets leave behind of background jobs is healed; old ones are forgotten."""

from datetime import timedelta

import pytest

from tests.fakes import FakeClock
from tests.job_queue.backgrounds import begun, late, lose, row, running, take_a_ticket, waiting
from textor.extensions import db
from textor.job_queue import background, healing
from textor.models import AnalyzerTask, ChatMessage, Conversation, Job, Summary, User
from textor.models.analyzer import TaskStatus
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

both = pytest.mark.both_databases


def test_a_worker_that_beats_keeps_its_run(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    run = running(tools, alice)
    for _ in range(3):
        clock.advance(tools.settings.lease_seconds - 1)
        assert background.heartbeat(tools, run.id, run.token)
        assert healing.heal(tools) == 0


@both
def test_a_silent_workers_job_begins_anew_with_what_it_had(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    run = running(tools, alice)
    take_a_ticket(tools)
    background.report(tools, run, result={"parts": [1]})
    late(tools, clock)
    assert healing.heal(tools) == 1
    assert waiting(tools) == [("summary", run.id, 2)]
    following = background.claim(tools, run.id, 2)
    assert following and following.result == {"parts": [1]}


def test_one_that_beats_while_it_is_looked_at_is_not_taken(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    run = running(tools, alice)
    late(tools, clock)
    background.heartbeat(tools, run.id, run.token)
    assert not healing._begin_anew(tools, run.id, run.token)


def test_a_job_that_loses_its_worker_too_often_is_lost(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    job_id = begun(tools, alice)
    for _ in range(background.MAX_ATTEMPTS - 1):
        lose(tools, clock, job_id)
        assert healing.lost(tools) == [] and healing.heal(tools) == 1
    lose(tools, clock, job_id)
    assert healing.heal(tools) == 0 and [one.id for one in healing.lost(tools)] == [job_id]
    assert row(job_id).state == JobState.RUNNING, "its feature ends it, with a reason"


@both
def test_a_flushed_ticket_is_handed_out_again_once(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    job_id = begun(tools, alice)
    tools.redis.flushdb()
    clock.advance(31)
    assert (healing.heal(tools), healing.heal(tools)) == (1, 0)
    assert waiting(tools) == [("summary", job_id, 1)]


def test_a_ticket_that_was_taken_and_lost_is_handed_out_again_though_its_id_is_known(
    tools: Toolbox, alice: User, clock: FakeClock
) -> None:
    job_id = begun(tools, alice)
    take_a_ticket(tools)
    clock.advance(31)
    assert healing.heal(tools) == 1
    assert waiting(tools) == [("summary", job_id, 1)]


def test_a_ticket_that_waits_long_is_not_doubled(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    begun(tools, alice)
    for _ in range(3):
        clock.advance(31)
        assert healing.heal(tools) == 0
    tools.redis.flushdb()
    assert healing.heal(tools) == 1
    for _ in range(3):
        clock.advance(31)
        assert healing.heal(tools) == 0, "nor is the second one"
    assert len(waiting(tools)) == 1


def test_a_job_begun_while_redis_was_away_is_done_later(tools: Toolbox, away: Toolbox, alice: User, clock: FakeClock) -> None:
    job_id = begun(away, alice)
    assert waiting(tools) == []
    clock.advance(31)
    assert healing.heal(tools) == 1
    assert background.claim(tools, job_id, 1)


@both
def test_old_jobs_are_forgotten_but_for_open_ones_and_those_that_are_meant(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    of_summary, of_answer, of_task, gone, young, still_open = (begun(tools, alice) for _ in range(6))
    talk = Conversation(id=of_answer, user_id=alice.id, title="", created_at=clock.now(), updated_at=clock.now())
    facts = {"user_id": alice.id, "created_at": clock.now()}
    db.session.add_all(
        [
            Summary(id=of_summary, model="m", format="paragraph", max_words=5, **facts),
            talk,
            AnalyzerTask(
                name="A task",
                status=TaskStatus.FAILED,
                generator="flux",
                max_scenes=1,
                job_id=of_task,
                updated_at=clock.now(),
                **facts,
            ),
        ]
    )
    db.session.flush()
    db.session.add(ChatMessage(conversation_id=talk.id, role="assistant", job_id=of_answer, created_at=clock.now()))
    for job_id in (of_summary, of_answer, of_task, gone):
        background.cancel(tools, alice.id, job_id)
    clock.advance(timedelta(days=1, seconds=1).total_seconds())
    background.cancel(tools, alice.id, young)
    db.session.commit()
    assert healing.sweep(tools) == 1
    assert {job.id for job in db.session.query(Job)} == {of_summary, of_answer, of_task, young, still_open}
