"""From one shift to the next, and what one looks at first."""

from dataclasses import replace

from sqlalchemy import event

from tests import factories
from tests.providers import Stage, stage
from tests.shifts import AT_ONCE
from textor import jobs
from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import attention, runs, shift, slices, tickets

__all__ = ["stage"]


def test_a_shift_that_ends_calls_the_next_while_there_is_work(stage: Stage) -> None:
    stage.upload()
    stage.tools.redis.flushdb()
    jobs.run_shift(stage.tools, AT_ONCE)
    assert len(tickets.waiting(stage.tools, shift.QUEUE)) == 1


def test_where_there_is_none_it_calls_nobody(stage: Stage) -> None:
    jobs.run_shift(stage.tools, AT_ONCE)
    assert tickets.waiting(stage.tools, shift.QUEUE) == []


def test_news_wakes_the_shift_that_is_there_and_asks_no_database(stage: Stage) -> None:
    stage.upload()
    stage.tools.redis.flushdb()
    stage.tools.redis.zadd(shift.ALIVE_KEY, {"one": stage.clock.now().timestamp() + 1})
    sent: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    shift.news(stage.tools)
    assert (sent, tickets.waiting(stage.tools, shift.QUEUE)) == ([], [])
    assert stage.tools.redis.llen(shift.WAKE_KEY) == 1


def test_news_calls_a_shift_where_there_is_none(stage: Stage) -> None:
    stage.upload()
    stage.tools.redis.flushdb()
    shift.news(stage.tools)
    assert len(tickets.waiting(stage.tools, shift.QUEUE)) == 1


def test_what_waits_for_its_turn_again_calls_no_shift(stage: Stage) -> None:
    row_id = stage.upload()
    stage.shift()
    row = stage.row(row_id)
    runs.reclaim(stage.tools, row.id, row.run_token, row.heartbeat_at)
    row = stage.row(row_id)
    row.status, row.active_for = Status.PENDING, None  # the lane has another first
    db.session.commit()
    stage.tools.redis.flushdb()
    shift.ensure(stage.tools)
    assert tickets.waiting(stage.tools, shift.QUEUE) == []


def test_a_job_taken_on_in_the_last_moment_of_a_stop_is_written_down(stage: Stage) -> None:
    row_id = stage.upload()
    ending = shift.Shift(stage.tools, jobs.GuardedCrew(stage.tools), replace(AT_ONCE, drain_seconds=0, tick_seconds=1))
    stage.provider.before_call = lambda verb, _job: ending.stop() if verb == "start" else None
    ending.run()
    assert [(one.state, one.remote_id) for one in stage.slices(row_id)] == [("remote", "remote-1")]


def test_a_job_with_news_is_looked_at_before_those_that_are_late(stage: Stage) -> None:
    late, news = stage.upload(), stage.upload(owner=factories.user("Bob").id)
    stage.shift()
    stage.clock.advance(60)
    assert slices.wake(stage.slices(news)[0].id)
    found = attention.due(stage.tools, "fake_remote", 2, starts=False)
    assert [one.claim.id for one in found] == [news, late]
