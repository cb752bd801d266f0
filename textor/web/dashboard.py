"""The list of transcripts: upload, watch, act on one or several."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from apiflask import APIBlueprint
from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.errors import TextorError
from textor.features.recordings import library
from textor.features.recordings.filtering import EVERYTHING
from textor.features.transcription import control
from textor.routing import READ_LIMIT, WRITE_LIMIT, limited, login_needed
from textor.web import choices, etas, forms, htmx, locale
from textor.web.visitors import me

pages = APIBlueprint("dashboard", __name__, url_prefix="/transcripts", enable_openapi=False)


@pages.get("")
@login_needed
@limited(READ_LIMIT)
def index() -> Response | str:
    """The dashboard; for htmx its rows, or 304 where they are what they were."""
    query = forms.list_query()
    if not htmx.wants_fragment():
        return page()
    told = tuple(etas.told(me().id).items())
    facts = (me().id, library.fingerprint(me().id), told, query, locale.tag(), choices.version())
    return htmx.unless_known(facts, lambda: htmx.block("dashboard.html", "rows", partials=True, **_listing(query)))


def page(typed: Mapping[str, str] | None = None) -> str:
    """The whole page; `typed` is an upload form that was refused."""
    return render_template("dashboard.html", **_listing(forms.list_query()), **choices.upload(typed))


@pages.post("/<uuid:transcription_id>/cancel")
@login_needed
@limited(WRITE_LIMIT)
def cancel(transcription_id: object) -> Response:
    """Stop one."""
    return _act("cancel", [str(transcription_id)])


@pages.post("/<uuid:transcription_id>/retry")
@login_needed
@limited(WRITE_LIMIT)
def retry(transcription_id: object) -> Response:
    """Transcribe one again."""
    return _act("retry", [str(transcription_id)])


@pages.post("/<uuid:transcription_id>/delete")
@login_needed
@limited(WRITE_LIMIT)
def delete(transcription_id: object) -> Response:
    """Hide one; the note that answers offers to undo it."""
    return _act("delete", [str(transcription_id)])


@pages.post("/<uuid:transcription_id>/undo")
@login_needed
@limited(WRITE_LIMIT)
def undo(transcription_id: object) -> Response:
    """Bring a deleted one back."""
    return _act("undo", [str(transcription_id)])


@pages.post("/bulk/<any(cancel, retry, delete, undo):action>")
@login_needed
@limited(WRITE_LIMIT)
def bulk(action: str) -> Response:
    """The same for every row that is ticked."""
    return _act(action, forms.ids())


def _listing(query: forms.ListQuery) -> dict[str, Any]:
    user_id = me().id
    return {
        "query": query,
        "page": library.page(user_id, query.filters, query.number),
        "counts": library.counts(user_id, query.filters),
        "positions": library.positions(user_id),
        "etas": etas.told(user_id),
        "totals": library.counts(user_id, EVERYTHING),
        "engines": choices.titles(),
        "formats": list(bootstrap.tools().formats.values()),
    }


class _Action(NamedTuple):
    run: Callable[[str], object]
    done: Callable[[int], str]


def _action(name: str) -> _Action:
    tools, user_id = bootstrap.tools(), me().id
    picked = forms.Picked.read(request.form.get("engine", ""))
    actions: dict[str, _Action] = {
        "cancel": _Action(lambda one: control.cancel(tools, user_id, one), _cancelled),
        "retry": _Action(lambda one: control.retry(tools, user_id, one, picked.engine, picked.model or None), _queued),
        "delete": _Action(lambda one: library.delete(tools, user_id, one), _deleted),
        "undo": _Action(lambda one: library.undo_delete(tools, user_id, one), _restored),
    }
    return actions[name]


def _act(name: str, chosen: list[str]) -> Response:
    """Do it to each. A single refusal is told as it is; of several, those that worked are counted."""
    action = _action(name)
    done: list[str] = []
    refusal: TextorError | None = None
    for one in chosen:
        try:
            action.run(one)
            done.append(one)
        except TextorError as error:
            refusal = error
    if refusal and not done:
        raise refusal
    if not done:
        abort(400)
    return _answer(action.done(len(done)), done if name == "delete" else [])


def _answer(message: str, undoable: list[str]) -> Response:
    if htmx.wants_fragment():
        return htmx.toast(message, undoable=undoable, trigger="jobs:changed")
    flash(message, "undo:" + ",".join(undoable) if undoable else "message")
    return redirect(forms.safe_next(request.form.get("next")) or url_for("dashboard.index"), 303)


def _cancelled(count: int) -> str:
    return ngettext("Cancelled.", "Cancelled %(count)s jobs.", count, count=locale.digits(count))


def _queued(count: int) -> str:
    return ngettext("Back in the queue.", "%(count)s are back in the queue.", count, count=locale.digits(count))


def _deleted(count: int) -> str:
    return ngettext("Deleted.", "Deleted %(count)s transcripts.", count, count=locale.digits(count))


def _restored(count: int) -> str:
    return ngettext("It is back.", "%(count)s are back.", count, count=locale.digits(count)) if count else _("Nothing to undo.")
