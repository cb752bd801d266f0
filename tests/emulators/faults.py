"""What can go wrong at a provider, switched on and off while its emulator runs."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock


@dataclass
class Fault:
    """One thing that goes wrong with the events of the kinds `on` (none named: every request).

    It lasts for `calls` events and for `seconds`, or until it is mended. What happens to a request: it waits for `delay` seconds,
    is answered with `status` (and `retry_after` as its header) or with `body` as it stands, or its connection is `reset`. Some
    kinds are no requests: what those make of a fault, their emulator says.
    """

    on: str | Sequence[str] = ()
    calls: int | None = None
    seconds: float | None = None
    delay: float = 0.0
    status: int | None = None
    retry_after: int | str | None = None
    error: str = ""
    body: str | None = None
    reset: bool = False
    is_done_first: bool = False
    """The request is carried out and only its answer is lost."""

    def __post_init__(self) -> None:
        self.kinds = frozenset([self.on] if isinstance(self.on, str) else self.on)
        self._began = time.monotonic()

    @property
    def is_slowness(self) -> bool:
        """The answer is late and right."""
        return not (self.reset or self.status or self.body is not None)

    @property
    def is_over(self) -> bool:
        return self.calls == 0 or (self.seconds is not None and time.monotonic() - self._began > self.seconds)


class Faults:
    """The faults that are on. Used from the server's thread and from a test's."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._on = list(faults)
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._on.append(fault)

    def mend(self) -> None:
        with self._lock:
            self._on.clear()

    def take(self, kind: str, *, is_request: bool = True) -> Fault | None:
        """The first fault that strikes this event, counted as used."""
        if not self._on:  # the case that has to be fast
            return None
        with self._lock:
            self._on = [fault for fault in self._on if not fault.is_over]
            for fault in self._on:
                if kind in fault.kinds or (is_request and not fault.kinds):
                    fault.calls = None if fault.calls is None else fault.calls - 1
                    return fault
        return None
