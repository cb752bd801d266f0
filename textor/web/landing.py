"""The front page, for people; programs that ask for it get what the service says about itself."""

from apiflask import APIBlueprint
from flask import jsonify, render_template, request
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.features import health
from textor.routing import READ_LIMIT, limited, public
from textor.web import choices

pages = APIBlueprint("landing", __name__, enable_openapi=False)


@pages.get("/")
@public
@limited(READ_LIMIT)
def home() -> Response | str:
    """HTML only for those who ask for HTML: `*/*` means a program."""
    if prefers_html():
        return render_template("landing.html", offers=choices.offers())
    return jsonify(health.metadata(bootstrap.tools()))


def prefers_html() -> bool:
    """Whether the caller is a browser."""
    return any(kind.startswith("text/html") for kind in request.accept_mimetypes.values())
