"""The processes of a chaos run, in a folder of their own: Redis, database, provider, two webs, two machines with workers.

Whatever dies is started again after a moment, as a supervisor would. All are started from the main thread, since the kernel ends
them with the thread that started them.
"""

import logging
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from tests import postgres
from tests.chaos import launch, provider, sabotage
from tests.chaos.provider import KEY
from tests.conftest import FIXTURES
from textor import embedded_redis
from textor import settings as settings_module
from textor.app import create_app
from textor.extensions import db
from textor.processes import bound
from textor.settings import Settings
from textor.toolbox import Toolbox

ROOT = Path(__file__).parents[2]
LEASE_SECONDS = 3
READY_SECONDS = 90
STOP_SECONDS = 30
MOMENT_SECONDS = (0.1, 1.5)
TAIL_LINES = 40

QUEUES = ("speech", "remote", "shift")
WEB = (sys.executable, "-u", "-m", "gunicorn", "tests.chaos.launch:web()")
MACHINE = (sys.executable, "-u", "-m", "tests.chaos.launch", *QUEUES, "--scheduler")
PROVIDER = (sys.executable, "-u", "-m", provider.__name__)


@dataclass
class Unit:
    """A program that is kept running."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    due_at: float = 0.0
    deaths: int = 0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                bound(self.command),
                env=dict(self.environ),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def send(self, number: int) -> None:
        """To the program alone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def end(self) -> None:
        """At once, with all that it has left behind in its group."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()

    def tend(self, dice: random.Random) -> None:
        """Start it again once it has been dead for a moment."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        if not self.due_at:
            self.end()  # what it left behind may hold its port
            self.deaths += 1
            self.due_at = now + dice.uniform(*MOMENT_SECONDS)
        elif now >= self.due_at:
            self.due_at = 0.0
            self.start()


@dataclass
class Site:
    """Everything that runs. `database` is sqlite or postgresql, `broken` a kind of sabotage."""

    home: Path
    database: str
    broken: str = ""
    units: list[Unit] = field(default_factory=list)
    server: postgres.Server | None = None
    provider_url: str = ""

    def __post_init__(self) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.dice = random.Random(1)
        self.ports = _free_ports(2)
        self.data = self.home / "data"
        self.crew = self.home / "crew"
        self.logs = self.home / "logs"
        for folder in (self.data, self.crew, self.logs):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def webs(self) -> list[str]:
        """Where the two webs answer."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    def start(self) -> None:
        """Returns once both webs answer and both machines work."""
        self._start_provider()
        if self.database == "postgresql":
            self.server = postgres.start()
        self.settings = self._settings()
        self.tools: Toolbox = launch.tools_of(self.settings)
        self.start_redis()
        self._make_tables()
        for n, port in enumerate(self.ports, 1):
            self._run(f"web{n}", WEB, {"PORT": str(port)})
        for name in ("machine1", "machine2"):
            self._run(name, MACHINE, {})
        self._wait(self._is_ready, "the webs and the workers are ready")

    def stop(self) -> None:
        """Ends all of it, whatever state it is in."""
        for pid in self.workers():
            _signal(pid, signal.SIGCONT)
        for unit in self.units:
            unit.end()
        self.kill_redis()
        if hasattr(self, "tools"):
            self.tools.redis.close()
        if self.server:
            self.server.stop()

    def tend(self) -> None:
        """Start again what has died; call it often."""
        for unit in self.units:
            unit.tend(self.dice)

    def unit(self, name: str) -> Unit:
        return next(unit for unit in self.units if unit.name == name)

    def workers(self, queue: str = "") -> list[int]:
        """The processes that serve a queue (or are the `scheduler`); without one, all of them."""
        found = []
        for note in self.crew.iterdir():
            pid = int(note.name)
            if not psutil.pid_exists(pid):
                note.unlink(missing_ok=True)
            elif queue in {"", note.read_text(encoding="utf-8")}:
                found.append(pid)
        return sorted(found)

    def start_redis(self) -> None:
        self.redis = embedded_redis.start(self.data)

    def kill_redis(self) -> None:
        server = getattr(self, "redis", None)
        if server:
            server.process.kill()
            server.process.wait()

    def empty_redis(self) -> None:
        """What it kept on its disk; while it is down."""
        shutil.rmtree(self.data / "redis" / "appendonlydir", ignore_errors=True)

    def restart_postgres(self) -> None:
        """As after a crash: nobody is asked, connections break."""
        assert self.server
        folder = self.server.home / "db"
        postgres._call(self.server.programs / "pg_ctl", "-D", folder, "-w", "-m", "immediate", "restart", "-l", folder / "log")

    def tails(self) -> str:
        """The last lines of every log."""
        parts = []
        for log in sorted(self.logs.iterdir()):
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
            parts.append("\n".join([f"--- {log.name}", *lines]))
        return "\n".join(parts)

    def _settings(self) -> Settings:
        url = f"postgresql://textor@/postgres?host={self.server.home}" if self.server else f"sqlite:///{self.data}/textor.db"
        self.environ = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(self.data),
            "DATABASE_URL": url,
            "SECRET_KEY": "the secret of a chaos run, never used elsewhere",
            "WHISPER_MODELS_DIR": str(FIXTURES / "tiny_whisper"),
            "DEFAULT_ENGINE": "quick",
            "ASSEMBLYAI_API_KEY": KEY,
            "ASSEMBLYAI_BASE_URL": self.provider_url,
            "PUBLIC_URL": self.webs[0],
            "LEASE_SECONDS": str(LEASE_SECONDS),
            "MAX_ATTEMPTS": "20",
            "UNDO_SECONDS": "20",
            "SLICE_MINUTES": "1",
            "WEB_CONCURRENCY": "1",
            "WORKERS": "1",
            "CHAOS_CREW": str(self.crew),
            "CHAOS_SABOTAGE": self.broken,
        }
        return settings_module.load(self.environ)

    def _make_tables(self) -> None:
        sabotage.before_tables(self.broken)
        app = create_app(self.settings, self.tools)
        with app.app_context():
            db.create_all()
            db.engine.dispose()

    def _start_provider(self) -> None:
        self.environ = {"PATH": os.environ["PATH"]}
        self._run("provider", PROVIDER, {})
        log = self.logs / "provider.log"
        self._wait(lambda: log.exists() and log.read_text(encoding="utf-8").endswith("\n"), "the provider answers")
        self.provider_url = log.read_text(encoding="utf-8").split()[0]

    def _run(self, name: str, command: Sequence[str], more: Mapping[str, str]) -> None:
        unit = Unit(name, command, self.environ | dict(more), self.logs / f"{name}.log")
        self.units.append(unit)
        unit.start()

    def _is_ready(self) -> bool:
        with suppress(httpx.HTTPError):
            answers = [httpx.get(f"{web}/health", timeout=2).status_code for web in self.webs]
            return max(answers) < 500 and all(len(self.workers(queue)) == 2 for queue in QUEUES)
        return False

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            dead = [unit.name for unit in self.units if unit.process and unit.process.poll() is not None]
            if dead or time.monotonic() > deadline:
                raise RuntimeError(f"never came true: {what}; dead: {dead}\n{self.tails()}")
            time.sleep(0.1)


def children(pid: int) -> list[int]:
    """The work-horses of a worker."""
    with suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
