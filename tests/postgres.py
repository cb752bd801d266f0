"""A throw-away PostgreSQL server for the suite, from the machine's own binaries."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

MEMORY_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Server:
    """A running server on a socket in `home`."""

    home: Path
    programs: Path

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """A copy of the database `template`, as a rule an empty one, dropped afterwards; yields its URL."""
        name = f"t{uuid.uuid4().hex}"
        with self._administration() as connection:
            # To copy its files takes half the time of the default, which is to log them. Before 15 there was no other way.
            how = "STRATEGY FILE_COPY" if connection.info.server_version >= 150000 else ""
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} {how}".encode())
        try:
            yield self.url(name)
        finally:
            with self._administration() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def url(self, name: str) -> str:
        return f"postgresql://textor@/{name}?host={self.home}"

    def _administration(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres"), autocommit=True)

    def stop(self) -> None:
        _call(self.programs / "pg_ctl", "-D", self.home / "db", "-m", "immediate", "stop")
        shutil.rmtree(self.home, ignore_errors=True)


def name(url: str) -> str:
    """The name of the database at `url`."""
    return url.partition("?")[0].rpartition("/")[2]


def start() -> Server | None:
    """A new server, which no crash needs to survive, or None where PostgreSQL isn't installed."""
    programs = _programs()
    if programs is None:
        return None
    home = Path(tempfile.mkdtemp(prefix="pg", dir=_memory()))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(home, "postgres")
    _call(programs / "initdb", "-D", home / "db", "-U", "textor", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off -c max_connections=200"
    options += " -c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0"
    options += " -c timezone=Asia/Tehran"  # a machine's own: what is stored must not depend on it
    _call(programs / "pg_ctl", "-D", home / "db", "-w", "-l", home / "log", "-o", options, "start")
    return Server(home, programs)


def _memory() -> Path | None:
    """A folder in memory where the machine has a large one: every test makes and drops files for all tables."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and shutil.disk_usage(folder).free >= MEMORY_BYTES else None


def _programs() -> Path | None:
    if found := shutil.which("initdb"):
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return versions[-1] if versions else None


def _call(*command: object) -> None:
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run(
        [str(part) for part in command], check=True, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
