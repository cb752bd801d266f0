"""What an admin sees of the queue: who works, what waits, how the providers are. Facts only, nobody's recordings."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.features.transcription import backlog
from textor.routing import READ_LIMIT, WRITE_LIMIT, admin_needed, limited
from textor.web import choices, htmx, locale

pages = APIBlueprint("admin", __name__, url_prefix="/admin", enable_openapi=False)


@pages.get("/queue")
@admin_needed
@limited(READ_LIMIT)
def queue() -> Response | str:
    """The page; for htmx its facts, or 304 while they read as they did."""
    facts = _facts()
    if not htmx.wants_fragment():
        return render_template("admin_queue.html", **facts)
    body = htmx.block("admin_queue.html", "facts", **facts)
    return htmx.unless_known((body, locale.tag()), lambda: body)


@pages.post("/queue/heal")
@admin_needed
@limited(WRITE_LIMIT)
def heal() -> Response:
    """Look after what was lost, now."""
    told = _healed(backlog.heal(bootstrap.tools()))
    if htmx.wants_fragment():
        return htmx.toast(told, trigger="queue:changed")
    flash(told)
    return redirect(url_for("admin.queue"), 303)


def _facts() -> dict[str, Any]:
    found = backlog.look(bootstrap.tools())
    alive = Counter(worker.queue for worker in found.workers)
    deserted = [one.queue for one in found.queues if not alive[one.queue]]
    return {"found": found, "alive": alive, "deserted": deserted, "engines": choices.titles(), "age": _age_at(found)}


def _age_at(found: backlog.Backlog) -> Callable[[datetime | None], str]:
    """How long ago something was, rounded: the page is polled."""
    return lambda moment: locale.span((found.at - moment).total_seconds()) if moment else "–"


def _healed(counts: dict[str, int]) -> str:
    if not any(counts.values()):
        return _("Nothing was lost: there was nothing to heal.")
    return _(
        "Healed: %(reclaimed)s taken back from silent workers, %(reticketed)s given a new ticket, %(dispatched)s started, "
        "%(downloads)s downloads looked after.",
        **{name: locale.digits(count) for name, count in counts.items()},
    )
