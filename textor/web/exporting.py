"""A transcript as a file to take away."""

from apiflask import APIBlueprint
from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.doorstep import streaming
from textor.features.recordings import exports
from textor.routing import READ_LIMIT, limited, login_needed
from textor.web.visitors import me

LOOK_AGAIN_SECONDS = 2

pages = APIBlueprint("exporting", __name__, url_prefix="/transcripts/<uuid:transcription_id>", enable_openapi=False)


@pages.get("/download/<name>")
@login_needed
@limited(READ_LIMIT)
def download(transcription_id: object, name: str) -> Response:
    """The file, or a page that waits for it while a worker makes it."""
    options = exports.read_options(request.args)
    found = exports.export(bootstrap.tools(), me().id, str(transcription_id), name, options)
    response = streaming.file(found) if isinstance(found, exports.Ready) else _waiting(transcription_id)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _waiting(transcription_id: object) -> Response:
    """Refresh works without JavaScript; a download in answer to it leaves the page where it is."""
    response = make_response(render_template("export_wait.html", transcription_id=transcription_id), 202)
    response.headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return response
