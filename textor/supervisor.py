"""`make run`: Redis, workers and web under one roof. Stopped web first, Redis last.

Not honcho, which starts a Procfile too: it can't order the stop, starts nothing again, and leaves orphans when it is killed.
"""

import errno
import fcntl
import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from redis.exceptions import RedisError

from textor import embedded_redis
from textor import settings as settings_module
from textor.domain import stopping
from textor.embedded_redis import Terms
from textor.errors import ConfigurationError
from textor.keeper import Keeper, Program
from textor.processes import Executed, execute
from textor.settings import Settings, embedded_socket

PYTHON = (sys.executable, "-u")
WEB = (*PYTHON, "-m", "gunicorn", "wsgi:app")
WORKER = (*PYTHON, "worker.py")
PREPARE = (*PYTHON, "-m", "flask", "--app", "wsgi", "prepare")

WEB_GRACE_SECONDS = 25  # gunicorn itself gives the requests under way 20 s
REDIS_GRACE_SECONDS = 15
PROBE_SECONDS = 1

PORT_TAKEN = "Port {port} is in use. Stop what listens there, or choose another port: make run PORT={other}"
DATA_TAKEN = (
    "Textor is already running on this DATA_DIR ({owner}). Stop it first, or give this one its own: "
    "make run PORT={other} DATA_DIR=data-{other}"
)


def main() -> int:
    """Run until Ctrl-C or SIGTERM; the exit code."""
    try:
        settings = settings_module.load()
        with _owned(settings):
            _check_port(settings)
            _check_redis(settings)
            return _run(settings, _prepare())
    except ConfigurationError as error:
        print(error.message, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before anything was started
        return 130


def _run(settings: Settings, hint: str) -> int:
    """`hint` says how to get in, once it is open."""
    keeper = Keeper([*_redis(settings), *_programs(settings)])
    is_greeted = False

    def greet() -> None:
        nonlocal is_greeted
        if not is_greeted and _answers(settings):
            is_greeted = True
            keeper.say(f"Textor is ready. {hint} Ctrl-C stops it.")

    code = keeper.run(greet)
    keeper.say("Stopped. What was under way goes on at the next start.")
    return code


def _programs(settings: Settings) -> list[list[Program]]:
    grace_seconds = stopping.workers_seconds(settings.drain_seconds)
    worker = Program("worker", partial(execute, WORKER), grace_seconds, is_labelled=False)
    return [[worker], [Program("web", partial(execute, WEB), WEB_GRACE_SECONDS)]]


@contextmanager
def _owned(settings: Settings) -> Iterator[None]:
    """DATA_DIR for this process alone. The kernel lets the lock go when the process ends, however it ends."""
    with (settings.data_dir / "textor.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "another process"
            raise ConfigurationError(DATA_TAKEN.format(owner=owner, other=settings.port + 1)) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()} at {settings.local_url}")
        lock.flush()
        yield


def _check_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except PermissionError:
        raise ConfigurationError(f"PORT={settings.port} needs special rights on this machine. Choose one over 1023.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigurationError(PORT_TAKEN.format(port=settings.port, other=settings.port + 1)) from None
        raise ConfigurationError(f"HOST={settings.host} is not an address of this machine. Unset it, or use 127.0.0.1.") from None


def _is_embedded(settings: Settings) -> bool:
    return settings.redis_url == f"unix://{embedded_socket(settings.data_dir)}"


def _check_redis(settings: Settings, terms: Terms = embedded_redis.DEFAULT) -> None:
    if _is_embedded(settings):
        return
    try:
        version = embedded_redis.server_version(terms.client(settings.redis_url))
    except (RedisError, OSError):
        raise ConfigurationError(
            "REDIS_URL is set, but no Redis answers there. Start it, or unset REDIS_URL: Textor then runs its own."
        ) from None
    if not terms.allow(version):
        wanted = ".".join(map(str, terms.oldest_version))
        raise ConfigurationError(f"REDIS_URL names a Redis {version}; Textor needs {wanted} or newer.")


def _redis(settings: Settings) -> list[list[Program]]:
    if not _is_embedded(settings):
        return []

    def start() -> Executed:
        return Executed(embedded_redis.start(settings.data_dir).process)

    return [[Program("redis", start, REDIS_GRACE_SECONDS)]]


def _prepare() -> str:
    """Bring the database up to date, in a process of its own: it loads all of Textor. Returns how to get in."""
    done = subprocess.run(PREPARE, check=False, capture_output=True, text=True)  # noqa: S603 - our own command
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise ConfigurationError("The database could not be brought up to date; the lines above say why.")
    return done.stdout.strip().rpartition("\n")[2]


def _answers(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(settings.local_url.removeprefix("http://"), timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[1])  # where wsgi.py, worker.py and gunicorn.conf.py stand
    sys.exit(main())
