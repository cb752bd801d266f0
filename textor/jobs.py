"""RQ's only entry points: names joined to functions, and what runs by the clock."""

import logging
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy.exc import InterfaceError, OperationalError

from textor import bootstrap
from textor.domain.transcript import Transcript
from textor.errors import EngineError, Fenced
from textor.extensions import db
from textor.features.accounts import api_keys, repeats, tokens, usage
from textor.features.calls import cleaning, importing
from textor.features.insights import analyzing, chat, summary, summary_writing, turns
from textor.features.recordings import exports, intake, leftovers, library, search_index
from textor.features.transcription import downloads, orphans, pipeline, rehearing
from textor.features.transcription.remote import RemoteCrew
from textor.features.webhooks import deliveries, sending
from textor.job_queue import background, healing, reconciler, runs, shift
from textor.job_queue.crew import Terms
from textor.job_queue.slices import Taken
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

TICK_SECONDS = 0.5
DATABASE_AWAY = (OperationalError, InterfaceError)


@dataclass(frozen=True, slots=True)
class Handler:
    """`work` does the job; `give_up` ends its row when `work` breaks in a way nobody foresaw. One that `is_resumed` is left as it
    is when the database was away: whoever finds the row silent takes it up again."""

    work: Callable[..., object]
    give_up: Callable[..., object]
    is_resumed: bool = False
    is_owned: Callable[..., object] | None = None
    """Whether the run still has its claim: what breaks after a cancel or a delete, which took the sound away, is no news."""


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work by the clock, done by one process of all."""

    name: str
    seconds: float
    work: Callable[[Toolbox], object]


class GuardedCrew(RemoteCrew):
    """A crew whose bugs end the transcription that they hit, and not the shift."""

    def heard(self, one: Taken, transcript: Transcript) -> None:
        self._guard(one, partial(super().heard, one, transcript))

    def heard_many(self, found: Sequence[tuple[Taken, Transcript]]) -> set[int]:
        """One that breaks would break them all: then each goes by itself."""
        try:
            return super().heard_many(found)
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception("slices %s broke together", [one.id for one, _ in found])
            db.session.rollback()
            return set()

    def failed(self, one: Taken, error: EngineError) -> bool:
        return self._guard(one, partial(super().failed, one, error)) is not False

    def move_on(self, one: Taken, error: str) -> bool:
        return self._guard(one, partial(super().move_on, one, error)) is not False

    def _guard(self, one: Taken, decide: Callable[[], bool | None]) -> bool | None:
        try:
            return decide()
        except (Fenced, *DATABASE_AWAY):  # foreseen: the shift knows what to do
            raise
        except Exception:
            log.exception("slice %s broke", one.id)
            pipeline.give_up(self.tools, one.claim.id, one.claim.token)
            return None


def run_shift(tools: Toolbox, terms: Terms | None = None) -> None:
    """A shift's worth of work with providers. It calls the next itself: until the scheduler did, callbacks would wait."""
    tools = shift.impatient(tools)
    shift.run(tools, GuardedCrew(tools), terms or Terms(drain_seconds=tools.settings.drain_seconds))
    shift.ensure(tools)


def _nothing(_tools: Toolbox) -> None:
    """What breaks has no row: the next one goes on."""


HANDLERS: dict[str, Handler] = {
    "transcribe": Handler(pipeline.advance, pipeline.give_up, is_resumed=True, is_owned=runs.held),
    "shift": Handler(run_shift, _nothing),
    "retranslate": Handler(*rehearing.HANDLER, is_resumed=True, is_owned=background.held),
    "retranslate_remote": Handler(*rehearing.HANDLER, is_resumed=True, is_owned=background.held),
    "call": Handler(*importing.HANDLER, is_resumed=True, is_owned=background.held),
    "export": Handler(exports.make_export, downloads.give_up),
    "download_model": Handler(downloads.run, downloads.give_up),
    "sweep_storage": Handler(leftovers.sweep, _nothing),
    "sweep_orders": Handler(orphans.sweep, _nothing),
    "send_webhooks": Handler(sending.send_due, _nothing),
    "chat": Handler(*chat.HANDLER, is_resumed=True, is_owned=background.held),
    "summary": Handler(*summary_writing.HANDLER, is_resumed=True, is_owned=background.held),
    "prompts": Handler(*analyzing.HANDLER, is_resumed=True, is_owned=background.held),
}


def heal_background(tools: Toolbox) -> None:
    """Background jobs that have lost their worker begin anew; those that have lost too many end with a reason."""
    healing.heal(tools)
    for job in healing.lost(tools):
        try:
            _give_up(HANDLERS[job.kind], tools, job.id, job.run_token)
        except DATABASE_AWAY:
            raise
        except Exception:  # the next ones are no worse
            log.exception("%s %s could not be given up", job.kind, job.id)
            db.session.rollback()


PERIODIC = (
    Periodic("shift", 1, shift.ensure),
    Periodic("background", 2, heal_background),
    Periodic("old_jobs", 3600, healing.sweep),
    Periodic("old_summaries", 3600, summary.sweep),
    Periodic("withdrawn_answers", 3600, turns.sweep),
    Periodic("analyzer_tasks", 2, analyzing.advance),
    Periodic("purge", 60, library.purge),
    Periodic(f"incoming:{socket.gethostname()}", 3600, intake.sweep_incoming),  # each machine has its own
    Periodic("storage", 3600, leftovers.hand_out),
    Periodic("orders", 3600, orphans.hand_out),
    Periodic("exports", 3600, exports.sweep_exports),
    Periodic("downloads", 30, downloads.heal),
    Periodic("tokens", 3600, tokens.sweep),
    Periodic("first_answers", 3600, repeats.sweep),
    Periodic("api_keys", 3600, api_keys.sweep),
    Periodic("api_calls", 3600, usage.sweep),
    Periodic("deleted_calls", 600, cleaning.delete_imported),
    Periodic("search", 15, search_index.catch_up),
    Periodic("webhooks", 5, deliveries.hand_out),
    Periodic("old_webhooks", 3600, deliveries.sweep),
)


def run(name: str, *args: Any) -> None:
    """What every ticket calls. A job always ends in a state: that is why everything is caught here."""
    handler, tools = HANDLERS[name], bootstrap.tools()
    try:
        handler.work(tools, *args)
    except Fenced:
        log.info("%s %s was fenced off", name, args)
    except Exception as error:
        if _is_lost(handler, *args):
            log.info("%s %s broke after it was fenced off", name, args)
            return
        log.exception("%s %s broke", name, args, exc_info=error)
        if not (handler.is_resumed and isinstance(error, DATABASE_AWAY)):
            _give_up(handler, tools, *args)
    finally:
        db.session.remove()


def _is_lost(handler: Handler, *args: Any) -> bool:
    try:
        db.session.rollback()
        return handler.is_owned is not None and not handler.is_owned(*args)
    except DATABASE_AWAY:
        return False


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
