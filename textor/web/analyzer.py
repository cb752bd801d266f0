"""Image-prompt tasks: the list of them, a new one, one of them read, written again, stopped, taken along."""

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.doorstep import streaming, uploads
from textor.errors import InvalidInput, TextorError
from textor.extensions import csrf
from textor.features.insights import analyzer, prompts
from textor.routing import READ_LIMIT, WRITE_LIMIT, limited, login_needed
from textor.web import forms, htmx, locale, prompts_new, prompts_reading
from textor.web.prompts_reading import Typed
from textor.web.visitors import me

pages = APIBlueprint("analyzer", __name__, url_prefix="/prompts", enable_openapi=False)


@pages.get("")
@login_needed
@limited(READ_LIMIT)
def index() -> Response | str:
    """The list; for htmx its rows, or 304 where they are what they were."""
    found = prompts_reading.index(me().id, forms.page_number(request.args.get("page", "")))
    if not htmx.wants_fragment():
        return render_template("prompts.html", **found)
    rows = [(one.id, one.name, one.updated_at) for one in found["tasks"]]
    facts = (me().id, rows, found["standings"], locale.tag())
    return htmx.unless_known(facts, lambda: htmx.block("prompts.html", "rows", **found))


@pages.get("/new")
@login_needed
@limited(READ_LIMIT)
def new() -> str:
    """The form for a new one; `?transcript=` chooses what it is made of."""
    transcript = forms.clean(request.args.get("transcript", ""))
    return prompts_new.page(Typed.of_form({"source": "transcript" if transcript else "", "transcript": transcript}))


@pages.post("")
@csrf.exempt  # the automatic check would read the whole body before the login is looked at
@login_needed
@limited(WRITE_LIMIT)
def create() -> Response:
    """Take in what it is made of, and begin; what is refused is told above the form as it was sent."""
    with uploads.spooled(bootstrap.tools(), _allowance()) as form:
        csrf.protect()
        try:
            return _to(prompts_new.make(bootstrap.tools(), form))
        except TextorError as refusal:
            return _refused(form, refusal)


@pages.get("/<int:task_id>")
@login_needed
@limited(READ_LIMIT)
def show(task_id: int) -> Response | str:
    """A task with its scenes; for htmx without what is around them, or 304 while nothing moves."""
    found = prompts_reading.task(me().id, task_id, forms.page_number(request.args.get("page", "")))
    if not htmx.wants_fragment():
        return render_template("prompts_task.html", **found)
    facts = (task_id, found["task"].updated_at, found["standing"], found["scenes"], locale.tag())
    return htmx.unless_known(facts, lambda: htmx.block("prompts_task.html", "task", partials=True, **found))


@pages.post("/<int:task_id>/rename")
@login_needed
@limited(WRITE_LIMIT)
def rename(task_id: int) -> Response:
    """Give it another name."""
    analyzer.rename(bootstrap.tools(), me().id, task_id, request.form.get("name", ""))
    flash(_("Renamed."))
    return _to(task_id)


@pages.post("/<int:task_id>/again")
@login_needed
@limited(WRITE_LIMIT)
def again(task_id: int) -> Response:
    """Have its prompts written anew: as the form says, or as before where it says nothing."""
    analyzer.write_again(bootstrap.tools(), me().id, task_id, _wish(task_id, request.form))
    return _to(task_id)


@pages.post("/<int:task_id>/stop")
@login_needed
@limited(WRITE_LIMIT)
def stop(task_id: int) -> Response:
    """End it where it is."""
    analyzer.stop(bootstrap.tools(), me().id, task_id)
    flash(_("Stopped."))
    return _to(task_id)


@pages.post("/delete")
@login_needed
@limited(WRITE_LIMIT)
def delete() -> Response:
    """Delete those that were chosen, with their prompts."""
    ids = prompts_reading.picked(request.form.getlist("ids"))
    if not ids:
        raise InvalidInput("Choose at least one task.", field="ids")
    analyzer.delete(bootstrap.tools(), me().id, ids)
    flash(ngettext("The task is deleted.", "%(count)s tasks are deleted.", len(ids), count=locale.digits(len(ids))))
    return redirect(url_for("analyzer.index"), 303)


@pages.get("/<int:task_id>/export/<any(csv, txt, json):name>")
@login_needed
@limited(READ_LIMIT)
def export(task_id: int, name: str) -> Response:
    """All of its prompts as a file."""
    filename, media_type, content = prompts.exported(analyzer.find(me().id, task_id), name)
    response = make_response(content, {"Content-Type": f"{media_type}; charset=utf-8"})
    response.headers["Content-Disposition"] = streaming.disposition("attachment", filename)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _allowance() -> uploads.Allowance:
    return uploads.Allowance(bootstrap.tools().settings.max_upload_bytes, most_files=1)


def _refused(form: Mapping[str, str], refusal: TextorError) -> Response:
    if refusal.status >= 500:
        raise refusal
    page = prompts_new.page(Typed.of_form(form), locale.sentence(refusal.message))
    return make_response(page, refusal.status)


def _wish(task_id: int, form: Mapping[str, Any]) -> analyzer.Wish:
    if "generator" not in form:
        return analyzer.wish_of(analyzer.find(me().id, task_id))
    return analyzer.Wish(**Typed.of_form(form).wish())


def _to(task_id: int) -> Response:
    return redirect(url_for("analyzer.show", task_id=task_id), 303)
