"""Who is calling: what every door learns of whoever has shown a credential, or none."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from textor.domain import scopes
from textor.models import User
from textor.models.users import Role


class Via(StrEnum):
    """What told us who it is."""

    SESSION = "session"
    KEY = "key"
    TOKEN = "token"  # noqa: S105 - a word, no secret
    GUEST = "guest"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls. `user_id` 0 is a guest who owns nothing yet. `credential` names the key or the login that was shown."""

    user_id: int
    username: str
    scopes: frozenset[str]
    via: Via
    is_admin: bool = False
    is_guest: bool = False
    quota: str | None = None
    """Their own, in Flask-Limiter's notation; None: what the settings say."""
    credential: str = ""


STRANGER = Caller(0, "", scopes.GUESTS, Via.NOTHING, is_guest=True)


def of(row: User, via: Via, *, limited_to: Iterable[str] | None = None, credential: str = "") -> Caller:
    """The caller whose account this is; a key may carry fewer scopes than its owner."""
    is_guest = row.role == Role.GUEST
    allowed = scopes.of(is_admin=row.is_admin, is_guest=is_guest)
    held = allowed if limited_to is None else allowed & frozenset(limited_to)
    is_admin = row.is_admin and scopes.ADMIN in held  # an admin's key without that scope opens nothing that is not theirs
    return Caller(row.id, row.username, held, via, is_admin, is_guest, row.quota, credential)
