"""The prompts of a task edited: written by hand, moved, added, and several of them together.

Every form sends all fields of the page; what was typed is saved before anything else is done, so that nothing of it is lost.
"""

from collections.abc import Callable

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.errors import InvalidInput
from textor.features.insights import analyzer, prompts
from textor.features.insights.prompts import Rewrite
from textor.routing import WRITE_LIMIT, limited, login_needed
from textor.web import forms, htmx, locale, prompts_reading
from textor.web.visitors import me

TEXT, WAS = "text-", "was-"
HEARD = Markup('<hx-partial hx-target="#live" hx-swap="textContent">{}</hx-partial>')
"""For screen readers alone: a note on each step of a scene's way would be in the way."""

pages = APIBlueprint("prompts", __name__, url_prefix="/prompts/<int:task_id>/scenes", enable_openapi=False)


@pages.post("")
@login_needed
@limited(WRITE_LIMIT)
def save(task_id: int) -> Response:
    """Save what was typed; for htmx the chips of those scenes."""
    texts = _typed(task_id)
    prompts.change(bootstrap.tools(), me().id, task_id, texts)
    if not htmx.wants_fragment():
        return _answer(task_id, _("Saved."))
    scenes = [one for one in prompts_reading.task(me().id, task_id, _number())["scenes"] if one.id in texts]
    return htmx.fragment(render_template("_prompts_saved.html", scenes=scenes))


@pages.post("/add")
@login_needed
@limited(WRITE_LIMIT)
def add(task_id: int) -> Response:
    """One more, at the end."""
    _keep(task_id)
    prompts.add(bootstrap.tools(), me().id, task_id, prompts_reading.lines(request.form.get("new", "")))
    return _answer(task_id, _("The scene is added."))


@pages.post("/order")
@login_needed
@limited(WRITE_LIMIT)
def order(task_id: int) -> Response:
    """The scenes of a page in the order of their fields, as they were dragged; those of other pages stay where they are."""
    _keep(task_id)
    wanted = prompts_reading.picked([name.removeprefix(TEXT) for name in request.form if name.startswith(TEXT)])
    left, moved = iter(wanted), set(wanted)
    ids = [next(left, one.id) if one.id in moved else one.id for one in prompts.listed(analyzer.find(me().id, task_id))]
    prompts.reorder(bootstrap.tools(), me().id, task_id, ids)
    return _answer(task_id, _("Moved."), is_quiet=True)


@pages.post("/<int:prompt_id>/<any(up, down, delete):action>")
@login_needed
@limited(WRITE_LIMIT)
def one(task_id: int, prompt_id: int, action: str) -> Response:
    """Move a scene by one, or take it away."""
    _keep(task_id)
    if action == "delete":
        return _answer(task_id, _deleted(task_id, [prompt_id]))
    place = _place(task_id, prompt_id) + (1 if action == "down" else -1)
    prompts.move(bootstrap.tools(), me().id, task_id, prompt_id, place)
    return _answer(task_id, _("It is scene %(number)s now.", number=locale.digits(max(0, place) + 1)), is_quiet=True)


@pages.post("/bulk/<any(replace, merge, delete):action>")
@login_needed
@limited(WRITE_LIMIT)
def bulk(task_id: int, action: str) -> Response:
    """The same for every scene that is ticked."""
    ids = prompts_reading.picked(request.form.getlist("ids"))
    if not ids:
        raise InvalidInput("Choose at least one scene.", field="ids")
    _keep(task_id)
    return _answer(task_id, BULK[action](task_id, ids))


def _replaced(task_id: int, ids: list[int]) -> str:
    told = {name: request.form.get(name, "") for name in ("old", "with", "ending")}
    wanted = Rewrite(old=told["old"], new=told["with"], ending=told["ending"].strip())
    if not (wanted.old or wanted.ending):
        raise InvalidInput("Write what is to be replaced, or what is to be added.", field="old")
    count = prompts.replace(bootstrap.tools(), me().id, task_id, ids, wanted)
    changed = ngettext("One scene is changed.", "%(count)s scenes are changed.", count, count=locale.digits(count))
    return str(changed) if count else _("Nothing has changed: none of these scenes has such words.")


def _merged(task_id: int, ids: list[int]) -> str:
    prompts.merge(bootstrap.tools(), me().id, task_id, ids)
    return _("They are one scene now.")


def _deleted(task_id: int, ids: list[int]) -> str:
    prompts.delete(bootstrap.tools(), me().id, task_id, ids)
    return str(ngettext("The scene is deleted.", "%(count)s scenes are deleted.", len(ids), count=locale.digits(len(ids))))


BULK: dict[str, Callable[[int, list[int]], str]] = {"replace": _replaced, "merge": _merged, "delete": _deleted}


def _typed(task_id: int) -> dict[int, str]:
    """The texts whose fields were changed since the page was made, by id: what stands in another window stays as it is there."""
    analyzer.find(me().id, task_id)
    sent = {name.removeprefix(TEXT): text for name, text in request.form.items() if name.startswith(TEXT)}
    known = {
        number: prompts_reading.lines(sent[str(number)]) for number in prompts_reading.picked(list(sent)) if str(number) in sent
    }
    return {number: text for number, text in known.items() if prompts_reading.mark(text) != request.form.get(f"{WAS}{number}")}


def _keep(task_id: int) -> None:
    """Save what was typed before something else is done; a field that was emptied, or whose scene is gone, holds nothing up."""
    there = {row.id for row in prompts.listed(analyzer.find(me().id, task_id))}
    texts = {number: text for number, text in _typed(task_id).items() if number in there and text.strip()}
    if texts:
        prompts.change(bootstrap.tools(), me().id, task_id, texts)


def _place(task_id: int, prompt_id: int) -> int:
    ids = [row.id for row in prompts.listed(analyzer.find(me().id, task_id))]
    return ids.index(prompt_id) if prompt_id in ids else 0  # `move` refuses that


def _number() -> int:
    return forms.page_number(request.form.get("page", ""))


def _answer(task_id: int, message: str, *, is_quiet: bool = False) -> Response:
    """The task as it is now, and a note of what was done."""
    if htmx.wants_fragment():
        body = htmx.block("prompts_task.html", "task", **prompts_reading.task(me().id, task_id, _number()))
        note = str(HEARD.format(message)) if is_quiet else render_template("_toast.html", message=message)
        return htmx.fragment(body + note)
    flash(message)
    number = _number()
    return redirect(url_for("analyzer.show", task_id=task_id, page=number if number > 1 else None), 303)
