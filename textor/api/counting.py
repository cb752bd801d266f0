"""Quotas on this door: what creates work counts, every answer says how the quota stands.

A call that creates work is marked `work`. It is counted before it is carried out, so that of many at once only as many pass as
may; what was refused, or broke, has created nothing and is given back. Reads have a limit of their own.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, Response, g, make_response, request

from textor import bootstrap
from textor.api import auth
from textor.errors import NotAuthenticated, Unavailable
from textor.extensions import limiter
from textor.features.accounts import quotas
from textor.features.accounts.callers import STRANGER, Via
from textor.features.accounts.quotas import Counter, Standing, Taken
from textor.routing import LIMIT_MARK, WRITE_LIMIT, address, limited, marked

WORK_MARK = "textor_work"
CHANGING_MARK = "textor_changing"
PATHS = ("/api", "/v1")
TRANSCRIBE_FAMILY = "/api/transcribe"

P = ParamSpec("P")
R = TypeVar("R")


def prepare(app: Flask) -> None:
    """Say on every answer how the quota stands."""
    app.before_request(_known)
    app.after_request(_told)


def work(view: Callable[P, R]) -> Callable[P, Response]:
    """It creates work. Those who are logged in on the pages are not counted: they have limits by the minute."""

    @wraps(view)
    def counted(*args: P.args, **kwargs: P.kwargs) -> Response:
        if auth.me().via is Via.SESSION:
            return make_response(view(*args, **kwargs))
        _take()
        try:
            response = make_response(view(*args, **kwargs))
        except Exception:
            give_back()
            raise
        if response.status_code >= 400:
            give_back()
        return response

    return marked(limited(WRITE_LIMIT, by=auth.credential)(counted), WORK_MARK, value=True)


def give_back() -> None:
    """The request at work turned out to create nothing. Once is enough, and it is nothing where `begun` was said."""
    taken: Taken | None = g.pop("textor_taken", None)
    if taken is not None:
        g.textor_standing = quotas.give_back(bootstrap.tools(), taken)


def begun() -> None:
    """The request at work has created work: it counts, whatever becomes of that before there is an answer."""
    g.pop("textor_taken", None)


def reading(view: Callable[P, R]) -> Callable[P, R]:
    """It reads. With QUOTA_COUNTS_READS a call of the transcribe family counts like work."""
    return marked(limiter.limit(_reads, key_func=auth.name)(_counted_like_work(view)), LIMIT_MARK, ("QUOTA_READS",))


def _counted_like_work(view: Callable[P, R]) -> Callable[P, R]:
    @wraps(view)
    def counted(*args: P.args, **kwargs: P.kwargs) -> R:
        if _is_work() and auth.me().via is not Via.SESSION:
            _take()
        return view(*args, **kwargs)

    return counted


def changing(view: Callable[P, R]) -> Callable[P, R]:
    """It changes something that is there: limited by the minute, like the pages; it counts where reading does."""
    return marked(limited(WRITE_LIMIT, by=auth.credential)(_counted_like_work(view)), CHANGING_MARK, value=True)


def _is_work() -> bool:
    return bootstrap.tools().settings.quota_counts_reads and request.path.startswith(TRANSCRIBE_FAMILY)


def _reads() -> str:
    return bootstrap.tools().settings.quota_reads


def _counter() -> Counter:
    return quotas.counter(bootstrap.tools(), auth.me(), address())


def _take() -> None:
    taken = quotas.take(bootstrap.tools(), _counter())
    g.textor_taken, g.textor_standing = taken, taken.standing


def _known() -> None:
    """Who calls is found out before anything else, where an answer can still say that the database is away. Every answer says how
    their quota stands, and so whether a credential is good, even where nobody needs one: a bad one is a guess everywhere."""
    if request.path.startswith(PATHS):
        with suppress(NotAuthenticated), auth.guesses_counted():  # the call itself says so, if it wants to know
            auth.me()


def _told(response: Response) -> Response:
    if not request.path.startswith(PATHS):
        return response
    is_broken = response.status_code >= 500  # then whatever knows the caller may be away, too
    standing = g.get("textor_standing") or (None if is_broken else _standing())
    if standing:
        response.headers["X-RateLimit-Limit"] = str(standing.limit)
        response.headers["X-RateLimit-Remaining"] = str(standing.remaining)
        response.headers["X-RateLimit-Reset"] = str(standing.reset_at)
    return response


def _standing() -> Standing | None:
    try:
        counter = _counter()
    except NotAuthenticated:  # whose it was is not known: it stands as for somebody who showed nothing
        counter = quotas.counter(bootstrap.tools(), STRANGER, address())
    except Unavailable:
        return None
    return quotas.standing(bootstrap.tools(), counter)
