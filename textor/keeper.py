"""Keeps child processes alive: starts them in order, passes their lines on under their names, starts again what died, stops all
in the opposite order, each in bounded time.

One thread and no event loop library: a process that forks must have no threads. Used by `make run` for the servers and by
`python worker.py` for the workers of all queues.
"""

import os
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from textor.errors import TextorError
from textor.processes import Child

TICK_SECONDS = 0.1
LONGEST_LINE_BYTES = 64 * 1024
STDOUT = 1


@dataclass(frozen=True, slots=True)
class Program:
    """Something to keep running; one that `is_once` may end. One that isn't labelled puts names before its lines itself."""

    name: str
    start: Callable[[], Child]
    grace_seconds: float = 10.0
    is_labelled: bool = True
    is_once: bool = False


@dataclass(slots=True)
class _Running:
    program: Program
    child: Child | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    quick_deaths: int = 0
    is_over: bool = False


class Keeper:
    """Runs `groups` of programs: a group starts after the one before it and stops before it, its members together.

    It gives up on one that dies `patience` times in a row, each time within `quick_seconds`.
    """

    def __init__(self, groups: Sequence[Sequence[Program]], *, patience: int = 5, quick_seconds: float = 10.0) -> None:
        self._groups = [[_Running(program) for program in group] for group in groups]
        self._width = max(len("textor"), *(len(program.name) for group in groups for program in group))
        self._patience = patience
        self._quick_seconds = quick_seconds
        self._selector = selectors.DefaultSelector()
        self._partial: dict[int, bytes] = {}
        self._stops_asked = 0
        self._has_given_up = False

    def run(self, each_tick: Callable[[], None] = lambda: None) -> int:
        """Start everything and keep it so until SIGTERM, SIGINT or SIGHUP; 0 then, 1 where a program wouldn't stay up."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            for running in self._all():
                self._start(running)
            while not self._is_ending:
                self._tick()
                each_tick()
        finally:
            self._stop_all()
        return int(self._has_given_up)

    def say(self, line: str) -> None:
        """A line of our own among the others."""
        self._write("textor", line.encode())

    def _all(self) -> list[_Running]:
        return [running for group in self._groups for running in group]

    @property
    def _is_ending(self) -> bool:
        return self._stops_asked > 0 or self._has_given_up

    def _ask_to_stop(self, number: int, _frame: object) -> None:
        """Asked again by Ctrl-C it hurries. A second SIGTERM is no impatience: a host that tells every process sends one, and
        whoever keeps this keeper another."""
        if number == signal.SIGINT or not self._stops_asked:
            self._stops_asked += 1

    def _start(self, running: _Running) -> None:
        if self._is_ending:
            return
        running.started_at = time.monotonic()
        running.child = running.program.start()
        if running.child.output is not None:
            os.set_blocking(running.child.output, False)
            self._selector.register(running.child.output, selectors.EVENT_READ, running.program)

    def _tick(self) -> None:
        self._pass_lines_on()
        for running in self._all():
            if running.is_over:
                continue
            if running.child is None:
                self._start_again(running)
            elif (code := running.child.poll()) is not None:
                self._bury(running, code)

    def _bury(self, running: _Running, code: int) -> None:
        """A death nobody asked for: note when to start again, or give up."""
        self._kill(running)  # what it left behind may hold its port
        running.child = None
        running.is_over = running.program.is_once
        self._pass_lines_on()
        was_quick = time.monotonic() - running.started_at < self._quick_seconds
        running.quick_deaths = running.quick_deaths + 1 if was_quick else 1
        if self._is_ending or running.is_over:
            return
        name, times = running.program.name, running.quick_deaths
        if times >= self._patience:
            self.say(f"{name} {_cause(code)}, {times} times in a row. Its own lines above say why. Stopping.")
            self._has_given_up = True
            return
        delay = 0.5 * 2 ** (times - 1)
        running.due_at = time.monotonic() + delay
        self.say(f"{name} {_cause(code)}; it starts again in {delay:g} s.")

    def _start_again(self, running: _Running) -> None:
        if time.monotonic() < running.due_at:
            return
        try:
            self._start(running)
        except (TextorError, OSError) as error:
            self.say(str(error))
            self._bury(running, 1)

    def _stop_all(self) -> None:
        for group in reversed(self._groups):
            self._stop(group)
        while self._pass_lines_on(0):  # the last words
            pass
        self._selector.close()

    def _stop(self, group: list[_Running]) -> None:
        """SIGTERM to all of a group; what is still there after its grace, or at a second Ctrl-C, is ended."""
        asked_before, began_at = max(self._stops_asked, 1), time.monotonic()
        alive = self._alive(group)
        for running in alive:
            if running.child:
                os.kill(running.child.pid, signal.SIGTERM)
        while alive:
            self._pass_lines_on()
            is_hurried = self._stops_asked > asked_before
            late = [one for one in alive if is_hurried or time.monotonic() - began_at > one.program.grace_seconds]
            for running in late:
                self.say(f"{running.program.name} did not stop in time and was ended.")
                self._kill(running)
            alive = [one for one in self._alive(group) if one not in late]
        for running in group:
            self._kill(running)  # stragglers of its process group

    @staticmethod
    def _alive(group: list[_Running]) -> list[_Running]:
        return [running for running in group if running.child and running.child.poll() is None]

    @staticmethod
    def _kill(running: _Running) -> None:
        if running.child:
            running.child.kill()

    def _pass_lines_on(self, seconds: float = TICK_SECONDS) -> bool:
        """What children have written, after waiting for it a little. False: nothing."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            block = self._read(key.fd)
            self._pass_on(key.data, key.fd, block)
            if not block:
                self._selector.unregister(key.fd)
                os.close(key.fd)
        return bool(ready)

    def _pass_on(self, program: Program, handle: int, block: bytes) -> None:
        """Whole lines at once; the beginning of one waits for its end, or the end of everything (an empty block)."""
        *lines, rest = (self._partial.pop(handle, b"") + block).split(b"\n")
        if block and len(rest) < LONGEST_LINE_BYTES:
            self._partial[handle] = rest
        elif rest:
            lines.append(rest)
        for line in lines:
            self._write(program.name if program.is_labelled else "", line)

    @staticmethod
    def _read(handle: int) -> bytes:
        try:
            return os.read(handle, LONGEST_LINE_BYTES)
        except OSError:
            return b""

    def _write(self, name: str, line: bytes) -> None:
        label = f"{name:{self._width}} | ".encode() if name else b""
        with suppress(OSError):  # a closed terminal must not end what runs behind it
            os.write(STDOUT, label + line + b"\n")


def _cause(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
