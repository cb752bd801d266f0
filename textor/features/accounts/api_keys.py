"""API keys: made, shown once, recognised, revoked."""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from textor.domain import scopes, titles
from textor.errors import InvalidInput, NotFound
from textor.extensions import db
from textor.features.accounts import callers, digests
from textor.features.accounts.callers import Caller, Via
from textor.models import ApiKey, User
from textor.models.users import BOOTSTRAP_KEY, Role
from textor.toolbox import Toolbox

PREFIX = "tx_"
SHOWN = 11
PURPOSE = "api key"
MOST_KEYS = 100
LOGIN = "login"
"""The name of the keys that logging in with a password makes; nobody can choose it."""
MOST_LOGINS = 50
LONGEST_NAME = 100
USED_EVERY = timedelta(minutes=1)
"""How exact the time of last use is: a write for every read would be a waste."""
REMEMBERED = timedelta(days=30)
"""How long a key that was revoked, or has expired, stays in the database."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made; `text` is not to be had again."""

    row: ApiKey
    text: str = field(repr=False)


def create(tools: Toolbox, user_id: int, name: str, wanted: Collection[str], expires_at: datetime | None = None) -> NewKey:
    """Make a key. Raises InvalidInput for unknown scopes, those the owner doesn't have, a time that is past, too many keys."""
    owner, now = db.session.get_one(User, user_id), tools.clock.now()
    name = titles.clean(name, LONGEST_NAME)
    if not name:
        raise InvalidInput("Give the key a name, so that you know it again.", field="name")
    if name == LOGIN:
        raise InvalidInput("Keys named login are made by logging in. Choose another name.", field="name")
    _check_scopes(owner, wanted)
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("The key would have expired already. Choose a time to come.", field="expires_at")
    if sum(row.name != LOGIN for row in listed(user_id)) >= MOST_KEYS:
        raise InvalidInput(f"At most {MOST_KEYS} keys. Revoke one that is not used any more.", field="name")
    made = _made(tools, owner, name, wanted)
    made.row.expires_at = expires_at
    db.session.commit()
    return made


def log_in(tools: Toolbox, user_id: int) -> NewKey:
    """A key for somebody who has shown their password: all but admin. Of too many such keys the one longest unused is revoked."""
    made = _made(tools, db.session.get_one(User, user_id), LOGIN, scopes.EVERYBODYS)
    used_at = func.coalesce(ApiKey.last_used_at, ApiKey.created_at)
    others = select(ApiKey.id).where(*_logins_of(user_id), ApiKey.id != made.row.id)
    spare = others.order_by(used_at.desc(), ApiKey.id.desc()).offset(MOST_LOGINS - 1)
    _revoke(tools, ApiKey.id.in_(db.session.scalars(spare).all()))
    db.session.commit()
    return made


def listed(user_id: int) -> Sequence[ApiKey]:
    """The keys that were not revoked, newest first."""
    alive = select(ApiKey).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
    return db.session.scalars(alive.order_by(ApiKey.id.desc())).all()


def named(which: str) -> ApiKey:
    """A key that was not revoked, by its number or by how it begins: an operator's look at all of them. Raises NotFound."""
    is_number = which.isascii() and which.isdecimal() and len(which) <= 18
    wanted = ApiKey.id == int(which) if is_number else ApiKey.prefix == which[:SHOWN]
    found = db.session.scalars(select(ApiKey).where(wanted, ApiKey.revoked_at.is_(None)).limit(2)).all()
    if len(found) != 1:
        raise NotFound("There is no such key." if not found else "Several keys begin so. Name the one by its number.")
    return found[0]


def revoke(tools: Toolbox, user_id: int, key_id: int) -> None:
    """End one of one's own keys, at once. Raises NotFound."""
    is_revoked = _revoke(tools, ApiKey.id == key_id, ApiKey.user_id == user_id)
    db.session.commit()
    if not is_revoked:
        raise NotFound("There is no such key.")


