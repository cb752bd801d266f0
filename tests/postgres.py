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


@dataclass(frozen=True, slots=True)
class Server:
    """A running server on a socket in `home`."""

    home: Path
    programs: Path

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty database, dropped afterwards; yields its URL."""
        name = f"t{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name}")
        try:
            yield f"postgresql://textor@/{name}?host={self.home}"
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with psycopg.connect(f"postgresql://textor@/postgres?host={self.home}", autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        _call(self.programs / "pg_ctl", "-D", self.home / "db", "-m", "immediate", "stop")
        shutil.rmtree(self.home, ignore_errors=True)


def start() -> Server | None:
    """A new server, or None where PostgreSQL isn't installed."""
    programs = _programs()
    if programs is None:
        return None
    home = Path(tempfile.mkdtemp(prefix="pg"))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(home, "postgres")
    _call(programs / "initdb", "-D", home / "db", "-U", "textor", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off -c max_connections=200"
    options += " -c timezone=Asia/Tehran"  # a machine's own: what is stored must not depend on it
    _call(programs / "pg_ctl", "-D", home / "db", "-w", "-l", home / "log", "-o", options, "start")
    return Server(home, programs)


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
