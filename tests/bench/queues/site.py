"""The processes of a bench, in a folder of their own: Redis, database, provider, web, workers; and what they use of the CPU."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from tests import postgres
from tests.bench.queues import launch, provider
from tests.laws import ROOT
from tests.waiting import until
from textor import embedded_redis
from textor import settings as settings_module
from textor.app import create_app
from textor.extensions import db
from textor.job_queue import worker as workers
from textor.processes import bound

READY_SECONDS = 90
STOP_SECONDS = 40
PAUSE_SECONDS = 0.5
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Usage:
    """What a program and its children had used of the CPU at a moment, and hold in memory."""

    at: float
    cpu_seconds: float
    bytes: int

    def share_since(self, earlier: "Usage") -> float:
        """Of one core, in percent."""
        return 100 * (self.cpu_seconds - earlier.cpu_seconds) / (self.at - earlier.at)


@dataclass
class Program:
    """A process that the bench has started."""

    process: subprocess.Popen[bytes]
    log: Path

    def usage(self) -> Usage:
        cpu_seconds = held = 0.0
        root = psutil.Process(self.process.pid)
        for one in [root, *root.children(recursive=True)]:
            with suppress(psutil.Error):
                times = one.cpu_times()
                cpu_seconds += times.user + times.system + times.children_user + times.children_system
                held += one.memory_full_info().pss
        return Usage(time.monotonic(), cpu_seconds, int(held))

    def largest_bytes(self) -> int:
        """What the largest of its processes holds, as the kernel counts it."""
        root = psutil.Process(self.process.pid)
        found = [0]
        for one in root.children(recursive=True):
            with suppress(psutil.Error):
                found.append(one.memory_info().rss)
        return max(found)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def complaints(self) -> list[str]:
        """Lines of its log that aren't information."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if any(word in line for word in (" ERROR", " WARNING", "Traceback"))]


@dataclass
class Site:
    """An instance of Textor with nothing in it. Its own context is on: rows can be read and written."""

    database: str
    home: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="queues")))

    def __enter__(self) -> Self:
        self._ends = ExitStack()
        with ExitStack() as undo:
            self._enter(undo)
            self._ends = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _enter(self, ends: ExitStack) -> None:
        ends.callback(subprocess.run, ["rm", "-rf", str(self.home)], check=False)
        self.data = self.home / "data"
        self.data.mkdir()
        redis = embedded_redis.start(self.data)
        ends.callback(redis.stop)
        self.environ = {
            "PATH": os.environ["PATH"],
            "NO_PROXY": "127.0.0.1",
            "DATA_DIR": str(self.data),
            "DATABASE_URL": self._database_url(ends),
            "REDIS_URL": redis.url,
            "SECRET_KEY": "the secret of a bench, never used elsewhere",
            "ASSEMBLYAI_API_KEY": provider.KEY,
            "DEFAULT_ENGINE": "timed",
            "MAX_UPLOAD_MB": "10",
            "LOG_LEVEL": "WARNING",
        }
        self.settings = settings_module.load(self.environ)
        self.tools = launch.tools_of(self.settings)
        app = create_app(self.settings, self.tools)
        ends.enter_context(app.app_context())
        db.create_all()
        ends.callback(db.engine.dispose)
        ends.callback(db.session.remove)

    def _database_url(self, ends: ExitStack) -> str:
        if self.database == "sqlite":
            return f"sqlite:///{self.data}/textor.db"
        server = postgres.start()
        assert server, "PostgreSQL is not on this machine"
        ends.callback(server.stop)
        return ends.enter_context(server.database())

    @contextmanager
    def program(self, name: str, *command: str, more: Mapping[str, str] = NOTHING) -> Iterator[Program]:
        """A program that runs until the end of the block."""
        log = self.home / f"{name}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                bound([sys.executable, "-u", *command]), cwd=ROOT, env=self.environ | dict(more), stdout=out, stderr=out
            )
        running = Program(process, log)
        try:
            yield running
        finally:
            running.stop()

    @contextmanager
    def workers(self, queue: str, count: int = 1, more: Mapping[str, str] = NOTHING) -> Iterator[Program]:
        """Worker processes of one queue, ready."""
        with self.program(queue, "-m", launch.__name__, queue, "--count", str(count), more=more) as running:
            until(lambda: workers.alive(self.tools.redis)[queue] == count, f"{queue} is served", READY_SECONDS)
            yield running

    @contextmanager
    def plain_workers(self, count: int = 1, more: Mapping[str, str] = NOTHING) -> Iterator[list[Program]]:
        """Plain RQ workers, ready."""
        with ExitStack() as ends:
            started = [
                ends.enter_context(self.program(f"plain{n}", "-m", launch.__name__, "--plain", more=more)) for n in range(count)
            ]
            until(lambda: workers.alive(self.tools.redis).get(launch.PLAIN, 0) == count, "plain workers work", READY_SECONDS)
            yield started

    @contextmanager
    def web(self, port: int) -> Iterator[Program]:
        """The web under gunicorn, as it is run everywhere."""
        with self.program("web", "-m", "gunicorn", "tests.bench.queues.launch:web()", more={"PORT": str(port)}) as running:
            until(lambda: _answers(f"http://127.0.0.1:{port}/health"), "the web answers", READY_SECONDS)
            yield running

    @contextmanager
    def provider(self) -> Iterator["Provider"]:
        """The provider; what is started afterwards knows where it is."""
        with self.program("provider", "-m", provider.__name__) as running:
            until(lambda: running.log.read_text(encoding="utf-8").endswith("\n"), "the provider answers", READY_SECONDS)
            url = running.log.read_text(encoding="utf-8").split()[0]
            self.environ["ASSEMBLYAI_BASE_URL"] = url
            with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
                yield Provider(client, running)


@dataclass
class Provider:
    """The provider, as an observer sees it."""

    client: httpx.Client
    running: Program

    def in_flight(self) -> int:
        """Jobs that run."""
        return int(self._told()["in_flight"])

    def noted(self, kind: str) -> int:
        """Calls of a kind so far that were answered as they should be."""
        return sum(count for name, count in self._told()["noted"].items() if name in {f"{kind} 200", f"{kind} 204"})

    def _told(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get("/_stats").json()
        return answer

    def end(self, count: int, seconds: float, *, calls_back: bool) -> None:
        """That many jobs end, spread over `seconds`."""
        self.client.delete("/_faults")
        if not calls_back:
            self.client.post("/_faults", json={"on": "webhook"})
        self.client.post("/_end", json={"count": count, "seconds": seconds})

    def ended(self) -> dict[str, float]:
        """When jobs ended, by id, in seconds since 1970."""
        return {id_: at for id_, at in self.client.get("/_ended").json().items() if at}


def wait(condition: Callable[[], object], what: str, seconds: float) -> None:
    """As tests.waiting.until, and seldom enough to cost those that are measured nothing."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(PAUSE_SECONDS)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


def used(programs: Sequence[Program]) -> float:
    """Seconds of CPU that they have used, together."""
    return sum(one.usage().cpu_seconds for one in programs)


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=2, trust_env=False).status_code < 500
    return False
