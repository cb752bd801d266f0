"""Recordings coming in from the dashboard: files, the microphone, the sample."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from apiflask import APIBlueprint
from flask import flash, jsonify, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.doorstep import uploads
from textor.extensions import csrf
from textor.features.recordings import intake, sample
from textor.routing import WRITE_LIMIT, limited, login_needed
from textor.web import dashboard, errors, forms, locale
from textor.web.visitors import me

MOST_TOLD = 5  # refusals that are told one by one: they travel in a cookie

pages = APIBlueprint("uploading", __name__, url_prefix="/transcripts", enable_openapi=False)


@pages.post("")
@csrf.exempt  # the automatic check would read the whole body before the login is looked at; `receive` checks instead
@login_needed
@limited(WRITE_LIMIT)
def upload() -> Response:
    """Take in files: JSON about the first one for the script, the dashboard again for a plain form."""
    results = uploads.receive(bootstrap.tools(), me().id, _choice)
    return _tell_script(results[0]) if errors.wants_json() else _tell_form(results)


@pages.post("/sample")
@login_needed
@limited(WRITE_LIMIT)
def sample_recording() -> Response:
    """One click, a transcript."""
    row = sample.transcribe(bootstrap.tools(), me().id)
    return redirect(url_for("transcript.show", transcription_id=row.id), 303)


def _choice(form: Mapping[str, str]) -> intake.Choice:
    picked = forms.Picked.read(form.get("engine", ""))
    return intake.Choice(
        engine=picked.engine,
        model=picked.model,
        language=forms.clean(form.get("language", "")),
        diarize=forms.flag(form, "diarize"),
        title=forms.clean(form.get("title", "")),
        hints=forms.hints(form),
    )


def _tell_script(result: uploads.Result) -> Response:
    if isinstance(result, uploads.Refused):
        return make_response(jsonify(error=locale.sentence(result.error.message)), result.error.status)
    row = result.transcription
    address = url_for("transcript.show", transcription_id=row.id)
    answer = jsonify(id=row.id, title=row.recording.title, url=address)
    return make_response(answer, HTTPStatus.CREATED, {"Location": address})


def _tell_form(results: Sequence[uploads.Result]) -> Response:
    refused = [result for result in results if isinstance(result, uploads.Refused)]
    for one in refused[:MOST_TOLD]:
        flash(f"{forms.clean(one.filename)[:80]}: {locale.sentence(one.error.message)}", "error")
    if count := len(results) - len(refused):
        flash(ngettext("Uploaded.", "Uploaded %(count)s files.", count, count=locale.digits(count)))
    if len(refused) > MOST_TOLD:
        flash(_("%(count)s more could not be used.", count=locale.digits(len(refused) - MOST_TOLD)), "error")
    if len(refused) == len(results):  # with what was typed
        return make_response(dashboard.page(request.form), refused[0].error.status)
    return redirect(url_for("dashboard.index"), 303)
