"""A transcript as a file to take away."""

from apiflask import APIBlueprint
from flask import make_response, render_template, request, send_file
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.features.recordings import exports
from textor.routing import READ_LIMIT, limited, login_needed
from textor.web import errors, streaming
from textor.web.visitors import me

AGAIN_SECONDS = 2

pages = APIBlueprint("exporting", __name__, url_prefix="/transcripts/<uuid:transcription_id>", enable_openapi=False)
errors.prepare_pages(pages)


@pages.get("/export/<name>")
@login_needed
@limited(READ_LIMIT)
def download(transcription_id: object, name: str) -> Response:
    """The file, or a page that waits for it and asks again by itself."""
    options = exports.read_options(request.args)
    made = exports.export(bootstrap.tools(), me().id, str(transcription_id), name, options)
    return _sent(made) if isinstance(made, exports.Ready) else _waiting(str(transcription_id))


def _sent(ready: exports.Ready) -> Response:
    response = send_file(ready.open(), mimetype=ready.media_type)
    response.content_length = ready.size_bytes
    response.headers["Content-Disposition"] = streaming.disposition("attachment", ready.filename)
    return response


def _waiting(transcription_id: str) -> Response:
    """Refresh works without JavaScript; a download in answer to it leaves the page where it is."""
    response = make_response(render_template("export_wait.html", transcription_id=transcription_id), 202)
    response.headers["Refresh"] = str(AGAIN_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response
