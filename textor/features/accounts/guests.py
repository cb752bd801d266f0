"""Guests: people without an account, known by a token that they were given with their first upload."""

import uuid
from dataclasses import dataclass, field

from sqlalchemy import delete, select

from textor.errors import NotAuthenticated
from textor.extensions import db
from textor.features.accounts import callers, digests
from textor.features.accounts.callers import Caller, Via
from textor.models import User
from textor.models.users import Role
from textor.toolbox import Toolbox

PREFIX = "guest_"
PURPOSE = "guest token"
MOST_SEEN = 5
"""How many of their recordings a guest sees in lists."""


@dataclass(frozen=True, slots=True)
class NewGuest:
    """A guest who has just come; `token` is not to be had again."""

    caller: Caller
    token: str = field(repr=False)


def admit(tools: Toolbox) -> NewGuest:
    """An account for somebody who has none. Raises NotAuthenticated where guests are not welcome."""
    if not tools.settings.allow_guests:
        raise NotAuthenticated("This Textor wants to know who you are: send an API key.")
    token, name = digests.new_secret(PREFIX), f"guest@{uuid.uuid4()}"
    row = User(username=name, username_key=name, role=Role.GUEST, created_at=tools.clock.now())
    row.session_token = digests.of(tools.settings, PURPOSE, token)
    db.session.add(row)
    db.session.commit()
    return NewGuest(callers.of(row, Via.GUEST), token)


def caller(tools: Toolbox, token: str) -> Caller | None:
    """Whose token this is; nobody's where guests are not welcome any more."""
    if not tools.settings.allow_guests or not token.startswith(PREFIX):
        return None
    digest = digests.of(tools.settings, PURPOSE, token)
    row = db.session.scalars(select(User).where(User.session_token == digest, User.role == Role.GUEST)).first()
    return callers.of(row, Via.GUEST) if row else None


def dismiss(user_id: int) -> None:
    """A guest whose first upload was refused leaves nothing behind."""
    db.session.execute(delete(User).where(User.id == user_id, User.role == Role.GUEST))
    db.session.commit()
