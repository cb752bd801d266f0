"""What the account page says of API keys."""

from typing import Any

from flask_babel import gettext as _

from textor import bootstrap
from textor.domain import scopes
from textor.features.accounts import api_keys
from textor.web.visitors import me

LASTING_DAYS = (30, 90, 365)


def shown() -> dict[str, Any]:
    """What the section of keys says: those made by hand, those that logging in has made."""
    alive = api_keys.listed(me().id)
    return {
        "keys": [row for row in alive if row.name != api_keys.LOGIN],
        "login_keys": [row for row in alive if row.name == api_keys.LOGIN],
        "key_scopes": _scopes(),
        "key_days": LASTING_DAYS,
        "now": bootstrap.tools().clock.now(),
    }


def _scopes() -> dict[str, str]:
    """What a key may be for, in words; an admin's may be for administering."""
    words = {
        scopes.TRANSCRIBE: _("Recordings and transcripts"),
        scopes.TEXT: _("Summaries, questions, retranslation"),
        scopes.CALLS: _("Phone calls"),
        scopes.ANALYZER: _("Image prompts"),
        scopes.ADMIN: _("Administration"),
    }
    return {scope: words[scope] for scope in scopes.SCOPES if scope in scopes.of(is_admin=me().is_admin, is_guest=False)}
