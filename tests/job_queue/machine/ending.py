"""Faults are over: whatever is open comes to its end, in bounded time, nobody waits longer than their turn, and no provider keeps
what nobody wants. The laws are looked at once a round."""

from collections.abc import Callable

from tests.job_queue.machine.local import LocalMoves
from tests.job_queue.machine.moves import LONGER_THAN_A_LEASE, Moves
from tests.job_queue.machine.remote import RemoteMoves

LONGER_THAN_ANY_PAUSE = 400.0


def end_local(machine: LocalMoves) -> None:
    machine.running.clear()

    def work() -> None:
        for _ in machine.world.tickets(machine.queue):
            machine.deliver_one(0)
            while machine.running:
                machine.finish(machine.running.pop())

    _end(machine, work)


def end_remote(machine: RemoteMoves) -> None:
    shift, other = machine.shifts
    machine.drop(shift)
    machine.drop(other)

    def work() -> None:
        for _ in machine.world.tickets(machine.queue):
            machine.deliver_one(0)
        machine.world.wait(LONGER_THAN_ANY_PAUSE)
        machine.take_on(shift, "well")
        while shift.calls:
            machine.write_down(shift.calls.pop())
        machine.clear("well")

    _end(machine, work)
    kept = [job.id for job in machine.provider.jobs.values() if not (job.is_deleted or job.is_unknown)]
    machine.story.insist(machine.story.is_broken or not kept, f"the provider still has {kept}")


def _end(machine: Moves, work: Callable[[], None]) -> None:
    """A user's open transcriptions need a round each, a slice with a provider needs two, one that is stale a round more."""
    if machine.story.is_broken:
        return
    machine.world.faults.is_redis_away = False
    for _ in range(3 * len(machine.story.accepted) + 6):
        machine.world.wait(LONGER_THAN_A_LEASE)
        machine.heal()
        machine.world.process(work)
        machine.story.is_disturbed = True  # more than one move: the order of two can't be told
        machine.story.look()
        if not _left(machine):
            return
    machine.story.insist(False, f"never came to an end: {_left(machine)}")


def _left(machine: Moves) -> list[str]:
    return [row.id for row in machine.story.now.rows.values() if row.is_open] + sorted(machine.story.now.discards)
