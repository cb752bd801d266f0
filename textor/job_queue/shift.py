"""The shift: one job that looks after every slice with a provider, thousands of them, and sleeps for none.

It takes what is due in hand (a lease in the row), has threads make the calls, one short request each, and writes what came of
them, all in one thread. Nothing that matters is in memory: one that dies delays its slices by a lease. It ends after a while, at
a calm moment, and `ensure` hands out a ticket for the next; two at once share the work. Threads, since the official SDKs wait.
"""

import logging
import signal
import threading
import uuid
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from time import monotonic
from types import FrameType

from redis.exceptions import RedisError
from sqlalchemy import exists, select
from sqlalchemy.exc import InterfaceError, OperationalError

from textor import toolbox
from textor.adapters.stt.port import RemoteJob
from textor.domain.job_states import Status
from textor.errors import EngineError, Fenced
from textor.extensions import db
from textor.job_queue import attention, breakers, clocks, discards, news, reconciler, slices, tickets
from textor.job_queue.crew import DEFAULT, Answer, Crew, Terms, Work
from textor.job_queue.hands import Choice, Hands, Said
from textor.job_queue.inbox import Inbox
from textor.job_queue.settling import BROKEN, Desk, Reports
from textor.job_queue.slices import Taken
from textor.models import Discard, Slice, Transcription
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

QUEUE = HANDLER = "shift"
WAKE_KEY = "textor:shift:wake"
LISTENER = "shift-listener"
ALIVE_KEY = "textor:shift:alive"
ALIVE_SECONDS = 5
IN_FLIGHT_PER_SHIFT = 5_000
REDIS_SECONDS = 1.0
"""How long a shift waits for Redis: its leases run while it does."""


def ensure(tools: Toolbox) -> None:
    """Have a shift at work where there is work for one. Called each second by the scheduler, and after each hand-over."""
    if _is_needed():
        in_flight = sum(slices.in_flight(tools).values())
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


def called_back(tools: Toolbox, slice_id: int) -> None:
    """A provider has news of a slice: whoever has the shift asks it at once."""
    if not _tell(tools, slice_id) and slices.wake([slice_id]):
        ensure(tools)
        wake(tools)


def _tell(tools: Toolbox, slice_id: int) -> bool:
    try:
        if not tools.redis.zcount(ALIVE_KEY, clocks.seconds(tools), "+inf"):
            return False
        news.tell(tools, slice_id)
    except RedisError:
        return False
    wake(tools)
    return True


def impatient(tools: Toolbox) -> Toolbox:
    """The tools for a shift, which can do without Redis and must not wait for it."""
    return replace(tools, redis=toolbox.connect_redis(tools.settings.redis_url, REDIS_SECONDS, tries=1))


def run(tools: Toolbox, crew: Crew, terms: Terms = DEFAULT) -> None:
    """Work one shift. SIGTERM ends it early: calls under way are waited for, nothing new is begun."""
    shift = Shift(tools, crew, terms)
    before = signal.signal(signal.SIGTERM, shift.stop) if threading.current_thread() is threading.main_thread() else None
    try:
        shift.run()
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


