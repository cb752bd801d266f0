"""The shift: one job that looks after every slice with a provider, thousands of them, and sleeps for none.

It takes what is due in hand (a lease in the row), has threads make the calls, one short request each, and writes what came of
them, all in one thread. Nothing that matters is in memory: one that dies delays its slices by a lease. It ends after a while, at
a calm moment, and `ensure` hands out a ticket for the next; two at once share the work. Threads, since the official SDKs wait.
"""

import logging
import signal
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from types import FrameType
from typing import TypeVar

from redis.exceptions import RedisError
from sqlalchemy import exists, select
from sqlalchemy.exc import InterfaceError, OperationalError

from textor.adapters.stt.port import RemoteJob
from textor.errors import EngineError
from textor.extensions import db
from textor.job_queue import breakers, clocks, discards, reconciler, slices, tickets
from textor.job_queue.crew import DEFAULT, Answer, Crew, Terms, Work
from textor.job_queue.discards import Due
from textor.job_queue.settling import Desk, Reports
from textor.job_queue.slices import Taken
from textor.models import Discard, Slice
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

QUEUE = HANDLER = "shift"
WAKE_KEY = "textor:shift:wake"
ALIVE_KEY = "textor:shift:alive"
ALIVE_SECONDS = 5
IN_FLIGHT_PER_SHIFT = 5_000

Piece = TypeVar("Piece", Taken, Due)

BROKEN = "Something went wrong inside Textor while it talked to the provider. Try again; if it happens again, tell the operator."


def ensure(tools: Toolbox) -> None:
    """Have a shift at work where there is work for one. Called each second by the scheduler, and after each hand-over."""
    if _is_needed():
        in_flight = sum(slices.in_flight().values())
        with suppress(RedisError):
            if _alive(tools) + len(tickets.waiting(tools, QUEUE)) < 1 + in_flight // IN_FLIGHT_PER_SHIFT:
                tickets.enqueue(tools, QUEUE, HANDLER)


def wake(tools: Toolbox) -> None:
    """There is something to do now: whoever has the shift looks at once."""
    with suppress(RedisError):
        pipeline = tools.redis.pipeline(transaction=False)
        pipeline.lpush(WAKE_KEY, 1)
        pipeline.ltrim(WAKE_KEY, 0, 7)
        pipeline.execute()


def run(tools: Toolbox, crew: Crew, terms: Terms = DEFAULT) -> None:
    """Work one shift. SIGTERM ends it early: calls under way are waited for, nothing new is begun."""
    shift = Shift(tools, crew, terms)
    before = signal.signal(signal.SIGTERM, shift.stop) if threading.current_thread() is threading.main_thread() else None
    try:
        shift.run()
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


@dataclass(slots=True)
class _Hands:
    """What a shift has in hand, and when it looked last."""

    held: dict[int, Taken] = field(default_factory=dict)
    discarding: set[int] = field(default_factory=set)
    busy: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    closed: dict[str, float] = field(default_factory=dict)
    unsettled: list[tuple[Work, Answer | None]] = field(default_factory=list)


