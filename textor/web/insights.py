"""A transcript's summary: asked for, watched while it is written, made again; and the user's own templates for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.domain import job_states, languages
from textor.features.insights import choosing, summary, templates
from textor.features.recordings import library
from textor.routing import READ_LIMIT, WRITE_LIMIT, limited, login_needed
from textor.web import forms, htmx, locale, prose
from textor.web.visitors import me

OPEN = {"queued", "running"}
FORMATS = {"paragraph": _l("Paragraph"), "bullet_points": _l("Bullet points"), "key_points": _l("Key points")}
USUAL_WORDS = 200
LONGEST_NUMBER = 9

pages = APIBlueprint("insights", __name__, url_prefix="/transcripts/<uuid:transcription_id>/summary", enable_openapi=False)


@dataclass(frozen=True, slots=True)
class Form:
    """What the form for a summary has in it."""

    model: str = ""
    format: str = "paragraph"
    words: int = USUAL_WORDS
    instruction: str = ""
    template: int = 0


@pages.get("")
@login_needed
@limited(READ_LIMIT)
def show(transcription_id: object) -> Response:
    """Its part of the page, or 304 while nothing more is written; without htmx the page."""
    row = library.find(me().id, str(transcription_id))
    if not htmx.wants_fragment():
        return _back(row.id)
    shown = values(row)
    facts = (row.id, row.status, _standing(shown["summary"]), shown["form"], len(shown["templates"]), locale.tag())
    return htmx.unless_known(facts, lambda: _fragment(shown))


@pages.post("")
@login_needed
@limited(WRITE_LIMIT)
def begin(transcription_id: object) -> Response:
    """Have one made."""
    row = library.find(me().id, str(transcription_id))
    form = _sent()
    order = summary.Order(model_name=form.model, max_words=form.words, format=form.format, instruction=form.instruction or None)
    summary.begin(bootstrap.tools(), me().id, row.id, order)
    return _shown(row)


@pages.post("/stop")
@login_needed
@limited(WRITE_LIMIT)
def stop(transcription_id: object) -> Response:
    """No more of it."""
    row = library.find(me().id, str(transcription_id))
    if latest := summary.latest(bootstrap.tools(), me().id, row.id):
        summary.stop(bootstrap.tools(), me().id, latest.id)
    return _shown(row)


@pages.post("/templates")
@login_needed
@limited(WRITE_LIMIT)
def save(transcription_id: object) -> Response:
    """Keep the form as a template."""
    row = library.find(me().id, str(transcription_id))
    tools, form = bootstrap.tools(), _sent()
    name = forms.clean(request.form.get("template_name", ""))
    kept = templates.save(tools, me().id, name, form.instruction, form.format, form.words)
    return _shown(row, told=_("The template is saved."), form=replace(form, template=kept.id))


@pages.post("/templates/forget")
@login_needed
@limited(WRITE_LIMIT)
def forget(transcription_id: object) -> Response:
    """Delete a template."""
    row = library.find(me().id, str(transcription_id))
    templates.delete(me().id, _number(request.form.get("template", "")))
    return _shown(row, told=_("The template is deleted."))


def values(row: Any, form: Form | None = None) -> dict[str, Any]:
    """What the page shows of a transcription's summary."""
    tools = bootstrap.tools()
    found = summary.latest(tools, me().id, row.id)
    settled = found if found and found.state == "completed" else found and found.earlier
    kept, models = templates.listed(me().id), choosing.ready(tools)
    spoken = row.language or row.requested_language
    return {
        "row": row,
        "is_done": row.status in job_states.DONE,
        "summary": found,
        "is_written": found is not None and found.state in OPEN,
        "settled": settled,
        "summary_text": prose.lay_out(found.text, prose.cites(found.citations)) if found else None,
        "form": form or _filled(found, kept, models),
        "summary_formats": FORMATS,
        "templates": kept,
        "models": models,
        "titles": {name: model.title for name, model in tools.text_models.items()},
        "spoken": languages.base(spoken) if spoken else "",
    }


def _sent() -> Form:
    told = request.form
    return Form(
        model=forms.clean(told.get("model", ""))[:128],
        format=forms.clean(told.get("format", ""))[:16],
        words=_number(told.get("words", "")),
        instruction=told.get("instruction", "").strip(),
    )


def _standing(found: summary.View | None) -> tuple[object, ...] | None:
    """What of it changes before one's eyes; that its worker is alive is none of that."""
    return (found.id, found.state, found.progress, found.message, found.text, found.is_stale) if found else None


def _filled(found: summary.View | None, kept: Sequence[Any], models: Sequence[Any]) -> Form:
    """As the template that was picked says, else as the last summary was made."""
    picked, last = _number(request.args.get("template", "")), found.model if found else ""
    for one in kept:
        if one.id == picked:
            followers = [model.name for model in models if model.capabilities.instructions or not one.instruction]
            model = last if last in followers else next(iter(followers), last)
            return Form(model, one.format, one.max_words, one.instruction, one.id)
    return Form(last, found.format, found.max_words, found.instruction or "") if found else Form()


def _number(told: str) -> int:
    """A number that is none is refused as 0."""
    return int(told) if told.isdecimal() and len(told) <= LONGEST_NUMBER else 0


def _shown(row: Any, told: str = "", form: Form | None = None) -> Response:
    if htmx.wants_fragment():
        return htmx.fragment(_fragment(values(row, form), told))
    if told:
        flash(told)
    return _back(row.id, **({"template": form.template} if form else {}))


def _fragment(shown: Mapping[str, Any], told: str = "") -> str:
    return render_template("_summary.html", is_fragment=True, note=told, **shown)


def _back(transcription_id: str, **more: Any) -> Response:
    return redirect(url_for("transcript.show", transcription_id=transcription_id, panel="summary", _anchor="panel", **more), 303)
