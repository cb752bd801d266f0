"""Logins by token. A refresh token is good once: it is rotated, and one that comes back ends the whole login."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update

from textor.errors import NotAuthenticated
from textor.extensions import db
from textor.features.accounts import callers
from textor.features.accounts.callers import Caller, Via
from textor.job_queue import claims
from textor.models import TokenFamily, User
from textor.toolbox import Toolbox

ACCESS_LASTS = timedelta(minutes=20)
REFRESH_LASTS = timedelta(days=14)
DEAD = "This token is not good any more. Log in again."


@dataclass(frozen=True, slots=True)
class Login:
    """A family of tokens, and the id of the refresh token that is good now."""

    family: str
    user_id: int
    current: str


def begin(tools: Toolbox, user_id: int) -> Login:
    """Somebody has logged in."""
    now = tools.clock.now()
    row = TokenFamily(id=str(uuid.uuid4()), user_id=user_id, current=str(uuid.uuid4()))
    row.created_at, row.expires_at = now, now + REFRESH_LASTS
    login = Login(row.id, user_id, row.current)
    db.session.add(row)
    db.session.commit()
    return login


def rotate(tools: Toolbox, family: str, shown: str) -> Login:
    """A new refresh token for the one that was shown. Raises NotAuthenticated for a dead one; a reused one ends the login."""
    now, new = tools.clock.now(), str(uuid.uuid4())
    alive = (TokenFamily.id == family, TokenFamily.revoked_at.is_(None), TokenFamily.expires_at > now)
    exchange = update(TokenFamily).where(*alive, TokenFamily.current == shown)
    is_good = claims.change(exchange.values(current=new, expires_at=now + REFRESH_LASTS))
    if not is_good:
        _revoke(tools, family)
    db.session.commit()
    row = db.session.get(TokenFamily, family, populate_existing=True)
    if not is_good or row is None:
        raise NotAuthenticated(DEAD)
    return Login(row.id, row.user_id, new)


def end(tools: Toolbox, family: str) -> bool:
    """Log out: no token of the family is good any more. False: none was."""
    ended = _revoke(tools, family)
    db.session.commit()
    return ended


def end_all(tools: Toolbox, user_id: int) -> None:
    """Every login of a user's, in the caller's transaction."""
    mine = update(TokenFamily).where(TokenFamily.user_id == user_id, TokenFamily.revoked_at.is_(None))
    db.session.execute(mine.values(revoked_at=tools.clock.now()))


def caller(family: str, user_id: int) -> Caller | None:
    """Whose access token this is, while its login lasts."""
    mine = (TokenFamily.id == family, TokenFamily.user_id == user_id, TokenFamily.revoked_at.is_(None))
    row = db.session.scalars(select(User).join(TokenFamily, TokenFamily.user_id == User.id).where(*mine)).first()
    return callers.of(row, Via.TOKEN, credential=family) if row else None


def sweep(tools: Toolbox) -> None:
    """Forget logins whose last refresh token has expired."""
    db.session.execute(delete(TokenFamily).where(TokenFamily.expires_at < tools.clock.now() - ACCESS_LASTS))
    db.session.commit()


def _revoke(tools: Toolbox, family: str) -> bool:
    alive = update(TokenFamily).where(TokenFamily.id == family, TokenFamily.revoked_at.is_(None))
    return claims.change(alive.values(revoked_at=tools.clock.now()))
