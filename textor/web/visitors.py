"""Who is looking at the pages: the flask-login side of an account."""

from dataclasses import dataclass
from typing import Protocol

from flask import g
from flask_login import UserMixin, current_user

from textor.features.accounts import users

AWAY = "is_database_away"


def without_database() -> None:
    """The rest of this request has to do without knowing who is there."""
    setattr(g, AWAY, True)


class Account(Protocol):
    """What the pages read of an account's row."""

    id: int
    username: str
    email: str | None
    session_token: str
    ui_language: str | None
    speech_language: str | None
    engine: str | None
    model: str | None

    @property
    def is_admin(self) -> bool: ...


@dataclass(eq=False)
class Visitor(UserMixin):
    """A logged-in user, copied from the row, so still readable after a rollback. The cookie carries the session token."""

    id: int
    username: str
    email: str
    session_token: str
    is_admin: bool
    ui_language: str
    speech_language: str
    engine: str
    model: str

    def get_id(self) -> str:
        return self.session_token

    @classmethod
    def of(cls, row: Account) -> "Visitor":
        return cls(
            id=row.id,
            username=row.username,
            email=row.email or "",
            session_token=row.session_token,
            is_admin=row.is_admin,
            ui_language=row.ui_language or "",
            speech_language=row.speech_language or "",
            engine=row.engine or "",
            model=row.model or "",
        )


def load(token: str) -> Visitor | None:
    """flask-login's question at each request. Nobody, where the database has just been found away: a page says so."""
    if g.get(AWAY):
        return None
    row = users.by_session_token(token)
    return Visitor.of(row) if row else None


def me() -> Visitor:
    """The visitor of a view that needs a login."""
    visitor: Visitor = current_user._get_current_object()
    return visitor
