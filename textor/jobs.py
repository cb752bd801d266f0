"""RQ's only entry points: names joined to functions, and what runs by the clock."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from redis.exceptions import RedisError

from textor import bootstrap
from textor.errors import Fenced
from textor.extensions import db
from textor.features.recordings import exports, intake, library
from textor.features.transcription import downloads, pipeline
from textor.job_queue import polls, reconciler
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

TICK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Handler:
    """`work` does the job; `give_up` ends its row when `work` breaks in a way nobody foresaw."""

    work: Callable[..., object]
    give_up: Callable[..., object]


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work by the clock, done by one process of all."""

    name: str
    seconds: float
    work: Callable[[Toolbox], object]


HANDLERS: dict[str, Handler] = {
    "transcribe": Handler(pipeline.advance, pipeline.give_up),
    "poll": Handler(pipeline.poll, pipeline.give_up),
    "export": Handler(exports.make_export, downloads.give_up),
    "download_model": Handler(downloads.run, downloads.give_up),
}

PERIODIC = (
    Periodic("polls", 1, polls.enqueue_due),
    Periodic("purge", 60, library.purge),
    Periodic("incoming", 3600, intake.sweep_incoming),
    Periodic("exports", 3600, exports.sweep_exports),
    Periodic("downloads", 30, downloads.heal),
)


def run(name: str, *args: Any) -> None:
    """What every ticket calls. A job always ends in a state: that is why everything is caught here."""
    handler, tools = HANDLERS[name], bootstrap.tools()
    try:
        handler.work(tools, *args)
    except Fenced:
        log.info("%s %s was fenced off", name, args)
    except Exception:
        log.exception("%s %s broke", name, args)
        _give_up(handler, tools, *args)
    finally:
        db.session.remove()


def run_scheduler(app: Flask, stop: threading.Event) -> None:
    """Reconcile, and run PERIODIC, until `stop` is set. Any number of schedulers may run: Redis picks one per turn."""
    with app.app_context():
        tools = bootstrap.tools()
        while not stop.wait(TICK_SECONDS):
            tick(tools)


def tick(tools: Toolbox) -> None:
    """One look at what is due."""
    try:
        reconciler.reconcile_if_due(tools)
        for periodic in PERIODIC:
            if tools.redis.set(f"textor:periodic:{periodic.name}", 1, nx=True, px=int(periodic.seconds * 1000)):
                periodic.work(tools)
    except RedisError:
        log.warning("redis is away: nothing is scheduled")
    except Exception:
        log.exception("a scheduled round broke")
    finally:
        db.session.remove()


def _give_up(handler: Handler, tools: Toolbox, *args: Any) -> None:
    try:
        handler.give_up(tools, *args)
    except Fenced:
        log.info("%s was fenced off while giving up", args)
