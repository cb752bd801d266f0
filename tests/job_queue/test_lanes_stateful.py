"""The queue as a machine that hypothesis drives: tickets lost and doubled, workers dead and undead, processes that die or are
interrupted after any commit and any command to Redis, Redis flushed or away, clocks jumping, answers that come too late.

What may never happen is in machine/laws.py, looked at after every move; machine/ending.py then wants everything done.
MACHINE_EXAMPLES=5000 looks longer, at other examples each time.
"""

import os
from collections.abc import Iterator

import pytest
from apiflask import APIFlask

from tests.fakes import FakeClock
from tests.job_queue.machine.opening import opened, play
from tests.job_queue.machine.rules import AnyMachine, LocalMachine, RemoteMachine
from tests.job_queue.machine.world import World
from textor.domain.job_states import FINAL, Status, may_follow
from textor.extensions import db
from textor.toolbox import Toolbox

EXAMPLES = {"sqlite": 50, "postgresql": 10}
WANTED = int(os.environ.get("MACHINE_EXAMPLES", "0"))


@pytest.fixture
def world(app: APIFlask, tools: Toolbox, clock: FakeClock) -> Iterator[World]:
    with opened(app, tools, clock) as world:
        yield world


@pytest.mark.both_databases
@pytest.mark.timeout(0 if WANTED else 600)  # one that fails is made short first
@pytest.mark.parametrize("machine", [LocalMachine, RemoteMachine])
def test_no_order_of_faults_breaks_a_law(world: World, machine: type[AnyMachine]) -> None:
    machine.world = world
    play(machine, WANTED or EXAMPLES[db.engine.dialect.name], is_random=bool(WANTED))


def test_the_states_follow_the_drawing() -> None:
    assert may_follow(Status.PENDING, Status.QUEUED) and not may_follow(Status.PENDING, Status.COMPLETED)
    assert all(may_follow(state, Status.PENDING) for state in FINAL)
