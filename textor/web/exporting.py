"""A transcript as a file to take away."""

from apiflask import APIBlueprint
from werkzeug.wrappers import Response

from textor.errors import Unavailable
from textor.routing import READ_LIMIT, limited, login_needed
from textor.web import errors

pages = APIBlueprint("exporting", __name__, url_prefix="/transcripts", enable_openapi=False)
errors.prepare_pages(pages)


@pages.get("/<uuid:transcription_id>/download/<name>")
@login_needed
@limited(READ_LIMIT)
def download(transcription_id: object, name: str) -> Response:
    raise Unavailable("Not yet.")
