"""The worker processes: `python worker.py [QUEUE ...] [--count N] [--scheduler]`.

Without arguments: every queue and the scheduler, under one small keeper (one dyno, one container). A queue is served by
processes of its own, and N of them with --count. The application is imported once, here, and shared by the forked workers.
"""

import argparse
import gc
import logging
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial

from apiflask import APIFlask

from textor import bootstrap, jobs
from textor.app import create_app
from textor.domain import stopping
from textor.errors import ConfigurationError
from textor.extensions import db
from textor.features import health
from textor.job_queue import background, shift, worker
from textor.job_queue.tickets import QUEUES
from textor.keeper import Keeper, Program
from textor.processes import CAN_FORK, Child, execute, fork

log = logging.getLogger("textor.worker")

TEXT_WORKERS = 2
"""A question needs an answer in seconds: it does not wait until a long transcript is summed up."""

GRACE_SECONDS = 15  # a worker hands its work back at once; closing files and the farewell to Redis take the rest


def main(arguments: list[str] | None = None, app: APIFlask | None = None) -> int:
    """Work until SIGTERM or SIGINT; the exit code. `app` is a ready application instead of the environment's."""
    wanted = _parse(arguments)
    try:
        app = app or create_app()
    except ConfigurationError as error:
        raise SystemExit(error.message) from None
    gc.freeze()  # what is loaded now is never garbage; looking for some would copy it into each worker and delay their end
    if wanted.horse:
        worker.run_horse(app, *wanted.horse)
        return 0
    if wanted.alone:
        worker.run(app, wanted.queues[0], worker.SpawningWorker)
        return 0
    return Keeper([_programs(app, wanted)]).run()


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Textor's workers. Without arguments: all queues and the scheduler.")
    parser.add_argument("queues", nargs="*", metavar="QUEUE", help=", ".join(QUEUES))
    parser.add_argument(
        "--count", type=int, default=0, help="processes per queue (default: WORKERS for speech, two for text, else one)"
    )
    parser.add_argument("--scheduler", action="store_true", help="run the scheduler, too")
    parser.add_argument(
        "--alone", action="store_true", help="one QUEUE in this very process, a new process per ticket: for hosts without fork"
    )
    parser.add_argument("--horse", nargs=4, help=argparse.SUPPRESS)
    wanted = parser.parse_args(arguments)
    if unknown := sorted(set(wanted.queues) - set(QUEUES)):
        parser.error(f"there is no queue {unknown[0]}; the queues are {', '.join(QUEUES)}")
    if wanted.alone and len(wanted.queues) != 1:
        parser.error("--alone takes one queue")
    return wanted


def _programs(app: APIFlask, wanted: argparse.Namespace) -> list[Program]:
    is_everything = not wanted.queues and not wanted.scheduler
    queues = QUEUES if is_everything else wanted.queues
    programs = [program for name in queues for program in _workers(app, name, wanted.count)]
    if is_everything:
        programs.append(Program("check", partial(fork, partial(_check, app)), is_once=True))
    if is_everything or wanted.scheduler:
        programs.append(Program("scheduler", partial(fork, partial(_schedule, app)), GRACE_SECONDS))
    return programs


def _workers(app: APIFlask, queue: str, count: int) -> list[Program]:
    with app.app_context():
        settings = bootstrap.tools().settings
    count = count or {"speech": settings.workers, background.QUEUE: TEXT_WORKERS}.get(queue, 1)
    names = [queue] if count == 1 else [f"{queue}.{number}" for number in range(1, count + 1)]
    is_drained = queue in {shift.QUEUE, background.QUEUE}
    grace_seconds = stopping.shift_seconds(settings.drain_seconds) if is_drained else GRACE_SECONDS
    return [Program(name, _start(app, queue), grace_seconds) for name in names]


def _start(app: APIFlask, queue: str) -> Callable[[], Child]:
    """A copy of this process where the host can make one, else the program anew."""
    if CAN_FORK:
        return partial(fork, partial(_work, app, queue))
    return partial(execute, [sys.executable, "-u", __file__, queue, "--alone"])


def _work(app: APIFlask, queue: str) -> None:
    _forget_connections(app)
    worker.run(app, queue)


def _schedule(app: APIFlask) -> None:
    _forget_connections(app)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    jobs.run_scheduler(app, stop)


def _check(app: APIFlask) -> None:
    """In a process of its own, gone afterwards: asking a format loads its library."""
    with app.app_context():
        for sentence in health.missing(bootstrap.tools()):
            log.warning(sentence)


def _forget_connections(app: APIFlask) -> None:
    """A connection that was open before the fork belongs to the parent."""
    with app.app_context():
        db.engine.dispose(close=False)


if __name__ == "__main__":
    sys.exit(main())
