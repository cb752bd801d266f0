"""From one shift to the next, and what one looks at first."""

import os
import signal
import threading
import time
from dataclasses import replace

from sqlalchemy import event

from tests import factories
from tests.fakes import prompt_engine
from tests.providers import Stage, stage
from tests.shifts import AT_ONCE
from textor import jobs
from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import attention, news, runs, shift, slices, tickets
from textor.toolbox import Toolbox

__all__ = ["stage"]


def test_a_shift_that_ends_calls_the_next_while_there_is_work(stage: Stage) -> None:
    stage.upload()
    stage.tools.redis.flushdb()
    jobs.run_shift(stage.tools, AT_ONCE)
    assert len(tickets.waiting(stage.tools, shift.QUEUE)) == 1


def test_where_there_is_none_it_calls_nobody(stage: Stage) -> None:
    jobs.run_shift(stage.tools, AT_ONCE)
    assert tickets.waiting(stage.tools, shift.QUEUE) == []


def test_news_reaches_the_shift_that_is_there_without_the_database(stage: Stage) -> None:
    row_id = stage.upload()
    stage.shift()
    (one,) = stage.slices(row_id)
    due_at, number = one.due_at, one.id
    stage.tools.redis.flushdb()
    stage.tools.redis.zadd(shift.ALIVE_KEY, {"one": stage.clock.now().timestamp() + 1})
    sent: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    for _ in range(2):
        shift.called_back(stage.tools, number)
    assert (sent, tickets.waiting(stage.tools, shift.QUEUE)) == ([], [])
    assert stage.slices(row_id)[0].due_at == due_at
    stage.provider.finished = {"remote-1"}
    stage.shift()
    assert stage.row(row_id).status == Status.COMPLETED
    assert stage.provider.asked == ["remote-1"]
    assert stage.tools.redis.llen(news.KEY) == 0


def test_news_calls_a_shift_where_there_is_none(stage: Stage) -> None:
    row_id = stage.upload()
    stage.shift()
    stage.tools.redis.flushdb()
    shift.called_back(stage.tools, stage.slices(row_id)[0].id)
    assert len(tickets.waiting(stage.tools, shift.QUEUE)) == 1
    assert [one.id for one in attention.due(stage.tools, "fake_remote", 9, starts=False)] == [stage.slices(row_id)[0].id]


def test_news_without_redis_is_written_down(stage: Stage, away: Toolbox) -> None:
    row_id = stage.upload()
    stage.shift()
    shift.called_back(replace(stage.tools, redis=away.redis), stage.slices(row_id)[0].id)
    assert [one.id for one in attention.due(stage.tools, "fake_remote", 9, starts=False)] == [stage.slices(row_id)[0].id]


def test_news_of_what_nobody_knows_changes_nothing(stage: Stage) -> None:
    stage.upload()
    stage.shift()
    stage.tools.redis.rpush(news.KEY, 987_654)
    stage.shift()
    assert stage.provider.asked == []


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


def test_a_stop_waits_for_calls_as_long_as_the_operator_says(stage: Stage) -> None:
    answer, engine = threading.Event(), prompt_engine()

    def stop_and_wait(_n: int) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        answer.wait(60)

    engine.segments, engine.before_each = engine.segments[:1], stop_and_wait
    stage.use(engine, drain_seconds=1)
    row_id, began_at = stage.upload(engine="prompt"), time.monotonic()
    jobs.run_shift(stage.tools)
    assert 1 <= time.monotonic() - began_at < 10
    assert stage.states(row_id) == ["starting"]
    answer.set()


def test_a_job_with_news_is_looked_at_before_those_that_are_late(stage: Stage) -> None:
    late, told = stage.upload(), stage.upload(owner=factories.user("Bob").id)
    stage.shift()
    stage.clock.advance(60)
    assert slices.wake([stage.slices(told)[0].id])
    found = attention.due(stage.tools, "fake_remote", 2, starts=False)
    assert [one.claim.id for one in found] == [told, late]
