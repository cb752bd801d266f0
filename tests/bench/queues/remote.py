"""One shift with thousands of transcriptions at a provider, through the real SDK."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import ColumnElement, func, select

from tests.bench.queues import cast, plain, turns
from tests.bench.queues.figures import Figure, Spread, Table, megabytes
from tests.bench.queues.launch import PACE
from tests.bench.queues.site import NOTHING, Program, Provider, Site, free_port, wait
from tests.waiting import until
from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import shift
from textor.models import Slice, Transcription
from textor.models.slices import SliceState

ANY_PACE = "0"
SETTLED_SECONDS, SECONDS_TO_END = 5, 40
MOST_OF_A_CORE = 0.6
LATEST_SECONDS, FAR_LATER = 0.5, 2.0
"""When a callback's news should be in the row, and how many times that is far off."""
PLAIN_WORKERS, PLAIN_JOBS = 2, 4
OVER = Transcription.status == Status.COMPLETED


@dataclass
class Bench:
    """A site with a provider, and what is written down about it."""

    site: Site
    provider: Provider
    table: Table
    count: int
    hold_seconds: float


def measure(table: Table, database: str, count: int, hold_seconds: float, *, is_whole: bool) -> None:
    """From the first order to the last text."""
    with Site(database) as site, site.provider() as provider:
        bench, port = Bench(site, provider, table, count, hold_seconds), free_port()
        plain_bytes = _plain_bytes(bench)
        public = {"PUBLIC_URL": f"http://127.0.0.1:{port}"}
        cast.with_shift(site, cast.people(site, count), datetime.now(UTC))
        with _shift(site, public) as running:
            _ramp(bench, running)
        if is_whole:
            with _shift(site) as running:
                _hold(bench, running, "the engine's own pace")
                _see(bench, running, count // 10, 20, None)
            with _shift(site, {PACE: ANY_PACE}) as running:
                _hold(bench, running, "any pace")
        with site.web(port) as web, _shift(site, public) as running:
            _compare(bench, _hold(bench, running, "callbacks"), plain_bytes)
            _see(bench, running, count // 5, SECONDS_TO_END, web)
            print(*running.complaints()[:5], sep="\n")


@contextmanager
def _shift(site: Site, more: Mapping[str, str] = NOTHING) -> Iterator[Program]:
    """One worker of the queue `shift`, at work, and the scheduler that hands it its tickets."""
    scheduler = ("-m", "tests.bench.queues.launch", "--scheduler")
    with site.workers(shift.QUEUE, more=more) as running, site.program("scheduler", *scheduler, more=more):
        until(lambda: site.tools.redis.zcard(shift.ALIVE_KEY), "a shift is at work", 60)
        yield running


def _ramp(bench: Bench, running: Program) -> None:
    """All are ordered."""
    before, begin = running.usage(), time.monotonic()
    wait(lambda: bench.provider.in_flight() >= bench.count, "all are in flight", 600)
    seconds = time.monotonic() - begin
    wait(lambda: _count(Slice.state == SliceState.REMOTE) == bench.count, "all have their number", 60)
    cpu_seconds = running.usage().cpu_seconds - before.cpu_seconds
    assert bench.provider.noted("submit") == bench.count + PLAIN_JOBS, "something was ordered twice"
    bench.table.add(Figure(f"{bench.count} ordered, one shift process", f"{bench.count / seconds:.0f}/s"))
    bench.table.add(Figure("  CPU for an order", f"{1000 * cpu_seconds / bench.count:.1f} ms"))


def _hold(bench: Bench, running: Program, how: str) -> int:
    """Nothing happens but looks; how many bytes all processes of the worker hold."""
    time.sleep(SETTLED_SECONDS)  # looks that had come due meanwhile
    before, calls = running.usage(), bench.provider.noted("check")
    time.sleep(bench.hold_seconds)
    after, looks = running.usage(), bench.provider.noted("check") - calls
    share, seconds = after.share_since(before), after.at - before.at
    what = f"{bench.provider.in_flight()} in flight, {how}: {looks / seconds:.0f} looks/s"
    most = MOST_OF_A_CORE if how != "any pace" else None
    bench.table.add(Figure(what, f"{share:.0f} % of a core", "", share / 100, most=most))
    memory = f"{megabytes(running.largest_bytes())}, all {megabytes(after.bytes)}"
    bench.table.add(Figure("  memory of the shift, of its worker's processes", memory))
    if looks > bench.hold_seconds:
        bench.table.add(Figure("  CPU for a look", f"{1000 * (after.cpu_seconds - before.cpu_seconds) / looks:.1f} ms"))
    return after.bytes


def _see(bench: Bench, running: Program, count: int, seconds: float, web: Program | None) -> None:
    """Jobs end, and the web is called back or there is none; how long until their texts are in the rows."""
    programs = [running, web] if web else [running]
    begin, before = datetime.now(UTC), [one.usage() for one in programs]
    in_flight = bench.provider.in_flight()
    bench.provider.end(count, seconds, calls_back=web is not None)
    wait(partial(_are_over, begin, count), "all are seen", seconds + 300)
    shares = [one.usage().share_since(earlier) for one, earlier in zip(programs, before, strict=True)]
    spread = _seen_after(bench.provider.ended(), begin)
    what = f"{count} of {in_flight} end in {seconds:.0f} s, {'callbacks' if web else 'looks'}: seen p50/p99"
    ratio = spread.p99 / LATEST_SECONDS if web else None
    bench.table.add(Figure(what, str(spread), "", ratio, most=FAR_LATER if web else None))
    bench.table.add(
        Figure(f"  CPU of the shift{' and the web' if web else ''}", " and ".join(f"{share:.0f} %" for share in shares))
    )


def _seen_after(ended: dict[str, float], begin: datetime) -> Spread:
    rows = db.session.execute(
        select(Transcription.remote_id, Transcription.finished_at).where(Transcription.finished_at >= begin)
    ).all()
    db.session.commit()
    return Spread([row.finished_at.timestamp() - ended[row.remote_id] for row in rows])


def _are_over(begin: datetime, count: int) -> bool:
    return _count(OVER, Transcription.finished_at >= begin) >= count


def _count(*conditions: ColumnElement[bool]) -> int:
    found: int = db.session.execute(select(func.count()).where(*conditions)).scalar_one()
    db.session.commit()
    return found


def _plain_bytes(bench: Bench) -> float:
    """What plain workers hold in memory, each for the one job that it sleeps for."""
    site, provider = bench.site, bench.provider
    held = 0
    with site.plain_workers(PLAIN_WORKERS) as running:
        begin = datetime.now(UTC)
        turns.send(site, plain.wait, cast.queue(site, cast.people(site, PLAIN_JOBS), {"engine": "assemblyai"}))
        for done in range(PLAIN_WORKERS, PLAIN_JOBS + 1, PLAIN_WORKERS):
            wait(lambda: provider.in_flight() == PLAIN_WORKERS, "plain workers wait", 60)
            held = sum(one.usage().bytes for one in running)
            provider.end(PLAIN_WORKERS, 1, calls_back=False)
            wait(partial(_are_over, begin, done), "texts are there", 60)
    return held / PLAIN_WORKERS


def _compare(bench: Bench, held: int, plain_bytes: float) -> None:
    count, each = bench.count, held / bench.count
    bench.table.add(Figure("in flight for one worker process", f"{count}", "1", float(count), least=count / 2))
    what, ratio = "memory for a job in flight", each / plain_bytes
    bench.table.add(Figure(what, f"{each / 1000:.0f} kB", f"{plain_bytes / 1000:.0f} kB", ratio, most=100 / count))
