"""What goes wrong, as a page, or as a toast for htmx."""

import logging
import secrets
import time
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Response, g, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_limiter.errors import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from textor.errors import NotFound, TextorError, TooManyRequests, Unavailable
from textor.extensions import limiter, login
from textor.web import htmx, locale

log = logging.getLogger(__name__)


class Words(NamedTuple):
    """What an error page says."""

    title: object
    text: object


@dataclass(frozen=True, slots=True)
class Fault:
    """An error on its way out. An empty `text` means the page's own words."""

    status: int
    text: str = ""
    retry_after: int = 0


PAGES: dict[int, Words] = {
    400: Words(
        _l("That did not work"), _l("The request could not be understood. Go back, check what you entered and try again.")
    ),
    402: Words(_l("Over the budget"), _l("This would cost more than your budget for this month has left.")),
    403: Words(_l("Not for this account"), _l("Your account may not do this. Ask an administrator if you need it.")),
    404: Words(_l("Nothing recorded here"), _l("This page or transcript does not exist, or you do not have access to it.")),
    405: Words(_l("Not this way"), _l("This address can't be used like that. Go back and use the buttons on the page.")),
    409: Words(_l("Too late for that"), _l("Something changed in the meantime. Go back and look at its state now.")),
    413: Words(_l("Too large"), _l("The file is over the limit of this server. Cut it or export it smaller, then try again.")),
    429: Words(_l("Too fast"), _l("You reached a limit. Nothing was lost: what was uploaded is in the queue.")),
    500: Words(
        _l("Something broke on our side"),
        _l("The error is in the log. Your audio and transcripts are safe, and running jobs continue."),
    ),
    503: Words(_l("One moment, please"), _l("A part of Textor is away. Your audio and transcripts are safe. Try again shortly.")),
}


def prepare() -> None:
    """Where a stranger is sent."""
    login.unauthorized_handler(_to_login)


def answer(error: Exception) -> AnyResponse:
    """The response to any error, as a page or as a toast."""
    if isinstance(error, HTTPException) and error.response is not None:
        return make_response(error.response)
    fault = read(error)
    if fault.status >= 500 and not isinstance(error, TextorError):
        _log(error)
    response = _shown(fault)
    if fault.retry_after:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def read(error: Exception) -> Fault:
    """What of an error may be told: our own sentences, never those of a library."""
    if isinstance(error, CSRFError):
        return Fault(400, _("This page was open for too long, or its session ended. Load it again and repeat what you did."))
    if isinstance(error, RateLimitExceeded):
        return Fault(429, retry_after=_seconds_left(error))
    if isinstance(error, HTTPException):
        return Fault(error.code or 500)
    if isinstance(error, TooManyRequests | Unavailable):
        return Fault(error.status, locale.sentence(error.message), error.retry_after)
    if isinstance(error, TextorError):
        return Fault(error.status, "" if isinstance(error, NotFound) else locale.sentence(error.message))
    return Fault(500)


def wants_json() -> bool:
    """Whether a script of ours asks: it uploads with XMLHttpRequest."""
    return request.accept_mimetypes.best == "application/json"


def _shown(fault: Fault) -> Response:
    if wants_json():
        return make_response(jsonify(error=fault.text or str(_words(fault).text)), fault.status)
    return _toast(fault) if htmx.wants_fragment() else _page(fault)


def _words(fault: Fault) -> Words:
    return PAGES.get(fault.status, PAGES[500 if fault.status >= 500 else 400])


def _page(fault: Fault) -> Response:
    page = render_template("error.html", fault=fault, words=_words(fault), reference=g.get("error_reference"))
    return make_response(page, fault.status)


def _toast(fault: Fault) -> Response:
    return htmx.toast(fault.text or str(_words(fault).text), tone="err", status=fault.status)


def _log(error: Exception) -> None:
    """Once, with a reference that the page shows and nothing of what the user sent."""
    g.error_reference = secrets.token_hex(6)
    log.error("error %s at %s %s", g.error_reference, request.method, request.endpoint, exc_info=error)


def _seconds_left(error: RateLimitExceeded) -> int:
    found = limiter.current_limit
    return max(1, int(found.reset_at - time.time()) + 1) if found else int(error.limit.limit.get_expiry())


def _to_login() -> AnyResponse:
    """htmx would follow a redirect and put the login page into a table: it is told to leave the page instead."""
    if request.headers.get("HX-Request") == "true":
        here = url_for("auth.login_form", next=_path_of(request.headers.get("HX-Current-URL", "")))
        return Response(status=401, headers={"HX-Redirect": here})
    if wants_json():
        text = _("You are signed out. Sign in and try again.")
        return make_response(jsonify(error=text, login=url_for("auth.login_form")), 401)
    if request.method in {"GET", "HEAD"}:
        return redirect(url_for("auth.login_form", next=request.full_path.rstrip("?")))
    return redirect(url_for("auth.login_form"), 303)


def _path_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket without its partner
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")
