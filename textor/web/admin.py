"""What an admin sees: of the queue who works, what waits, how the providers are; of the API who calls, and what that costs. Facts
only, nobody's recordings."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.features.accounts import usage as api_usage
from textor.features.accounts.usage import Filters
from textor.features.transcription import backlog
from textor.routing import READ_LIMIT, WRITE_LIMIT, admin_needed, limited
from textor.web import choices, forms, htmx, locale

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


@pages.get("/usage")
@admin_needed
@limited(READ_LIMIT)
def usage() -> str:
    """Calls of the API, newest first, and the month's sums."""
    filters = Filters(forms.clean(request.args.get("user", "")).strip()[:150], _day(request.args.get("day", "")))
    found = api_usage.page(filters, forms.page_number(request.args.get("page", "")))
    sums = api_usage.month(bootstrap.tools())
    return render_template("admin_usage.html", page=found, sums=sums, filters=filters, ways=_ways())


def _ways() -> dict[str, str]:
    return {
        "key": _("with a key"),
        "token": _("with a login token"),
        "session": _("from the pages"),
        "guest": _("as a guest"),
        "nothing": _("without credentials"),
    }


def _day(text: str) -> date | None:
    """As a form writes it; anything else, and days that have no morrow, count as unset."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found < date.max else None


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
