"""Child processes: another program, or a copy of this one. Neither outlives its parent (on Linux)."""

import ctypes
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

PR_SET_PDEATHSIG = 1
CAN_FORK = hasattr(os, "fork")
REAP_SECONDS = 5  # the kernel ends what was killed at once, unless it waits for a disk

# Looked up here, before any fork: loading a library between fork and exec can deadlock.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

# Run in the child instead of a `preexec_fn`, which is unsafe as soon as the parent has a second thread.
_BOUND = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() == int(sys.argv[1]):  # else the parent died before the kernel was asked
    os.execv(sys.argv[2], sys.argv[2:])
"""


def bound(command: Sequence[str]) -> list[str]:
    """The same command, ended by the kernel (Linux) when this process dies. `command[0]` is a full path."""
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _BOUND, str(os.getpid()), *command]


def end_with_parent(parent: int, number: int) -> None:
    """In a forked child (Linux): let the kernel send it `number` when `parent` dies, and end if that has happened already."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)


class Child(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def output(self) -> int | None:
        """Where its lines can be read, None where they go elsewhere."""

    def poll(self) -> int | None:
        """Its exit code (negative: the signal that ended it), None while it runs."""

    def kill(self) -> None:
        """End it and what it left behind at once."""


@dataclass(slots=True)
class Executed:
    """Another program, leading a process group of its own: Ctrl-C in the terminal doesn't reach it."""

    process: subprocess.Popen[bytes]
    output: int | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.poll()

    def kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(REAP_SECONDS)


@dataclass(slots=True)
class Forked:
    """A copy of this process at work on a function: what is imported here is shared with it."""

    pid: int
    output: int | None
    code: int | None = None

    def poll(self) -> int | None:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def kill(self) -> None:
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def execute(command: Sequence[str]) -> Executed:
    """Start a program whose output is passed on."""
    readable, writable = os.pipe()
    process = subprocess.Popen(  # noqa: S603 - our own programs
        bound(command),
        stdin=subprocess.DEVNULL,
        stdout=writable,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    os.close(writable)
    return Executed(process, readable)


def fork(work: Callable[[], None]) -> Forked:
    """Start a copy of this process that does `work` and ends."""
    readable, writable = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        os.close(writable)
        return Forked(pid, readable)
    code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        end_with_parent(parent, signal.SIGTERM)
        os.dup2(writable, 1)
        os.dup2(writable, 2)
        work()
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    finally:  # of a process: whatever went wrong is said, then it is gone
        with suppress(OSError):  # the parent may be gone, and the pipe with it
            if sys.exc_info()[0]:
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
