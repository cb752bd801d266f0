"""Waiting for background work, where the answer to a request is its result: the work is a worker's, and whoever waits only looks.

    with waiting.seat("user:1") as seat:
        is_over = seat.is_taken and waiting.until(lambda: ..., seconds)

Nobody holds a connection to the database between two looks. A web process has few threads: only so many of them may wait that
pages and uploads never stand in line behind them; the others do without waiting.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from textor.extensions import db

MOST_AT_ONCE = 8
"""Half of the threads that gunicorn.conf.py gives a web process."""
MOST_EACH = 6
"""One caller never takes the last ones: there is always room for somebody else."""
SHORTEST_SECONDS, LONGEST_SECONDS = 0.05, 1.0
GROWTH = 1.3


class Seats(Protocol):
    """What seats are taken of, and given back to: a semaphore, or a caller's share of a room."""

    def acquire(self, blocking: bool = True) -> bool: ...

    def release(self) -> None: ...


class Seat:
    """Leave to wait, if `is_taken`. It ends with its block, unless it is handed on to whoever goes on waiting after it."""

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self.is_taken = seats.acquire(blocking=False)
        self._is_kept, self._is_left = False, not self.is_taken

    def hand_on(self) -> Callable[[], None]:
        """It outlives its block; the answer ends it."""
        self._is_kept = True
        return self.leave

    def leave(self) -> None:
        """Somebody else may wait; once is enough."""
        if not self._is_left:
            self._is_left = True
            self._seats.release()

    def end(self) -> None:
        """The block is over."""
        if not self._is_kept:
            self.leave()


class Room:
    """So many seats, and so many of them for one caller."""

    def __init__(self, count: int, most_each: int) -> None:
        self._count, self._most_each = count, most_each
        self._taken: Counter[str] = Counter()
        self._turn = Lock()

    def take(self, caller: str) -> bool:
        """One more of them is this caller's, if one is left for them."""
        with self._turn:
            is_free = self._taken.total() < self._count and self._taken[caller] < self._most_each
            self._taken += Counter({caller: int(is_free)})  # those who have none are forgotten
        return is_free

    def leave(self, caller: str) -> None:
        """One of this caller's is free again."""
        with self._turn:
            self._taken -= Counter({caller: 1})

    @contextmanager
    def seat(self, caller: str) -> Iterator[Seat]:
        """A seat where one is free."""
        found = Seat(Share(self, caller))
        try:
            yield found
        except BaseException:
            found.leave()
            raise
        finally:
            found.end()


@dataclass(frozen=True, slots=True)
class Share:
    """What one caller may take of a room's seats. Nobody stands in line for them."""

    room: Room
    caller: str

    def acquire(self, blocking: bool = False) -> bool:
        return self.room.take(self.caller)

    def release(self) -> None:
        self.room.leave(self.caller)


_room = Room(MOST_AT_ONCE, MOST_EACH)
"""This process's."""


def seat(caller: str) -> AbstractContextManager[Seat]:
    """A seat of this process's, where one is free for this caller."""
    return _room.seat(caller)


def until(is_over: Callable[[], bool], seconds: float) -> bool:
    """Look until it is so, for `seconds` at most; whether it is."""
    return any(is_over() for _ in looks(seconds))


def looks(seconds: float | None = None) -> Iterator[float]:
    """The moments to look, with growing pauses between them: how many seconds have passed. Ends after `seconds`."""
    began_at, pause = time.monotonic(), SHORTEST_SECONDS
    while True:
        passed = time.monotonic() - began_at
        yield passed
        let_go()
        left = LONGEST_SECONDS if seconds is None else seconds - passed
        if left <= 0:
            return
        time.sleep(min(pause, left))
        pause = min(pause * GROWTH, LONGEST_SECONDS)


def let_go() -> None:
    """What was looked at needs no connection any more: sending to a slow caller takes its time, too."""
    db.session.rollback()