class Shift:
    """One shift at work. All its methods but `stop` run in one thread."""

    def __init__(self, tools: Toolbox, crew: Crew, terms: Terms) -> None:
        self._tools, self._crew, self._terms = tools, crew, terms
        self._id = uuid.uuid4().hex
        self._inbox = Inbox(terms)
        self._hands, self._desk = Hands(), Desk(tools, crew, terms)
        self._choice = Choice(tools, terms, self._hands)
        self._stop_at: float | None = None
        self._began_at = self._busy_at = self._kept_at = monotonic()
        self._looked_at = 0.0
        self._is_known = True
        self._has_news = threading.Event()
        self._has_news.set()
        self._over = threading.Event()
        self._polls = ThreadPoolExecutor(terms.poll_threads, "poll")
        self._starts = ThreadPoolExecutor(terms.start_threads, "start")

    def stop(self, _signum: int = 0, _frame: FrameType | None = None) -> None:
        """Begin nothing new; end once the calls under way have answered, or after `drain_seconds`."""
        self._stop_at = self._stop_at or monotonic() + self._terms.drain_seconds
        self._inbox.put(None)

    def run(self) -> None:
        """Until the shift is over."""
        threading.Thread(target=self._listen, name=LISTENER, daemon=True).start()
        try:
            self._round()
            while not self._is_over():
                self._round()
            self._leave()
        finally:
            self._over.set()
            for pool in (self._polls, self._starts):
                pool.shutdown(wait=False, cancel_futures=True)
            with suppress(RedisError):
                self._tools.redis.zrem(ALIVE_KEY, self._id)

    def _is_over(self) -> bool:
        now = monotonic()
        if not self._hands.is_empty:
            self._busy_at = now
            return self._stop_at is not None and now >= self._stop_at
        if self._stop_at is not None:
            return True
        # Redis away: nobody could call the next shift
        is_due = now >= self._began_at + self._terms.run_seconds or now - self._busy_at >= self._terms.idle_seconds
        return is_due and self._is_known

    @property
    def _is_closing(self) -> bool:
        """Begins nothing more: it was told to stop, or never came to rest."""
        return self._stop_at is not None or monotonic() >= self._began_at + self._terms.longest_seconds

    def _leave(self) -> None:
        """Polls that nobody waits for any more are due at once, for the next shift. A start may yet reach its provider."""
        now = self._tools.clock.now()
        try:
            self._settle_last()
            slices.ask_again((one, now) for one in self._hands.held.values() if not one.is_start)
        except (OperationalError, InterfaceError):
            db.session.rollback()
        self._desk.tell_of_lost(self._hands)
        for said in self._hands.unsettled:
            if isinstance(said.answer, RemoteJob):
                log.error("%s has taken on job %s, which the database could not be told", said.work.engine, said.answer.id)

    def _settle_last(self) -> None:
        """What was answered while the time to stop ran out."""
        if not self._hands.is_empty:
            self._gather()
            self._desk.clear(self._hands)

    def _round(self) -> None:
        """One turn. The database away: what was answered is kept until it is back."""
        try:
            self._desk.clear(self._hands)
            self._keep_leases()
            if not self._is_closing and self._inbox.is_beat():
                self._take_on()
            reconciler.reconcile_if_due(self._tools)
        except (OperationalError, InterfaceError):
            db.session.rollback()
            log.warning("the database is away, the shift waits for it", exc_info=True)
            self._over.wait(1)
        finally:
            db.session.remove()
        self._gather()
        self._is_known = self._announce()

    def _announce(self) -> bool:
        try:
            self._tools.redis.zadd(ALIVE_KEY, {self._id: clocks.seconds(self._tools) + ALIVE_SECONDS})
        except RedisError:
            return False
        return True

    def _gather(self) -> None:
        """Take all that has come; what it says of the providers is known before it is written down."""
        reports = Reports()
        for said in self._inbox.collect():
            self._hands.unsettled.append(said)
            reports.add(said.work.engine, said.answer)
        reports.send(self._tools)

    def _keep_leases(self) -> None:
        if monotonic() - self._kept_at > self._tools.settings.lease_seconds / 3:
            self._kept_at = monotonic()
            kept = slices.keep(self._tools, list(self._hands.held.values()))
            self._hands.held.update({one.id: one for one in kept})

    def _hear(self) -> None:
        """What providers have called back about becomes due, all in one statement."""
        if self._has_news.is_set():
            self._has_news.clear()
            if found := news.heard(self._tools):
                slices.wake(found)

    def _take_on(self) -> None:
        self._hear()
        hands, now = self._hands, monotonic()
        hands.closed = {engine: until for engine, until in hands.closed.items() if until > now}
        for starts in (False, True):
            engines = [engine for engine in attention.engines(self._tools, starts=starts) if engine not in hands.closed]
            for engine in sorted(engines, key=lambda engine: hands.count(starts=starts, engine=engine)):
                self._begin(self._choice.starts(engine) if starts else self._choice.polls(engine))
        if now - self._looked_at >= 1:
            self._looked_at = now
            self._desk.in_flight = slices.in_flight(self._tools)
            self._move_on()
            self._begin_discards()

    def _move_on(self) -> None:
        """What waits for a provider that is away begins with another engine, where one is set."""
        if not self._tools.settings.failover_engines:
            return
        for engine in attention.engines(self._tools, starts=True):
            error = breakers.last_error(self._tools, engine)
            if not error:
                continue
            for one in attention.due(self._tools, engine, self._terms.most_of_one, starts=True, without=self._hands.held):
                with suppress(Fenced):
                    self._crew.move_on(one, error)

    def _begin(self, taken: Iterable[Taken]) -> None:
        for one in taken:
            self._hands.held[one.id] = one
            self._hands.busy[one.engine] += 1
            pool = self._starts if one.is_start else self._polls
            pool.submit(self._crew.ask, one).add_done_callback(partial(self._answered, one))

    def _begin_discards(self) -> None:
        hands = self._hands
        found = discards.due(self._tools, self._terms.most_discards_in_hand - len(hands.discarding), closed=hands.closed)
        for engine in {one.engine for one in found}:
            admitted = self._choice.admitted(engine, [one for one in found if one.engine == engine])
            for one in discards.take(self._tools, admitted):
                hands.discarding.add(one.id)
                hands.busy[engine] += 1
                self._polls.submit(self._crew.discard, one).add_done_callback(partial(self._answered, one))

    def _answered(self, work: Work, future: "Future[Answer | None]") -> None:
        """In the thread that made the call. What an engine raises without meaning to is final for its slice."""
        if future.cancelled():
            return
        error = future.exception()
        if error is not None and not isinstance(error, EngineError):
            log.error("%s broke over slice %s", work.engine, work.id, exc_info=error)
            error = EngineError(BROKEN)
        self._inbox.put(Said(work, error or future.result()))

    def _listen(self) -> None:
        """In a thread: a wake-up ends the wait for the next tick."""
        while not self._over.is_set():
            try:
                if self._tools.redis.brpop([WAKE_KEY], timeout=1):
                    self._has_news.set()
                    self._inbox.put(None)
            except RedisError:
                self._over.wait(1)


def _is_needed() -> bool:
    """What belongs to a transcription that waits for its turn again is nobody's to touch."""
    under_way = (Slice.transcription_seq == Transcription.seq, Transcription.status == Status.PROCESSING)
    is_due = select(exists(Slice.id).where(slices.wants_attention(), *under_way))
    needed = db.session.scalar(is_due) or db.session.scalar(select(exists(Discard.id)))
    db.session.commit()
    return bool(needed)


def _alive(tools: Toolbox) -> int:
    tools.redis.zremrangebyscore(ALIVE_KEY, "-inf", clocks.seconds(tools))
    return int(str(tools.redis.zcard(ALIVE_KEY)))
