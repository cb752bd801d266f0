"""One transcript: reading it, listening along, taking it with you."""

from typing import Any

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.domain import job_states, statistics
from textor.doorstep import streaming
from textor.features.accounts import text_spending
from textor.features.recordings import library
from textor.features.transcription import comparing
from textor.routing import READ_LIMIT, WRITE_LIMIT, limited, login_needed
from textor.web import choices, details, etas, forms, htmx, locale, panel, reading
from textor.web.visitors import me

pages = APIBlueprint("transcript", __name__, url_prefix="/transcripts/<uuid:transcription_id>", enable_openapi=False)


@pages.get("")
@login_needed
@limited(READ_LIMIT)
def show(transcription_id: object) -> Response | str:
    """The page; for htmx its text, or 304 while no more of it was heard."""
    row = library.find(me().id, str(transcription_id))
    if not htmx.wants_fragment():
        return render_template("transcript.html", **(values(row) | panel.values(row)))
    place = library.positions(me().id).get(row.id)
    facts = (row.id, row.updated_at, row.status, row.progress, place, etas.of(row), locale.tag())
    return htmx.unless_known(facts, lambda: htmx.block("transcript.html", "script", partials=True, **values(row)))


@pages.post("/rename")
@login_needed
@limited(WRITE_LIMIT)
def rename(transcription_id: object) -> Response:
    """Give it another title."""
    library.rename(bootstrap.tools(), me().id, str(transcription_id), forms.clean(request.form.get("title", "")))
    if htmx.wants_fragment():
        return htmx.toast(_("Renamed."), trigger="jobs:changed")
    flash(_("Renamed."))
    return redirect(url_for("transcript.show", transcription_id=transcription_id), 303)


@pages.get("/audio")
@login_needed
@limited(READ_LIMIT)
def audio(transcription_id: object) -> Response:
    """The recording, whole or a range of it."""
    return streaming.audio(bootstrap.tools(), library.audio(me().id, str(transcription_id)))


def values(row: Any) -> dict[str, Any]:
    """What the page shows of a transcription as the library hands it out."""
    segments, gaps = library.segments(row), library.gaps(row)
    figures = statistics.measure(segments)
    tools = bootstrap.tools()
    return {
        "row": row,
        "recording": row.recording,
        "turns": reading.script(segments, gaps, row.language or row.requested_language),
        "holes": reading.holes(gaps),
        "takeovers": library.takeovers(row),
        "figures": figures,
        "text_cost": text_spending.total(text_spending.of_transcription(me().id, row.seq)),
        "told": details.of(row, segments),
        "detail_titles": details.TITLES,
        "unsure": reading.unsure_words(segments),
        "waveform": reading.waveform(row.recording.peaks, segments, row.recording.seconds),
        "is_running": row.status in job_states.OPEN,
        "is_done": row.status in job_states.DONE,
        "etas": {row.id: etas.of(row)},
        "position": library.positions(me().id).get(row.id),
        "formats": list(tools.formats.values()),
        "engines": choices.titles(),
        "offers": choices.offers(),
        "is_compared": len(comparing.rows(me().id, row.recording_id)) > 1,
    }
