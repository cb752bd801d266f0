"""Where an account's own server listens, and the secret that its messages are signed with."""

import base64
import secrets

from sqlalchemy import select, update

from textor.adapters import address_guard
from textor.errors import InvalidInput
from textor.extensions import db
from textor.models import User
from textor.toolbox import Toolbox

PREFIX = "whsec_"
SECRET_BYTES = 32
FIELD = "webhook_url"


def check_address(tools: Toolbox, url: str) -> str:
    """The address, stripped, if messages could be sent there. Looks nothing up: where its name leads to is checked at each
    sending. Raises InvalidInput(field="webhook_url")."""
    try:
        address_guard.parsed(url.strip(), private=tools.settings.allow_private_addresses)
    except InvalidInput as error:
        raise InvalidInput(error.message, field=FIELD) from error
    return url.strip()


def address(user_id: int) -> str | None:
    """Where the account is told of everything; None: nowhere."""
    return db.session.scalar(select(User.webhook_url).where(User.id == user_id))


def set_address(tools: Toolbox, user_id: int, url: str) -> None:
    """Tell the account of everything there from now on; an empty one ends that. Raises InvalidInput. Commits."""
    checked = check_address(tools, url) if url.strip() else None
    db.session.execute(update(User).where(User.id == user_id).values(webhook_url=checked))
    db.session.commit()


def secret(user_id: int) -> str:
    """What the account's messages are signed with, `whsec_…`; made when it is first asked for. Commits."""
    fresh = update(User).where(User.id == user_id, User.webhook_secret.is_(None)).values(webhook_secret=_new_secret())
    found = db.session.scalar(select(User.webhook_secret).where(User.id == user_id))
    if found is None:
        db.session.execute(fresh)  # of two at once the first one's stays
        found = db.session.scalar(select(User.webhook_secret).where(User.id == user_id))
    db.session.commit()
    return found or ""


def renew_secret(user_id: int) -> str:
    """Another one; what is sent from now on is signed with it alone. Commits."""
    new = _new_secret()
    db.session.execute(update(User).where(User.id == user_id).values(webhook_secret=new))
    db.session.commit()
    return new


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
