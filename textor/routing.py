"""What every route declares about itself: who may call it, and how often. Each decorator marks the view and enforces the mark.

    @pages.post("/recordings")      the route, outermost
    @login_needed                   exactly one of: public, proven, login_needed, admin_needed
    @limited(WRITE_LIMIT)           at least one; several add up
    def upload() -> str: ...

The marks survive functools.wraps; tests/test_routes.py insists that every route carries them.
"""

import ipaddress
from collections.abc import Callable
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from flask import abort, request
from flask_login import current_user

from textor import extensions

READ_LIMIT = "600/minute"
WRITE_LIMIT = "120/minute"
LOGIN_LIMIT = "20/minute;200/hour"
"""For sign-in and sign-up, per address; per account comes on top (`by=`)."""

IPV6_PREFIX = 64

ACCESS_MARK = "textor_access"
LIMIT_MARK = "textor_limits"

P = ParamSpec("P")
R = TypeVar("R")
Key = Callable[[], str]


def address() -> str:
    """By which address callers are told apart: of IPv6 its network, since whoever has one address there has all of that."""
    text = request.remote_addr or "unknown"
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return text
    if found.version == 4 or found.is_loopback:
        return text
    return str(found.ipv4_mapped or ipaddress.IPv6Network((int(found), IPV6_PREFIX), strict=False))


def caller() -> str:
    """The logged-in user, else the address: people behind one address don't use up each other's limit."""
    return f"user:{current_user.id}" if current_user.is_authenticated else f"address:{address()}"


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Anybody may call this."""
    return marked(view, ACCESS_MARK, "public")


def proven(view: Callable[P, R]) -> Callable[P, R]:
    """Only a program that knows the thing's own secrets may call this; the view compares them. No cookie counts here."""
    return marked(view, ACCESS_MARK, "proven")


def login_needed(view: Callable[P, R]) -> Callable[P, R]:
    """Only somebody logged in may call this; others get what the login manager's unauthorized handler answers."""
    return marked(_guarded(view, admins_only=False), ACCESS_MARK, "login_needed")


def admin_needed(view: Callable[P, R]) -> Callable[P, R]:
    """Only an admin may call this: 403 for other users, for strangers as in `login_needed`."""
    return marked(_guarded(view, admins_only=True), ACCESS_MARK, "admin_needed")


def limited(rule: str, *, by: Key = caller, together: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """At most `rule` ("30/minute", several joined by ";") calls of this view for each value of `by`; then 429. Views that share a
    word as `together` count together."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        rules = (*getattr(view, LIMIT_MARK, ()), rule)
        limit = partial(extensions.limiter.shared_limit, scope=together) if together else extensions.limiter.limit
        return marked(limit(rule, key_func=by)(view), LIMIT_MARK, rules)

    return decorate


def _guarded(view: Callable[P, R], *, admins_only: bool) -> Callable[P, R]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not current_user.is_authenticated:
            answer: R = extensions.login.unauthorized()
            return answer
        if admins_only and not current_user.is_admin:
            abort(403)
        return view(*args, **kwargs)

    return guarded


def marked(view: Callable[P, R], mark: str, value: object) -> Callable[P, R]:
    """The view, which says that of itself from now on."""
    setattr(view, mark, value)
    return view