def end_logins(tools: Toolbox, user_id: int) -> None:
    """Revoke the keys that logging in has made, in the caller's transaction."""
    _revoke(tools, *_logins_of(user_id))


def sweep(tools: Toolbox) -> None:
    """Forget keys that have long been good for nothing."""
    before = tools.clock.now() - REMEMBERED
    db.session.execute(delete(ApiKey).where(or_(ApiKey.revoked_at < before, ApiKey.expires_at < before)))
    db.session.commit()


def caller(tools: Toolbox, text: str) -> Caller | None:
    """Whose key this is, if it is good; notes that it was used."""
    if tools.settings.api_key and hmac.compare_digest(tools.settings.api_key.encode(), text.encode("utf-8", "replace")):
        return callers.of(_bootstrap_owner(tools), Via.KEY, limited_to=scopes.EVERYBODYS)
    if not text.startswith(PREFIX):
        return None
    digest = digests.of(tools.settings, PURPOSE, text)
    found = select(ApiKey, User).join(User, ApiKey.user_id == User.id).where(ApiKey.key_hash == digest)
    row = db.session.execute(found).first()
    if row is None or not hmac.compare_digest(row[0].key_hash, digest) or not _is_good(tools, row[0]):
        return None
    key, owner = row
    _used(tools, key)
    return callers.of(owner, Via.KEY, limited_to=key.scopes, credential=str(key.id))


def _made(tools: Toolbox, owner: User, name: str, wanted: Collection[str]) -> NewKey:
    text = digests.new_secret(PREFIX)
    row = ApiKey(user_id=owner.id, name=name, prefix=text[:SHOWN], key_hash=digests.of(tools.settings, PURPOSE, text))
    row.scopes = [scope for scope in scopes.SCOPES if scope in wanted]
    row.created_at = tools.clock.now()
    db.session.add(row)
    db.session.flush()
    return NewKey(row, text)


def _logins_of(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return ApiKey.user_id == user_id, ApiKey.name == LOGIN, ApiKey.revoked_at.is_(None)


def _revoke(tools: Toolbox, *which: ColumnElement[bool]) -> bool:
    alive = update(ApiKey).where(*which, ApiKey.revoked_at.is_(None))
    done = db.session.execute(alive.values(revoked_at=tools.clock.now()))
    return isinstance(done, CursorResult) and done.rowcount > 0


def _is_good(tools: Toolbox, key: ApiKey) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > tools.clock.now())


def _used(tools: Toolbox, key: ApiKey) -> None:
    now = tools.clock.now()
    if key.last_used_at is None or now - key.last_used_at >= USED_EVERY:
        db.session.execute(update(ApiKey).where(ApiKey.id == key.id).values(last_used_at=now))
        db.session.commit()


def _check_scopes(owner: User, wanted: Collection[str]) -> None:
    allowed = scopes.of(is_admin=owner.is_admin, is_guest=owner.role == Role.GUEST)
    if not wanted:
        raise InvalidInput("Choose at least one thing that the key is for.", field="scopes")
    if unknown := sorted(set(wanted) - set(scopes.SCOPES)):
        raise InvalidInput(f"There is no scope {unknown[0]!r}. Available: {', '.join(scopes.SCOPES)}.", field="scopes")
    if set(wanted) - allowed:
        raise InvalidInput("Only an admin's key may carry the scope admin.", field="scopes")


def _bootstrap_owner(tools: Toolbox) -> User:
    """The account that API_KEY stands for: it has no password and can't log in."""
    known = select(User).where(User.username_key == BOOTSTRAP_KEY)
    if row := db.session.scalars(known).first():
        return row
    row = User(username="API_KEY", username_key=BOOTSTRAP_KEY, role=Role.USER, created_at=tools.clock.now())
    row.session_token = digests.new_secret()
    try:
        db.session.add(row)
        db.session.commit()
    except IntegrityError:  # another request has made it at the same moment
        db.session.rollback()
        return db.session.scalars(known).one()
    return row
