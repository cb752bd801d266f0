"""Answers for htmx: a block of a page, a 304, a toast."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, make_response, render_template, request


def wants_fragment() -> bool:
    """Whether htmx asks for a part of the page. A walk back through the history needs it whole."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def block(template: str, name: str, **values: Any) -> str:
    """One named block of a template."""
    current_app.update_template_context(values)
    found = current_app.jinja_env.get_template(template)
    return "".join(found.blocks[name](found.new_context(values)))


def fragment(body: str, *, trigger: str = "", status: int = 200) -> Response:
    """A part of a page. `trigger` is an event that other parts listen to."""
    response = make_response(body, status)
    if trigger:
        # On the body: whoever asked may be gone from the page by now, and an event on it would reach nobody.
        response.headers["HX-Trigger"] = json.dumps({trigger: {"target": "body"}})
    return _varied(response)


def toast(message: str, *, tone: str = "", status: int = 200, trigger: str = "", **values: Any) -> Response:
    """A short note in the corner and nothing else."""
    response = fragment(render_template("_toast.html", message=message, tone=tone, **values), status=status, trigger=trigger)
    response.headers["HX-Reswap"] = "none"
    return response


def unless_known(facts: tuple[object, ...], render: Callable[[], str]) -> Response:
    """304 to a browser that has exactly this already, else what `render` makes."""
    tag = hashlib.sha256(repr(facts).encode()).hexdigest()[:32]
    response = Response(status=304) if request.if_none_match.contains_weak(tag) else make_response(render())
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return _varied(response)


def _varied(response: Response) -> Response:
    response.vary.add("HX-Request")
    return response
