"""A transcript corrected: a turn's text and speaker, the speakers' names, and the way back through the history."""

from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.domain import languages
from textor.errors import NotFound, Stale
from textor.features.recordings import editing, history, library
from textor.features.recordings.editing import Corrected, Correction, Names
from textor.routing import READ_LIMIT, WRITE_LIMIT, limited, login_needed
from textor.web import htmx, reading, transcript
from textor.web.visitors import me

pages = APIBlueprint("corrections", __name__, url_prefix="/transcripts/<uuid:transcription_id>", enable_openapi=False)

LONGEST_NUMBER = 9


@dataclass(frozen=True, slots=True)
class Form:
    """A turn while it is corrected. `is_late`: the text was changed meanwhile and reads `now`."""

    n: int
    start: float
    version: int
    text: str
    speaker: str
    was: str
    names: Names
    new_speaker: str = ""
    now: str = ""
    is_late: bool = False


@pages.get("/segments/<int:n>/edit")
@login_needed
@limited(READ_LIMIT)
def form(transcription_id: object, n: int) -> Response | str:
    """The form in the turn's place; without htmx a page with it."""
    found = editing.look(me().id, str(transcription_id), n)
    return _form(transcription_id, _opened(transcription_id, found))


@pages.get("/segments/<int:n>")
@login_needed
@limited(READ_LIMIT)
def turn(transcription_id: object, n: int) -> Response | str:
    """The turn as it is read; without htmx on its page."""
    shown = _turn(transcription_id, n)
    return shown if htmx.wants_fragment() else _back(transcription_id, n)


@pages.post("/segments/<int:n>")
@login_needed
@limited(WRITE_LIMIT)
def correct(transcription_id: object, n: int) -> Response | str:
    """Save a turn. Who comes too late keeps what they have written, and sees what stands there now."""
    wanted = Correction(request.form.get("text", ""), request.form.get("new_speaker", "") or request.form.get("speaker"))
    try:
        found = editing.correct(bootstrap.tools(), me().id, str(transcription_id), n, wanted, _version())
    except Stale:
        return _late(transcription_id, n)
    return _saved(transcription_id, found) if htmx.wants_fragment() else _back(transcription_id, n)


@pages.get("/edits")
@login_needed
@limited(READ_LIMIT)
def edits(transcription_id: object) -> str:
    """The speakers and the history."""
    row, names = library.find(me().id, str(transcription_id)), editing.speakers(me().id, str(transcription_id))
    return render_template("edits.html", row=row, names=names, told=history.history(me().id, str(transcription_id)))


@pages.post("/speakers")
@login_needed
@limited(WRITE_LIMIT)
def call(transcription_id: object) -> Response:
    """Name the speakers."""
    names = dict(zip(request.form.getlist("label"), request.form.getlist("name"), strict=False))
    editing.call(bootstrap.tools(), me().id, str(transcription_id), names, _version())
    flash(_("The speakers have their names."))
    return redirect(url_for("transcript.show", transcription_id=transcription_id), 303)


@pages.post("/restore/<int:wanted>")
@login_needed
@limited(WRITE_LIMIT)
def restore(transcription_id: object, wanted: int) -> Response:
    """Bring a version back."""
    history.restore(bootstrap.tools(), me().id, str(transcription_id), wanted, _version())
    flash(_("The version is back."))
    return redirect(url_for("corrections.edits", transcription_id=transcription_id, _anchor="history"), 303)


def _version() -> int:
    """A number that is none was never a version."""
    told = request.form.get("version", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) <= LONGEST_NUMBER else -1


def _opened(transcription_id: object, found: Corrected, **changes: Any) -> Form:
    names, speaker = editing.speakers(me().id, str(transcription_id)), found.line["speaker"] or ""
    values = {"version": found.version, "text": found.line["text"], "speaker": speaker, "was": speaker, "names": names}
    return Form(found.n, found.line["start"], **(values | changes))


def _late(transcription_id: object, n: int) -> Response:
    found = editing.look(me().id, str(transcription_id), n)
    written = {name: request.form.get(name, "") for name in ("text", "speaker", "new_speaker")}
    opened = _opened(transcription_id, found, now=found.line["text"], is_late=True, **written)
    return htmx.fragment(_form(transcription_id, opened), status=409)


def _form(transcription_id: object, opened: Form) -> str:
    row = library.find(me().id, str(transcription_id))
    is_alone = not htmx.wants_fragment()
    template = "turn_edit.html" if is_alone else "_turn_edit.html"
    return render_template(template, row=row, form=opened, spoken=_spoken(row), is_alone=is_alone)


def _spoken(row: Any) -> str | None:
    spoken = row.language or row.requested_language
    return languages.base(spoken) if spoken else None


def _turn(transcription_id: object, n: int) -> str:
    row = library.find(me().id, str(transcription_id))
    shown = reading.turns(library.segments(row), row.language or row.requested_language)
    found = next((one for one in shown if one.number == n + 1), None)
    if found is None:
        raise NotFound("There is no such segment.")
    return render_template("_turn.html", row=row, turn=found, is_done=True)


def _saved(transcription_id: object, found: Corrected) -> Response | str:
    """The turn; where its speaker changed, or nothing is left of it, the whole text: its neighbours and the figures change."""
    if found.line["text"] and request.form.get("was") == (found.line["speaker"] or ""):
        return _turn(transcription_id, found.n)
    values = transcript.values(library.find(me().id, str(transcription_id)))
    response = htmx.fragment(htmx.block("transcript.html", "script", partials=True, is_edited=True, **values))
    response.headers.update({"HX-Retarget": "#script", "HX-Reswap": "outerMorph"})
    return response


def _back(transcription_id: object, n: int) -> Response:
    return redirect(url_for("transcript.show", transcription_id=transcription_id, _anchor=f"g{n + 1}"), 303)
