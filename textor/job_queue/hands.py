"""What a shift has in hand, and how much more of an engine's it may take."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

from redis.exceptions import LockError, RedisError

from textor.job_queue import attention, breakers, slices
from textor.job_queue.crew import Answer, Terms, Work
from textor.job_queue.discards import Due
from textor.job_queue.slices import Taken
from textor.toolbox import Toolbox

CHOOSING_SECONDS = 5

Piece = TypeVar("Piece", Taken, Due)


@dataclass(slots=True)
class Said:
    """What came of a piece of work, how often the database has refused it, and whether it must be written by itself."""

    work: Work
    answer: Answer | None
    refusals: int = 0
    is_alone: bool = False


@dataclass(slots=True)
class Hands:
    """What a shift has in hand. `closed` are engines whose breakers let nothing more through until then (time.monotonic)."""

    held: dict[int, Taken] = field(default_factory=dict)
    discarding: set[int] = field(default_factory=set)
    busy: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    closed: dict[str, float] = field(default_factory=dict)
    unsettled: list[Said] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.held or self.discarding or self.unsettled)

    def count(self, *, starts: bool, engine: str | None = None) -> int:
        """Of an engine, or of all."""
        return sum(one.is_start == starts and engine in {None, one.engine} for one in self.held.values())

    def put_down(self, work: Work) -> None:
        self.busy[work.engine] -= 1
        if isinstance(work, Taken):
            self.held.pop(work.id, None)
        else:
            self.discarding.discard(work.id)


@dataclass(frozen=True, slots=True)
class Choice:
    """As much as threads, the provider's limit and its breaker allow."""

    tools: Toolbox
    terms: Terms
    hands: Hands

    def polls(self, engine: str) -> list[Taken]:
        """Jobs of an engine to look at, taken in hand."""
        return self._take(engine, self._room(engine, self.terms.poll_threads, starts=False), starts=False)

    def starts(self, engine: str) -> list[Taken]:
        """Slices to begin at an engine, taken in hand: no more jobs at once than its provider takes."""
        room, limit = self._room(engine, self.terms.start_threads, starts=True), self._limit(engine)
        if limit is None:
            return self._take(engine, room, starts=True)
        with self._alone(engine) as is_alone:
            if not is_alone:
                return []
            return self._take(engine, min(room, limit - slices.in_flight(self.tools).get(engine, 0)), starts=True)

    def admitted(self, engine: str, found: Sequence[Piece]) -> Sequence[Piece]:
        """As many as the engine's breaker lets through now."""
        if not found:
            return found
        admission = breakers.admit(self.tools, engine, len(found), self.hands.busy[engine])
        if admission.wait_seconds:
            self.hands.closed[engine] = monotonic() + min(1.0, admission.wait_seconds)
        return found[: admission.count]

    def _room(self, engine: str, threads: int, *, starts: bool) -> int:
        count = self.hands.count
        return min(self.terms.most_of_one - count(starts=starts, engine=engine), threads - count(starts=starts))

    def _take(self, engine: str, room: int, *, starts: bool) -> list[Taken]:
        if room <= 0:
            return []
        found = attention.due(self.tools, engine, room, starts=starts, without=self.hands.held)
        return slices.take(self.tools, self.admitted(engine, found))

    def _limit(self, engine: str) -> int | None:
        own, known = dict(self.tools.settings.provider_concurrency), self.tools.engines.get(engine)
        return own.get(engine, known.can().max_in_flight if known else None)

    @contextmanager
    def _alone(self, engine: str) -> Iterator[bool]:
        """Two shifts that count what is in flight at the same moment would both fill the last place. Redis away: one goes on."""
        lock = self.tools.redis.lock(f"textor:shift:choosing:{engine}", timeout=CHOOSING_SECONDS)
        try:
            is_alone = bool(lock.acquire(blocking=False))
        except RedisError:
            is_alone = True
        try:
            yield is_alone
        finally:
            with suppress(RedisError, LockError):
                lock.release()
