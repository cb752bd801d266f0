"""Where a shift's threads put what was answered, collected in beats: one round serves many answers."""

from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic

from textor.adapters.stt.port import RemoteJob
from textor.job_queue.crew import Terms
from textor.job_queue.hands import Said


class Inbox:
    """Threads `put`; the shift alone does the rest. None is a wake-up."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._come: SimpleQueue[Said | None] = SimpleQueue()
        self._beat_at = 0.0
        self._is_early = False

    def put(self, said: Said | None) -> None:
        self._come.put(said)

    def is_beat(self) -> bool:
        """Whether a beat is over since this last was True: time to look for new work."""
        now = monotonic()
        self._is_early = now < self._beat_at
        if not self._is_early:
            self._beat_at = now + self._terms.beat_seconds
        return not self._is_early

    def collect(self) -> list[Said]:
        """Waits for an answer, a wake-up or the next tick, and then for the end of the beat. A job that a provider has taken on
        waits for nothing: until its id is committed, a kill costs a call."""
        come: list[Said] = []
        seconds = self._left() if self._is_early else self._terms.tick_seconds
        with suppress(Empty):
            while True:
                said = self._come.get(timeout=seconds)
                if said:
                    come.append(said)
                is_urgent = any(isinstance(one.answer, RemoteJob) for one in come[-1:])
                seconds = 0.0 if is_urgent else min(seconds, self._left())
        return come

    def _left(self) -> float:
        return max(0.0, self._beat_at - monotonic())
