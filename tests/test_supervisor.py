"""`make run` for real: everything comes up, everything goes away, in order, whatever ends it."""

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.laws import ROOT
from textor import supervisor
from textor.embedded_redis import Terms
from textor.errors import ConfigurationError
from textor.settings import Settings

READY_SECONDS = 60  # a busy machine; an idle one takes four

Start = Callable[..., "Instance"]


@dataclass
class Instance:
    """A Textor of the suite's own."""

    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=10)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._happened(happened):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)  # another process does it

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, word: str) -> psutil.Process:
        """The child whose command holds the word."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if word in " ".join(child.cmdline()))

    @staticmethod
    def _happened(happened: Callable[[], bool]) -> bool:
        try:
            return happened()
        except httpx.TransportError:
            return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def environment(data_dir: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "LANG", "LC_"))}
    return kept | {"DATA_DIR": str(data_dir), "PORT": str(port), "WORKERS": "1", "HOME": str(data_dir.parent)}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts instances and, whatever a test leaves, ends them."""
    started: list[Instance] = []

    def begin(name: str = "data") -> Instance:
        port, log = free_port(), tmp_path / f"{name}-{len(started)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "textor.supervisor"],
                cwd=ROOT,
                env=environment(tmp_path / name, port),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        started.append(Instance(port, process, log))
        return started[-1]

    yield begin
    for instance in started:
        if instance.process.poll() is None:
            instance.process.terminate()
        instance.process.wait(timeout=60)


def is_well(instance: Instance) -> Callable[[], bool]:
    return lambda: instance.get("/health/").status_code == 200 and "Textor is ready" in instance.said()


def order_of_death(processes: dict[str, psutil.Process]) -> list[str]:
    """Names in the order they went; the last one is looked at first, so that it is never taken for earlier than it was."""
    gone: list[str] = []
    deadline = time.monotonic() + 60
    while len(gone) < len(processes) and time.monotonic() < deadline:
        for name in [name for name in processes if name not in gone]:
            process = processes[name]
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                gone.append(name)
        time.sleep(0.002)  # the processes are somebody else's children
    return gone


@pytest.mark.timeout(240)
def test_two_run_side_by_side_and_stop_in_order(start: Start) -> None:
    first, second = start("first"), start("second")
    for instance in (first, second):
        instance.wait_for(is_well(instance))
        answer = instance.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert re.search(rf"Open http://127\.0\.0\.1:{instance.port} and create the first account", instance.said())
    family = first.family()
    assert len(family) >= 8  # Redis, gunicorn and its two, worker.py and its five
    watched = {"redis": first.child("redis.sock"), "worker": first.child("worker.py"), "web": first.child("gunicorn")}
    first.process.send_signal(signal.SIGINT)
    assert order_of_death(watched) == ["web", "worker", "redis"]
    assert first.process.wait(timeout=30) == 0
    assert not psutil.wait_procs(family, timeout=5)[1]
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", first.port)):
        pass
    assert "Stopped." in first.said()
    assert second.get("/health/").status_code == 200


@pytest.mark.timeout(240)
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part in it is Linux's")
def test_killed_it_leaves_no_orphan_and_starts_again_on_the_same_data(start: Start) -> None:
    first = start()
    first.wait_for(is_well(first))
    family = first.family()
    first.process.kill()
    first.process.wait()
    assert psutil.wait_procs(family, timeout=30)[1] == []
    second = start()
    second.wait_for(is_well(second))
    victim = second.child("gunicorn")
    victim.kill()
    second.wait_for(
        lambda: "web was ended by SIGKILL; it starts again" in second.said() and second.get("/health").status_code == 200
    )
    second.process.terminate()
    assert second.process.wait(timeout=60) == 0


IMPORTED = """
import sys, threading
import psutil
import {module}
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join(1)  # limits starts one that ends within milliseconds
sockets = [found for found in psutil.Process().net_connections("all")]
files = [found.path for found in psutil.Process().open_files() if found.path.startswith(sys.argv[1])]
print(threading.active_count(), sockets, files, sorted({{"ctranslate2", "faster_whisper", "weasyprint"}} & set(sys.modules)))
"""


@pytest.mark.parametrize("module", ["wsgi", "wsgi, worker"])
def test_what_is_imported_before_the_fork_holds_nothing_open(tmp_path: Path, module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED.format(module=module), tmp_path],
        cwd=ROOT,
        env=environment(tmp_path / "data", 8000),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1 [] [] []"


def refused(data_dir: Path, port: int, **more: str) -> str:
    """The one thing that is said, by an instance that doesn't start."""
    done = subprocess.run(
        [sys.executable, "-m", "textor.supervisor"],
        cwd=ROOT,
        env=environment(data_dir, port) | more,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    return done.stderr.strip()


def test_a_second_one_on_the_same_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "textor.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 42 at http://127.0.0.1:8000")
        lock.flush()
        sentence = refused(tmp_path / "data", 8000)
    assert "already running on this DATA_DIR (process 42 at http://127.0.0.1:8000)" in sentence
    assert "make run PORT=8001 DATA_DIR=data-8001" in sentence


def test_a_port_in_use_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        sentence = refused(tmp_path / "data", port)
    assert sentence == f"Port {port} is in use. Stop what listens there, or choose another port: make run PORT={port + 1}"
    assert not (tmp_path / "data" / "redis").exists()


def test_an_address_of_another_machine_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "data", 8000, HOST="192.0.2.1").startswith("HOST=192.0.2.1 is not an address of this machine.")


def test_a_redis_that_does_not_answer_is_named(tmp_path: Path) -> None:
    sentence = refused(tmp_path / "data", free_port(), REDIS_URL=f"unix://{tmp_path}/nobody.sock")
    assert sentence.startswith("REDIS_URL is set, but no Redis answers there.")
    assert "nobody" not in sentence


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "data", 8000, WORKERS="none") == "Textor can't start: WORKERS must be a whole number from 1 to 64."


def test_a_database_that_cannot_be_prepared_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "textor.supervisor"],
        cwd=ROOT,
        env=environment(tmp_path / "data", free_port()) | {"DATABASE_URL": f"sqlite:///{tmp_path}/no/folder.db"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "The database could not be brought up to date; the lines above say why."


def test_a_redis_of_the_operators_own_is_used(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url)
    supervisor._check_redis(settings)
    assert supervisor._redis(settings) == []


def test_a_redis_that_is_too_old_is_refused(redis_url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"Textor needs 99\.0 or newer"):
        supervisor._check_redis(Settings(redis_url=redis_url), Terms(oldest_version=(99, 0)))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may bind any port")
def test_a_port_that_needs_rights_is_named() -> None:
    with pytest.raises(ConfigurationError, match="special rights"):
        supervisor._check_port(Settings(port=1))


def test_nothing_answers_before_it_does() -> None:
    assert not supervisor._answers(Settings(port=free_port()))
