"""Leases are told by the database's clock where machines share one."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from apiflask import APIFlask

from textor.job_queue import clocks
from textor.toolbox import SystemClock, Toolbox

HOUR = timedelta(hours=1)
CLOSE = timedelta(seconds=5)


class FastClock(SystemClock):
    """On a machine that is an hour ahead."""

    def machine(self) -> datetime:
        return super().machine() + HOUR


@pytest.mark.both_databases
def test_a_machine_whose_clock_is_off_goes_by_the_database(app: APIFlask, tools: Toolbox, database: str) -> None:
    clock = FastClock()
    clocks.agree(replace(tools, clock=clock))
    expected = timedelta() if database.startswith("sqlite") else HOUR
    assert abs((clock.machine() - clock.now()) - expected) < CLOSE


@pytest.mark.both_databases
def test_it_is_asked_once_a_minute_at_most(app: APIFlask, tools: Toolbox) -> None:
    clock = FastClock()
    clocks.agree(replace(tools, clock=clock))
    clock.ahead = HOUR * 5
    clocks.agree(replace(tools, clock=clock))
    assert clock.ahead == HOUR * 5
