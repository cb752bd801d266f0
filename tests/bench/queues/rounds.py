"""What the rounds cost that look after everything, among a great many transcriptions that are over."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from tests.bench.queues import cast
from tests.bench.queues.figures import Figure, Table
from tests.bench.queues.site import Site
from textor.extensions import db
from textor.job_queue import attention, reconciler, shift, slices

TIMES = 20
USERS = 1_000
MOST = 10.0
"""Times the cost without those that are over."""


def measure(table: Table, database: str, finished: int, active: int) -> None:
    """Each round with `active` under way, then the same with `finished` more, whose slices are kept as well."""
    with Site(database) as site:
        later = datetime.now(UTC) + timedelta(hours=1)
        cast.with_shift(site, cast.people(site, active), later, state="remote", remote_id="job")
        rounds: dict[str, Callable[[], object]] = {
            "the reconciler's round": lambda: reconciler.reconcile(site.tools),
            "a look of the shift": lambda: _look(site),
            "shift.ensure": lambda: shift.ensure(site.tools),
        }
        _analyse()
        before = {name: _cost(work) for name, work in rounds.items()}
        owners = cast.people(site, USERS)
        cast.over(site, [owners[n % USERS] for n in range(finished)])
        _analyse()
        for name, work in rounds.items():
            cost = _cost(work)
            what = f"{name}: {active} active, {finished} over ({database})"
            table.add(
                Figure(what, f"{1000 * cost:.1f} ms", f"{1000 * before[name]:.1f} ms, none over", cost / before[name], most=MOST)
            )


def _look(site: Site) -> None:
    for starts in (False, True):
        attention.engines(site.tools, starts=starts)
        attention.due(site.tools, "assemblyai", 48, starts=starts)
    slices.in_flight(site.tools)


def _cost(work: Callable[[], object]) -> float:
    """Seconds, the median of many: the database's own time is in it."""
    taken = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return sorted(taken)[TIMES // 4]


def _analyse() -> None:
    if db.engine.dialect.name == "postgresql":  # autovacuum's part, which comes a minute later
        db.session.execute(text("ANALYZE"))
        db.session.commit()
