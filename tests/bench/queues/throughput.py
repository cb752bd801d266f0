"""Short jobs on this machine: how many a second with one, two and four workers, and what a job costs beside its own work."""

from collections.abc import Sequence
from contextlib import ExitStack

from tests.bench.queues import cast, plain, turns
from tests.bench.queues.figures import Figure, Table
from tests.bench.queues.launch import TIME
from tests.bench.queues.site import Site, used
from textor.job_queue import lanes

JOB_SECONDS = 0.25
WORKERS = (1, 2, 4)
USERS = 20
SLOWEST, DEAREST = 0.25, 3.0
"""Times a plain worker's jobs a second, which suffer with every other load of the machine, and times its CPU."""


def measure(table: Table, per_worker: int) -> None:
    """Both with the same job: an engine that takes a quarter of a second."""
    with Site("sqlite") as site:
        owners = cast.people(site, USERS)
        for count in WORKERS:
            seqs = per_worker * count
            ours, cost = _ours(site, owners, seqs, count)
            theirs, plain_cost = _theirs(site, owners, seqs, count)
            what = f"jobs of {JOB_SECONDS:g} s, {count} worker{'s' * (count > 1)}"
            table.add(Figure(what, f"{ours:.1f}/s", f"{theirs:.1f}/s", ours / theirs, least=SLOWEST))
            table.add(
                Figure("  CPU for a job", f"{1000 * cost:.0f} ms", f"{1000 * plain_cost:.0f} ms", cost / plain_cost, most=DEAREST)
            )


def _ours(site: Site, owners: Sequence[int], jobs: int, count: int) -> tuple[float, float]:
    """Jobs a second, and seconds of CPU for each."""
    with site.workers("speech", count, more={TIME: str(JOB_SECONDS)}) as running:
        before = used([running])
        seqs = cast.queue(site, [owners[n % len(owners)] for n in range(jobs)])
        for owner in owners:
            lanes.dispatch(site.tools, owner)
        return _rate(seqs), (used([running]) - before) / jobs


def _theirs(site: Site, owners: Sequence[int], jobs: int, count: int) -> tuple[float, float]:
    with ExitStack() as ends:
        running = ends.enter_context(site.plain_workers(count, more={TIME: str(JOB_SECONDS)}))
        before = used(running)
        seqs = cast.queue(site, [owners[n % len(owners)] for n in range(jobs)])
        turns.send(site, plain.hear, seqs)
        return _rate(seqs), (used(running) - before) / jobs


def _rate(seqs: Sequence[int]) -> float:
    times = turns.wait(seqs)
    seconds = max(row.finished for row in times) - min(row.started for row in times)
    return len(seqs) / seconds.total_seconds()