class Shift:
    """One shift at work. All its methods but `stop` run in one thread."""

    def __init__(self, tools: Toolbox, crew: Crew, terms: Terms) -> None:
        self._tools, self._crew, self._terms = tools, crew, terms
        self._id = uuid.uuid4().hex
        self._answers: SimpleQueue[tuple[Work, Answer | None] | None] = SimpleQueue()
        self._hands, self._desk = _Hands(), Desk(tools, crew, terms)
        self._stop_at: float | None = None
        self._end_at = monotonic() + terms.run_seconds
        self._busy_at = self._kept_at = monotonic()
        self._looked_at = 0.0
        self._over = threading.Event()
        self._polls = ThreadPoolExecutor(terms.poll_threads, "poll")
        self._starts = ThreadPoolExecutor(terms.start_threads, "start")

    def stop(self, _signum: int = 0, _frame: FrameType | None = None) -> None:
        """Begin nothing new; end once the calls under way have answered, or after `drain_seconds`."""
        self._stop_at = self._stop_at or monotonic() + self._terms.drain_seconds
        self._answers.put(None)

    def run(self) -> None:
        """Until the shift is over."""
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._round()
            while not self._is_over():
                self._round()
        finally:
            self._over.set()
            for pool in (self._polls, self._starts):
                pool.shutdown(wait=False, cancel_futures=True)
            with suppress(RedisError):
                self._tools.redis.zrem(ALIVE_KEY, self._id)

    def _is_over(self) -> bool:
        now = monotonic()
        if self._hands.held or self._hands.discarding or self._hands.unsettled:
            self._busy_at = now
            return self._stop_at is not None and now >= self._stop_at
        return self._stop_at is not None or now >= self._end_at or now - self._busy_at >= self._terms.idle_seconds

    def _round(self) -> None:
        """One turn. The database away: what was answered is kept until it is back."""
        try:
            self._settle()
            self._keep_leases()
            if self._stop_at is None:
                self._take_on()
            reconciler.reconcile_if_due(self._tools)
        except (OperationalError, InterfaceError):
            db.session.rollback()
            log.warning("the database is away, the shift waits for it", exc_info=True)
            self._over.wait(1)
        finally:
            db.session.remove()
        self._gather()
        with suppress(RedisError):
            self._tools.redis.zadd(ALIVE_KEY, {self._id: clocks.seconds(self._tools) + ALIVE_SECONDS})

    def _gather(self) -> None:
        """Wait for an answer, a wake-up or the next tick, then take all that have come."""
        with suppress(Empty):
            answer = self._answers.get(timeout=self._terms.tick_seconds)
            while True:
                if answer:
                    self._hands.unsettled.append(answer)
                answer = self._answers.get_nowait()

    def _settle(self) -> None:
        """Write what was answered. Jobs that providers took on go first: until their ids are committed, a kill costs a call."""
        unsettled, looks, reports = self._hands.unsettled, [], Reports()
        unsettled.sort(key=lambda pair: not isinstance(pair[1], RemoteJob))
        while unsettled:
            work, answer = unsettled[0]
            next_look = self._desk.settle(work, answer)
            if next_look and isinstance(work, Taken):
                looks.append((work, next_look))
            reports.add(work.engine, answer)
            self._put_down(work)
            unsettled.pop(0)
        slices.ask_again(looks)
        reports.send(self._tools)

    def _put_down(self, work: Work) -> None:
        self._hands.busy[work.engine] -= 1
        if isinstance(work, Taken):
            self._hands.held.pop(work.id, None)
        else:
            self._hands.discarding.discard(work.id)

    def _keep_leases(self) -> None:
        if monotonic() - self._kept_at > self._tools.settings.lease_seconds / 3:
            self._kept_at = monotonic()
            kept = slices.keep(self._tools, list(self._hands.held.values()))
            self._hands.held.update({one.id: one for one in kept})

    def _take_on(self) -> None:
        hands, now = self._hands, monotonic()
        hands.closed = {engine: until for engine, until in hands.closed.items() if until > now}
        polls = sum(not one.is_start for one in hands.held.values())
        starts = len(hands.held) - polls
        self._begin(self._due(self._terms.most_polls_in_hand - polls, starts=False))
        self._begin(self._due(self._terms.start_threads - starts, starts=True))
        if now - self._looked_at >= 1:
            self._looked_at = now
            self._desk.in_flight = slices.in_flight()
            found = discards.due(self._tools, self._terms.most_discards_in_hand - len(hands.discarding), closed=hands.closed)
            self._begin_discards(discards.take(self._tools, self._admitted(found)))

    def _due(self, free: int, *, starts: bool) -> list[Taken]:
        if free <= 0:
            return []
        found = slices.due(self._tools, free, starts=starts, without=self._hands.held, closed=self._hands.closed)
        if starts and found:
            found = self._within_limits(found)
        return slices.take(self._tools, self._admitted(found))

    def _within_limits(self, found: Iterable[Taken]) -> list[Taken]:
        """No more jobs at once than a provider takes."""
        left, own = slices.in_flight(), dict(self._tools.settings.provider_concurrency)
        chosen = []
        for one in found:
            limit = own.get(one.engine, self._tools.engines[one.engine].capabilities.max_in_flight)
            is_again = one.state == SliceState.STARTING  # its holder died: it is counted already
            if limit is None or is_again or left.get(one.engine, 0) < limit:
                left[one.engine] = left.get(one.engine, 0) + (not is_again)
                chosen.append(one)
        return chosen

    def _admitted(self, found: Sequence[Piece]) -> list[Piece]:
        """As many of each engine as its breaker lets through now."""
        by_engine: defaultdict[str, list[Piece]] = defaultdict(list)
        for one in found:
            by_engine[one.engine].append(one)
        chosen: list[Piece] = []
        for engine, wanted in by_engine.items():
            admission = breakers.admit(self._tools, engine, len(wanted), self._hands.busy[engine])
            chosen += wanted[: admission.count]
            if admission.wait_seconds:
                self._hands.closed[engine] = monotonic() + min(1.0, admission.wait_seconds)
        return chosen

    def _begin(self, taken: Iterable[Taken]) -> None:
        for one in taken:
            self._hands.held[one.id] = one
            self._hands.busy[one.engine] += 1
            pool = self._starts if one.is_start else self._polls
            pool.submit(self._crew.ask, one).add_done_callback(partial(self._answered, one))

    def _begin_discards(self, taken: Iterable[Due]) -> None:
        for one in taken:
            self._hands.discarding.add(one.id)
            self._hands.busy[one.engine] += 1
            self._polls.submit(self._crew.discard, one).add_done_callback(partial(self._answered, one))

    def _answered(self, work: Work, future: "Future[Answer | None]") -> None:
        """In the thread that made the call. What an engine raises without meaning to is final for its slice."""
        if future.cancelled():
            return
        error = future.exception()
        if error is not None and not isinstance(error, EngineError):
            log.error("%s broke over slice %s", work.engine, work.id, exc_info=error)
            error = EngineError(BROKEN)
        self._answers.put((work, error or future.result()))

    def _listen(self) -> None:
        """In a thread: a wake-up ends the wait for the next tick."""
        while not self._over.is_set():
            try:
                if self._tools.redis.brpop([WAKE_KEY], timeout=1):
                    self._answers.put(None)
            except RedisError:
                self._over.wait(1)


def _is_needed() -> bool:
    needed = db.session.scalar(select(exists().where(Slice.due_at.is_not(None)))) or db.session.scalar(select(exists(Discard.id)))
    db.session.commit()
    return bool(needed)


def _alive(tools: Toolbox) -> int:
    tools.redis.zremrangebyscore(ALIVE_KEY, "-inf", clocks.seconds(tools))
    return int(str(tools.redis.zcard(ALIVE_KEY)))
