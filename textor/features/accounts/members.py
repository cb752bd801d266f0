"""The accounts of an instance, as its operator sees them."""

from collections.abc import Sequence

from sqlalchemy import select

from textor.errors import NotFound
from textor.extensions import db
from textor.features.accounts import quotas, users
from textor.models import User
from textor.models.users import BOOTSTRAP_KEY, Role


def everyone() -> Sequence[User]:
    """All accounts, oldest first; guests have none."""
    return db.session.scalars(select(User).where(User.role != Role.GUEST).order_by(User.id)).all()


def has_any() -> bool:
    """Whether anybody has signed up yet: the first one becomes the admin."""
    people = (User.role != Role.GUEST, User.username_key != BOOTSTRAP_KEY)
    return db.session.scalar(select(User.id).where(*people).limit(1)) is not None


def promote(username: str) -> User:
    """Make an account an admin's. Raises NotFound."""
    user = named(username)
    user.role = Role.ADMIN
    db.session.commit()
    return user


def set_budget(username: str, usd: float | None) -> User:
    """What somebody's transcriptions may cost in a month; None: what the setting allows everybody. Raises NotFound."""
    user = named(username)
    user.monthly_budget = usd
    db.session.commit()
    return user


def set_quota(username: str, rule: str | None) -> User:
    """How much work somebody's programs may create, in Flask-Limiter's notation; None: what the setting allows everybody.
    Raises NotFound, InvalidInput."""
    user = named(username)
    user.quota = quotas.checked(rule) if rule else None
    db.session.commit()
    return user


def named(username: str) -> User:
    """The account with this name. Raises NotFound."""
    user = users.by_name(username)
    if user is None:
        raise NotFound(f"There is no account named {username}.")
    return user
