"""API keys on the account page: made, shown once, listed, revoked."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from textor import bootstrap
from textor.errors import InvalidInput
from textor.features.accounts import api_keys
from textor.routing import WRITE_LIMIT, limited, login_needed
from textor.web import account
from textor.web.keyring import LASTING_DAYS
from textor.web.visitors import me

LARGEST_ID = 2**63 - 1

pages = APIBlueprint("api_keys", __name__, url_prefix="/account/keys", enable_openapi=False)


@pages.post("")
@login_needed
@limited(WRITE_LIMIT)
def create() -> Response | tuple[str, int]:
    """Make a key. It is part of this answer and of no other: nothing that could show it again is kept."""
    try:
        made = api_keys.create(bootstrap.tools(), me().id, *_wanted())
    except InvalidInput as error:
        return account.page({f"key_{error.field}": error.message}), error.status
    response = make_response(account.page({}, new_key=made.text))
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.post(f"/<int(max={LARGEST_ID}):key_id>/revoke")
@login_needed
@limited(WRITE_LIMIT)
def revoke(key_id: int) -> Response:
    """End a key, at once."""
    api_keys.revoke(bootstrap.tools(), me().id, key_id)
    flash(_("The key is revoked. Programs that use it are refused from now on."))
    return redirect(url_for("account.show", _anchor="keys"), 303)


def _wanted() -> tuple[str, Sequence[str], Any]:
    """Name, scopes and end of the key that the form asks for."""
    days = request.form.get("key_days", "")
    lasting = {str(count): timedelta(days=count) for count in LASTING_DAYS}
    expires_at = bootstrap.tools().clock.now() + lasting[days] if days in lasting else None
    return request.form.get("key_name", ""), request.form.getlist("key_scopes"), expires_at
