"""Webhooks on the account page: where one's own server listens, its secret, what was sent and what became of it."""

from apiflask import APIBlueprint
from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.errors import InvalidInput
from textor.features.webhooks import deliveries, receivers
from textor.routing import READ_LIMIT, WRITE_LIMIT, limited, login_needed
from textor.web import account, forms, htmx, locale, webhook_log
from textor.web.visitors import me

CHANGED = "webhooks:changed"

pages = APIBlueprint("webhooks", __name__, url_prefix="/account/webhooks", enable_openapi=False)


@pages.get("")
@login_needed
@limited(READ_LIMIT)
def log() -> Response:
    """The table of deliveries for htmx, or 304 while it reads as it did; others go to the page that has it."""
    if not htmx.wants_fragment():
        return _back()
    body = htmx.block("_webhooks.html", "deliveries", **webhook_log.log())
    return htmx.unless_known((body, locale.tag()), lambda: body)


@pages.post("")
@login_needed
@limited(WRITE_LIMIT)
def set_address() -> Response | tuple[str, int]:
    """Where messages go from now on; an empty field ends them."""
    try:
        receivers.set_address(bootstrap.tools(), me().id, forms.clean(request.form.get(receivers.FIELD, "")))
    except InvalidInput as error:
        return account.page({error.field or receivers.FIELD: error.message}), error.status
    flash(_("Saved."))
    return _back()


@pages.post("/secret")
@login_needed
@limited(WRITE_LIMIT)
def show_secret() -> Response:
    """The page with the secret on it."""
    return _with_secret(receivers.secret(me().id))


@pages.post("/secret/renew")
@login_needed
@limited(WRITE_LIMIT)
def renew_secret() -> Response:
    """Another secret: what is sent from now on is signed with it."""
    return _with_secret(receivers.renew_secret(me().id))


@pages.post("/test")
@login_needed
@limited(WRITE_LIMIT)
def send_test() -> Response:
    """A message to see whether one's server hears it."""
    deliveries.send_test(bootstrap.tools(), me().id)
    return _told(_("A test message is on its way."))


@pages.post("/<uuid:delivery_id>/redeliver")
@login_needed
@limited(WRITE_LIMIT)
def redeliver(delivery_id: object) -> Response:
    """Send one again, now."""
    deliveries.redeliver(bootstrap.tools(), me().id, str(delivery_id))
    return _told(_("The message is on its way again."))


def _told(message: str) -> Response:
    if htmx.wants_fragment():
        return htmx.toast(message, trigger=CHANGED)
    flash(message)
    return _back()


def _back() -> Response:
    return redirect(url_for("account.show", _anchor="webhooks"), 303)


def _with_secret(secret: str) -> Response:
    response = make_response(account.page({}, webhook_secret=secret))
    response.headers["Cache-Control"] = "no-store"
    return response
