"""From one shift to the next."""

from tests.providers import Stage, stage
from tests.shifts import AT_ONCE
from textor import jobs
from textor.job_queue import shift, tickets

__all__ = ["stage"]


def test_a_shift_that_ends_calls_the_next_while_there_is_work(stage: Stage) -> None:
    stage.upload()
    stage.tools.redis.flushdb()
    jobs.run_shift(stage.tools, AT_ONCE)
    assert len(tickets.waiting(stage.tools, shift.QUEUE)) == 1


def test_where_there_is_none_it_calls_nobody(stage: Stage) -> None:
    jobs.run_shift(stage.tools, AT_ONCE)
    assert tickets.waiting(stage.tools, shift.QUEUE) == []
