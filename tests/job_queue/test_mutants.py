"""The machine sees it when a safeguard is missing: without that, its silence would prove nothing.

Four need so rare a moment that the machine is held to the moves that lead there.
"""

import pytest
from apiflask import APIFlask

from tests.fakes import FakeClock
from tests.job_queue.machine import mutants
from tests.job_queue.machine.mutants import Mutation
from tests.job_queue.machine.opening import opened, play
from tests.job_queue.machine.rules import AnyMachine, LocalMachine, RemoteMachine
from textor.toolbox import Toolbox

EXAMPLES = 60


class TwoWebs(LocalMachine):
    """Uploads at once, and little else."""

    only = frozenset({"two_webs", "deliver", "work", "reconcile"})


class Hasty(RemoteMachine):
    """Owners who stop what has just begun."""

    only = frozenset({"upload", "deliver", "shift_takes", "owner_is_quicker", "reconcile"})


class Frozen(RemoteMachine):
    """Shifts that sleep while another takes their slices."""

    only = frozenset({"upload", "deliver", "shift_takes", "shift_thaws", "reconcile"})


class Steady(RemoteMachine):
    """Nobody interferes: what goes wrong is the provider's doing."""

    only = frozenset({"upload", "deliver", "shift_takes", "all_answers_come", "reconcile"})


MUTANTS = [
    (LocalMachine, mutants.without_the_token),
    (TwoWebs, mutants.without_lock_and_unique_column),
    (LocalMachine, mutants.without_the_reconciler),
    (LocalMachine, mutants.without_the_start_token),
    (RemoteMachine, mutants.without_the_slices_lease),
    (Frozen, mutants.without_a_look_at_whose_texts_they_are),
    (RemoteMachine, mutants.without_the_remote_id),
    (Hasty, mutants.without_a_cancels_own_lease),
    (RemoteMachine, mutants.without_discards),
    (Steady, mutants.without_the_jobs_that_were_too_long),
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("machine", "mutation"), MUTANTS, ids=lambda value: value.__name__)
def test_a_missing_safeguard_is_caught(
    app: APIFlask, tools: Toolbox, clock: FakeClock, machine: type[AnyMachine], mutation: Mutation
) -> None:
    with mutants.mutated(mutation), opened(app, tools, clock) as machine.world, pytest.raises(AssertionError):
        play(machine, EXAMPLES, is_shrunk=False)
