"""Recorded calls: who called whom and when, heard here, transcribed one or many at once."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, get_args

from apiflask import APIBlueprint
from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.domain.calls import STATES
from textor.errors import InvalidInput, Unavailable
from textor.features.calls import overview, playing, standings, switches
from textor.features.calls.overview import Asked, Direction
from textor.routing import READ_LIMIT, WRITE_LIMIT, limited, login_needed
from textor.web import forms, htmx, locale
from textor.web.visitors import me

LIMITS = (50, 100, 200)

pages = APIBlueprint("calls", __name__, url_prefix="/calls", enable_openapi=False)


@pages.app_context_processor
def _way() -> dict[str, object]:
    """For the bar above each page."""
    return {"may_see_calls": lambda: current_user.is_authenticated and overview.may(bootstrap.tools(), me().id)}


@pages.get("")
@login_needed
@limited(READ_LIMIT)
def index() -> Response | str:
    """The list; for htmx its rows, or 304 where they are what they were."""
    query = CallQuery.read()
    if not htmx.wants_fragment():
        return make_response(render_template("calls.html", **_page(query)), 400 if query.faults else 200)
    found = _listing(query)
    facts = (me().id, found["calls"], found["standings"], query.given, locale.tag())
    return htmx.unless_known(facts, lambda: htmx.block("calls.html", "rows", **found))


@pages.post("/refresh")
@login_needed
@limited(WRITE_LIMIT)
def refresh() -> Response:
    """Ask Twilio anew."""
    overview.refresh(bootstrap.tools(), me().id)
    return _back()


@pages.post("/switch")
@login_needed
@limited(WRITE_LIMIT)
def switch() -> Response:
    """Pause the import, confirm the deleting; an admin's."""
    name, on = request.form.get("name", ""), request.form.get("on") == "1"
    if name == switches.DELETE and on and not request.form.get("sure"):
        raise InvalidInput(_("Confirm that Twilio shall keep no copy: tick the box first."), field="sure")
    switches.turn(bootstrap.tools(), me().id, name, on=on)
    flash(_("Saved."))
    return _back()


@pages.post("/transcribe")
@login_needed
@limited(WRITE_LIMIT)
def transcribe_many() -> Response:
    """Have those transcribed that were ticked."""
    return _transcribe(forms.ids())


@pages.post("/<sid>/transcribe")
@login_needed
@limited(WRITE_LIMIT)
def transcribe(sid: str) -> Response:
    """Have one transcribed, or tried again."""
    return _transcribe([sid])


@pages.get("/<sid>/audio")
@login_needed
@limited(READ_LIMIT)
def audio(sid: str) -> Response:
    """The sound, or a range of it, straight from Twilio. Whoever goes away ends that."""
    played = playing.opened(bootstrap.tools(), me().id, sid, request.headers.get("Range", ""))
    response = make_response(played.blocks or "", played.status)
    response.headers.update(played.headers)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@dataclass(frozen=True, slots=True)
class CallQuery:
    """What the list is asked for; `given` is what the address says, `faults` are sentences by field."""

    asked: Asked
    given: dict[str, str]
    faults: dict[str, str]

    @classmethod
    def read(cls) -> "CallQuery":
        """From the address. A date that is none is told; any other word that can't be meant counts as unset."""
        values = {name: forms.clean(request.args.get(name, ""))[:32] for name in ("state", "direction", "from", "to", "limit")}
        state = next((one for one in STATES if one == values["state"]), None)
        way: Direction | None = next((one for one in get_args(Direction) if one == values["direction"]), None)
        limit = next((one for one in LIMITS if str(one) == values["limit"]), LIMITS[0])
        faults: dict[str, str] = {}
        first, last = (_day(values[name], name, faults) for name in ("from", "to"))
        if first and last and last < first:
            faults["to"] = _("The last day is before the first one.")
            last = None
        asked = Asked(state, way, _midnight(first), _midnight(last, days=1), limit)
        return cls(asked, {name: value for name, value in values.items() if value}, faults)

    def link(self, **changes: object) -> dict[str, object]:
        """The query of a link that differs from this one in `changes`."""
        return {name: value for name, value in (self.given | changes).items() if value}

    @property
    def more(self) -> int | None:
        """How many are shown next, where they are not all."""
        return next((one for one in LIMITS if one > self.asked.limit), None)


def _day(text: str, name: str, faults: dict[str, str]) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if found.year < 2000 or found.year > 2999:
        faults[name] = _("This is no date. Write it as 2026-11-20.")
        return None
    return found


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    """When a day begins in UTC, or with `days=1` its last second: Twilio counts both ends in."""
    if day is None:
        return None
    return datetime.combine(day, time(), UTC) + timedelta(days=days, seconds=-days)


def _page(query: CallQuery) -> dict[str, Any]:
    """All of it; that Twilio is away is told above the list, which can be asked for otherwise."""
    tools = bootstrap.tools()
    said: dict[str, Any] = {"query": query, "settings": tools.settings, "is_open": False, "fault": ""}
    if not overview.is_open(tools, me().id):
        return said
    public = tools.settings.public_url or request.host_url
    said |= {"is_open": True, "callback": public.rstrip("/") + url_for("twilio.recording_status")}
    said |= {"is_importing": switches.is_on(switches.IMPORT), "is_deleting": switches.is_deleting(tools)}
    try:
        return said | _listing(query)
    except Unavailable as away:
        return said | {"fault": away.message, "calls": [], "standings": {}, "is_whole": True, "is_running": False}


def _listing(query: CallQuery) -> dict[str, Any]:
    shown = overview.shown(bootstrap.tools(), me().id, query.asked)
    found = standings.known(me().id, [call.sid for call in shown.calls])
    running = any(one.is_running for one in found.values())
    return {"query": query, "calls": shown.calls, "is_whole": shown.is_whole, "standings": found, "is_running": running}


def _transcribe(sids: list[str]) -> Response:
    if not sids:
        raise InvalidInput(_("Choose at least one call."), field="ids")
    count = overview.transcribe(bootstrap.tools(), me().id, sids, me().engine)
    words = ngettext("It is being transcribed.", "%(count)s calls are being transcribed.", count, count=locale.digits(count))
    message = words if count else _("That was begun already.")
    if htmx.wants_fragment():
        return htmx.toast(message, trigger="jobs:changed")
    flash(message)
    return _back()


def _back() -> Response:
    return redirect(forms.safe_next(request.form.get("next")) or url_for("calls.index"), 303)
