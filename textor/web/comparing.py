"""Engines compared: what they heard of one recording side by side, and the better words taken over."""

from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.domain.differences import Part, Stretch
from textor.features.recordings import library
from textor.features.transcription import comparing, picking
from textor.features.transcription.comparing import Column, Comparison, Other, Shown
from textor.features.transcription.picking import Pick
from textor.routing import READ_LIMIT, WRITE_LIMIT, limited, login_needed
from textor.web import choices, etas, forms, htmx, locale
from textor.web.forms import Picked
from textor.web.visitors import me

STRETCHES_PER_PAGE = 60

pages = APIBlueprint("comparing", __name__, url_prefix="/recordings/<uuid:recording_id>/compare", enable_openapi=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch on the page. `cells` has, of each column with a text, that column and its part."""

    number: int
    stretch: Stretch
    cells: list[tuple[Column, Part]]


@pages.get("")
@login_needed
@limited(READ_LIMIT)
def show(recording_id: object) -> Response | str:
    """The page; for htmx how far those are that still work, or 304 while none has moved on."""
    seen = _shown(recording_id)
    if not htmx.wants_fragment():
        return render_template("compare.html", **_side_by_side(seen), offers=choices.offers())
    return htmx.unless_known(_facts(seen), lambda: render_template("_compare_states.html", shown=seen, **_progress()))


@pages.post("")
@login_needed
@limited(WRITE_LIMIT)
def begin(recording_id: object) -> Response:
    """Have other engines hear it, too."""
    picked = [Picked.read(value) for value in request.form.getlist("engine") if value]
    others = [Other(one.engine, one.model) for one in picked]
    base = _shown(recording_id).base.id
    comparing.begin(bootstrap.tools(), me().id, base, others)
    return redirect(url_for("comparing.show", recording_id=recording_id, base=base), 303)


@pages.post("/pick")
@login_needed
@limited(WRITE_LIMIT)
def pick(recording_id: object) -> Response:
    """Take an engine's words for a stretch into the base."""
    wanted = _wanted()
    picking.pick(bootstrap.tools(), me().id, _shown(recording_id), wanted)
    flash(_("The words were taken over."))
    return _back(recording_id, f"stretch-{wanted.stretch}")


@pages.post("/undo")
@login_needed
@limited(WRITE_LIMIT)
def undo(recording_id: object) -> Response:
    """Give the base its own words back."""
    picking.undo(bootstrap.tools(), me().id, _shown(recording_id).base.id, _version())
    flash(_("The transcript's own words are back."))
    return _back(recording_id)


def _shown(recording_id: object) -> Shown:
    base = forms.clean(request.values.get("base", ""))
    others = [forms.clean(one) for one in request.values.getlist("with")]
    return comparing.shown(me().id, str(recording_id), base, others)


def _wanted() -> Pick:
    number, _colon, source = forms.clean(request.form.get("pick", "")).partition(":")
    is_number = number.isascii() and number.isdigit() and len(number) < 9
    return Pick(int(number) if is_number else -1, source, _version())


def _version() -> str:
    return forms.clean(request.form.get("version", ""))


def _back(recording_id: object, anchor: str | None = None) -> Response:
    values = request.form
    chosen = {"base": values.get("base"), "with": values.getlist("with"), "page": values.get("page"), "only": values.get("only")}
    given = {name: value for name, value in chosen.items() if value}
    return redirect(url_for("comparing.show", recording_id=recording_id, _anchor=anchor, **given), 303)  # type: ignore[arg-type]  # a query's values


def _facts(seen: Shown) -> tuple[object, ...]:
    """What the columns show changes with these."""
    told = tuple(etas.told(me().id).items())
    return seen.version, [(row.id, row.updated_at, row.progress) for row in seen.rows], told, request.query_string, locale.tag()


def _side_by_side(seen: Shown) -> dict[str, Any]:
    found = comparing.compare(seen)
    shown, lines = found.shown, _lines(found)
    only = forms.flag(request.values, "only")
    wanted = [line for line in lines if line.stretch.differs] if only else lines
    pages_count = max(1, -(-len(wanted) // STRETCHES_PER_PAGE))
    number = min(forms.page_number(request.values.get("page", "")), pages_count)
    return {
        "shown": shown,
        "columns": {column.row.id: column for column in shown.columns},
        "lines": wanted[(number - 1) * STRETCHES_PER_PAGE : number * STRETCHES_PER_PAGE],
        "differing": sum(line.stretch.differs for line in lines),
        "total": len(lines),
        "only": only,
        "number": number,
        "pages_count": pages_count,
        "is_side_by_side": found.found is not None,
        "query": {"base": shown.base.id, "with": [column.row.id for column in shown.columns[1:]]},
        "last_pick": comparing.told(shown.base),
        "engines": choices.titles(),
        **_progress(),
    }


def _progress() -> dict[str, Any]:
    """What is said of those that wait or work. To lay texts side by side takes too long to be done for each look."""
    return {"etas": etas.told(me().id), "positions": library.positions(me().id), "totals": {"running": 1}}


def _lines(found: Comparison) -> list[Line]:
    done = [column for column in found.shown.columns if column.is_done]
    stretches = found.found.stretches if found.found else ()
    return [Line(n, stretch, list(zip(done, stretch.parts, strict=True))) for n, stretch in enumerate(stretches)]
