"""Shifts in tests: as many turns as there is something due by the still clock, in this process."""

from textor.job_queue import shift
from textor.job_queue.crew import Terms
from textor.jobs import GuardedCrew
from textor.toolbox import Toolbox

AT_ONCE = Terms(run_seconds=0, tick_seconds=0.001, beat_seconds=0)
"""Each turn that finds nothing to do lasts a tick, and whoever goes by the still clock has hundreds of them."""


def work(tools: Toolbox, terms: Terms = AT_ONCE) -> None:
    """Do what is due now, and what falls due by that."""
    shift.run(tools, GuardedCrew(tools), terms)
