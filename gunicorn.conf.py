"""How the web processes run, everywhere: `gunicorn wsgi:app`."""

import gc
import os
import socket
import struct
import sys
from typing import Any

from textor import settings as settings_module
from textor.doorstep import leaving
from textor.errors import ConfigurationError

SILENT_SECONDS = 60

try:
    _settings = settings_module.load()
except ConfigurationError as error:
    raise SystemExit(error.message) from None

bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
workers = _settings.web_concurrency
worker_class = "gthread"
threads = 16 + _settings.live_sockets  # a slow upload occupies a thread until its last byte, a socket as long as it is open
# The master imports the application once and forks. Safe as long as importing opens no connection, starts no thread and touches
# no CTranslate2 (its forked children hang): tests/test_supervisor.py looks.
preload_app = True
timeout = 60  # for a worker whose loop hangs: a long upload or download runs in a thread and isn't counted
graceful_timeout = 20  # Heroku ends everything 30 s after SIGTERM
keepalive = 75
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 - heartbeats on a disk can stall
control_socket_disable = True  # its default path is one per HOME: a second Textor would collide with the first
accesslog = None  # textor.tracing writes one line per request, without query strings
proc_name = "textor"


def when_ready(server: Any) -> None:
    """Before the workers are forked: what is loaded now is never garbage, and looking at it would copy it into each of them."""
    gc.freeze()
    for listener in server.LISTENERS:
        let_go_of_the_silent(listener.sock)


def let_go_of_the_silent(listener: socket.socket, seconds: int = SILENT_SECONDS) -> None:
    """Whoever stops in the middle of a request keeps its thread, and a few of them all: each connection that is accepted here
    fails to read after so long. gunicorn makes them blocking again and again, which leaves the kernel's own limit alone."""
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, 0))


def post_worker_init(worker: Any) -> None:
    """What holds a connection open lets go when the worker stops or is left alone: gunicorn waits for it and tells it nothing."""
    leaving.process.is_ending = lambda: not worker.alive or worker.ppid != os.getppid()


logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"generic": {"()": "textor.tracing.Formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "generic"}},
    "root": {"level": _settings.log_level, "handlers": ["console"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["console"], "propagate": False, "qualname": "gunicorn.error"},
        "alembic": {"level": "WARNING"},  # names its plugins whenever it is imported
    },
}
