"""Recordings coming in from the dashboard: files, the microphone, the sample."""

from apiflask import APIBlueprint
from werkzeug.wrappers import Response

from textor.errors import Unavailable
from textor.extensions import csrf
from textor.routing import WRITE_LIMIT, limited, login_needed

pages = APIBlueprint("uploading", __name__, url_prefix="/transcripts", enable_openapi=False)


@pages.post("")
@csrf.exempt
@login_needed
@limited(WRITE_LIMIT)
def upload() -> Response:
    raise Unavailable("Not yet.")


@pages.post("/sample")
@login_needed
@limited(WRITE_LIMIT)
def sample() -> Response:
    raise Unavailable("Not yet.")
