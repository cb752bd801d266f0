"""Logins, registrations and tokens are counted by account as well as by address: those of pages and programs together."""

from flask import g

from textor import bootstrap
from textor.extensions import limiter
from textor.features.accounts import callers, users
from textor.features.accounts.callers import Caller, Via
from textor.features.accounts.users import NewUser

ACCOUNT_LIMIT = "10/minute;50/hour"
LOGIN, REGISTRATION = "login", "registration"
"""Those of one address count together, too: `limited(LOGIN_LIMIT, by=address, together=logins.LOGIN)`."""


def caller(name_or_email: str, password: str) -> Caller:
    """Who this is. Raises InvalidInput for a wrong password, Flask-Limiter's error for too many of them."""
    count(name_or_email)
    return callers.of(users.authenticate(bootstrap.tools(), name_or_email, password), Via.TOKEN)


def count(name_or_email: str) -> None:
    """One more guess at this account's password, by its name or its address. Raises Flask-Limiter's error for too many."""
    _count(f"login:{users.tried(name_or_email)}")


def count_registration(new: NewUser) -> None:
    """One more try at an account with this address. Raises Flask-Limiter's error for too many."""
    _count(f"registration:{users.tried(new.email)}")


def count_refresh(user_id: str) -> None:
    """One more pair of tokens for this user. Raises Flask-Limiter's error for too many."""
    _count(f"refresh:{user_id}")


def _count(account: str) -> None:
    g.textor_account_tried = account  # looked up before: to the limiter a database that is away would look like its own storage
    _limited()


@limiter.shared_limit(ACCOUNT_LIMIT, scope="account", key_func=lambda: f"account:{g.textor_account_tried}")
def _limited() -> None:
    """Counted by the decorator."""
