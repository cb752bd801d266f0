"""Whose turn it is: from one's end to the next one's start, from an upload to its start, and who waits for a heavy user."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from redis import Redis
from rq import Queue
from sqlalchemy import select

from tests.bench.queues import cast, plain
from tests.bench.queues.figures import Figure, Spread, Table, time_of
from tests.bench.queues.launch import PLAIN, TIME
from tests.bench.queues.site import Site
from tests.waiting import until
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.recordings import intake
from textor.job_queue import lanes
from textor.models import Transcription

HEAVY_SECONDS = 0.1
SLOWEST_HAND_OVER = 5.0
"""Times a plain queue's, which does nothing between two jobs."""
MOST_STEPS = 2
LONGEST_WAIT = 0.25
"""Of what the light user waits in one queue for all."""


@dataclass(frozen=True)
class Times:
    """Of one transcription."""

    seq: int
    created: datetime
    started: datetime
    finished: datetime


def measure_hand_over(table: Table, count: int) -> None:
    """One user's queue, and uploads that find nobody before them."""
    with Site("sqlite") as site:
        owner = cast.people(site, 1)[0]
        with site.workers("speech"):
            seqs = cast.queue(site, [owner] * count)
            lanes.dispatch(site.tools, owner)
            ours = _gaps(wait(seqs))
            first = Spread([_seconds(_upload(site, owner)) for _ in range(count // 4)])
        with site.plain_workers():
            seqs = cast.queue(site, [owner] * count)
            send(site, plain.hear, seqs)
            theirs = _gaps(wait(seqs))
    ratio = ours.p50 / theirs.p50
    table.add(Figure("one ends, the user's next starts: p50/p99", str(ours), str(theirs), ratio, most=SLOWEST_HAND_OVER))
    table.add(Figure("an upload begins, its transcription starts: p50/p99", str(first)))


def measure_fairness(table: Table, count: int) -> None:
    """A user with `count` queued, then another with one."""
    with Site("sqlite") as site:
        heavy, light = cast.people(site, 2)
        with site.workers("speech", more={TIME: str(HEAVY_SECONDS)}):
            seqs = cast.queue(site, [heavy] * count)
            lanes.dispatch(site.tools, heavy)
            wait(seqs[:3])
            last = cast.queue(site, [light])
            lanes.dispatch(site.tools, light)
            one = wait(last)[0]
            begun = [row for row in _times(seqs) if one.created <= row.started < one.started]
        db.session.query(Transcription).delete()
        db.session.commit()
        with site.plain_workers(more={TIME: str(HEAVY_SECONDS)}):
            seqs = cast.queue(site, [heavy] * count)
            send(site, plain.hear, seqs)
            wait(seqs[:3])
            last = cast.queue(site, [light])
            send(site, plain.hear, last)
            behind = wait(last)[0]
            before = [row for row in _times(seqs) if behind.created <= row.started < behind.started]
    ours, theirs = _wait_of(one), _wait_of(behind)
    what = f"one file behind another user's {count}: waits"
    table.add(Figure(what, time_of(ours), time_of(theirs), ours / theirs, most=LONGEST_WAIT))
    table.add(
        Figure("  steps of the other user that go first", str(len(begun)), str(len(before)), len(begun) / 1, most=MOST_STEPS)
    )


def send(site: Site, work: Callable[[int], None], seqs: Sequence[int]) -> None:
    """To the plain worker."""
    queue = Queue(PLAIN, connection=Redis.from_url(site.settings.redis_url))
    for seq in seqs:
        queue.enqueue(work, seq, result_ttl=60, job_timeout=600)


def _upload(site: Site, owner: int) -> Times:
    path = cast.sound(site.home)
    with intake.spool(site.tools) as spool:
        spool.write(path.read_bytes())
        row = intake.accept(site.tools, owner, spool, "a recording.wav", intake.Choice(engine="timed"))
    return wait([row.seq])[0]


def wait(seqs: Sequence[int]) -> list[Times]:
    """Until all are over."""
    until(lambda: len(_times(seqs)) == len(seqs), "all are over", 300)
    return _times(seqs)


def _times(seqs: Sequence[int]) -> list[Times]:
    """Of those that are over."""
    columns = (Transcription.seq, Transcription.created_at, Transcription.started_at, Transcription.finished_at)
    rows = db.session.execute(
        select(*columns)
        .where(Transcription.seq.in_(seqs), Transcription.status == Status.COMPLETED)
        .order_by(Transcription.started_at)
    ).all()
    db.session.commit()
    return [Times(row.seq, row.created_at, row.started_at or row.created_at, row.finished_at or row.created_at) for row in rows]


def _gaps(times: Sequence[Times]) -> Spread:
    return Spread([(after.started - before.finished).total_seconds() for before, after in pairwise(times)])


def _seconds(one: Times) -> float:
    return (one.started - one.created).total_seconds()


def _wait_of(one: Times) -> float:
    return max(0.001, _seconds(one))
