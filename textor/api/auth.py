"""Who is calling: the one place that answers it for every call of this door, and what each call wants of its callers.

    @calls.post("/upload")
    @auth.needs(scopes.TRANSCRIBE, guests=True)     who may call it
    @counting.work                                  it creates work: it counts against the day's quota
    @calls.output(...)
    def upload() -> ...: auth.me()

A credential that was shown and is not good is 401, even where guests are welcome: it never silently becomes a guest.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import current_app, g, request, session
from flask_login import current_user
from flask_wtf.csrf import CSRFError, validate_csrf
from wtforms import ValidationError

from textor import bootstrap
from textor.api import jwt
from textor.domain import scopes
from textor.errors import NotAllowed, NotAuthenticated
from textor.extensions import limiter
from textor.features.accounts import api_keys, guests
from textor.features.accounts.callers import STRANGER, Caller, Via
from textor.routing import ACCESS_MARK, address, marked

GUEST_COOKIE = "textor_guest"
GUEST_HEADER = "X-Guest-Token"
KEY_HEADER = "X-API-Key"
KEY_ARGUMENT = "api_key"
LOGIN_IN_SESSION = "_user_id"  # flask-login's name
SCHEMES = ("bearer", "token")
GUESSES = "300/minute"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

ANY = "any"
MISSING = "Credentials are missing: send an API key as Authorization: Bearer."
ENDED = "Your login has ended. Log in again."
WRONG = "These credentials are not good: unknown, expired or revoked."

P = ParamSpec("P")
R = TypeVar("R")


def needs(scope: str = ANY, *, guests: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Only a caller with this scope may call the view (without one: any user); guests only where they are welcome."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            with guesses_counted():
                _check(me(), scope, guests=guests)
            return view(*args, **kwargs)

        return marked(guarded, ACCESS_MARK, f"guest:{scope}" if guests else f"user:{scope}")

    return decorate


@contextmanager
def guesses_counted() -> Iterator[None]:
    """Whoever shows bad credentials again and again has to wait, by address. A request is one guess, wherever it is found out."""
    try:
        yield
    except NotAuthenticated:
        if "textor_guess" in g:
            raise
        g.textor_guess = True
        _guessed()
        raise


@limiter.shared_limit(GUESSES, scope="credentials", key_func=address)
def _guessed() -> None:
    """Counted by the decorator: those at all calls together."""


def me() -> Caller:
    """Whoever calls; a guest who owns nothing where nothing was shown. Raises NotAuthenticated for a bad credential."""
    if "textor_caller" not in g:
        g.textor_caller = _identified()
    found: Caller = g.textor_caller
    return found


def again() -> Caller:
    """Who calls, looked up anew: what opened a connection that lasts may be revoked since. Raises NotAuthenticated."""
    for kept in ("textor_caller", "_login_user"):  # the latter is flask-login's
        g.pop(kept, None)
    return me()


def is_user() -> bool:
    """Whether a user is calling. For calls whose credential is in the body: there a token that has expired is in nobody's way."""
    try:
        return not me().is_guest
    except NotAuthenticated:
        return False


def become(caller: Caller) -> None:
    """A stranger has become somebody: the rest of this request is theirs."""
    g.textor_caller = caller


def name() -> str:
    """By which name calls are limited: the user, else the address, which is all there is of bad credentials, too."""
    try:
        caller = me()
    except NotAuthenticated:
        return f"address:{address()}"
    return f"user:{caller.user_id}" if not caller.is_guest else f"address:{address()}"


def credential() -> str:
    """The same for what changes something: each API key by itself, so that one gone wild stops no other of its user's."""
    found = name()
    caller = me() if found.startswith("user:") else STRANGER
    return f"key:{caller.credential}" if caller.via is Via.KEY and caller.credential else found


def _check(caller: Caller, scope: str, *, guests: bool) -> None:
    if caller.is_guest and not (guests and bootstrap.tools().settings.allow_guests):
        raise NotAuthenticated(MISSING)
    if scope != ANY and scope not in caller.scopes:
        raise NotAllowed(f"This needs the scope {scope}, which your key or account does not have.")


def _identified() -> Caller:
    for told, recognise in _PLACES:
        shown = told()
        if shown is not None:
            found = recognise(shown)
            if found is None:
                raise NotAuthenticated(WRONG)
            return found
    return _by_session() or _by_cookie() or STRANGER


def _authorization() -> str | None:
    return request.headers.get("Authorization")


def _by_authorization(header: str) -> Caller | None:
    scheme, _, text = header.strip().partition(" ")
    text = text.strip()
    if scheme.lower() not in SCHEMES:
        return None
    return api_keys.caller(bootstrap.tools(), text) or (jwt.caller(text) if scheme.lower() == "bearer" else None)


def _by_key(text: str) -> Caller | None:
    return api_keys.caller(bootstrap.tools(), text.strip())


def _by_guest_token(text: str) -> Caller | None:
    return guests.caller(bootstrap.tools(), text.strip())


_PLACES: tuple[tuple[Callable[[], str | None], Callable[[str], Caller | None]], ...] = (
    (_authorization, _by_authorization),
    (lambda: request.headers.get(KEY_HEADER), _by_key),
    (lambda: request.args.get(KEY_ARGUMENT), _by_key),
    (lambda: request.headers.get(GUEST_HEADER), _by_guest_token),
)


def _by_session() -> Caller | None:
    """Somebody logged in on the pages: what changes something needs the page's CSRF token as well."""
    if not current_user.is_authenticated:
        if LOGIN_IN_SESSION in session:  # else what somebody sends after their login has ended would be a guest's
            raise NotAuthenticated(ENDED)
        return None
    if request.method not in SAFE_METHODS and current_app.config["WTF_CSRF_ENABLED"]:
        _check_csrf()
    visitor: Any = current_user
    allowed = scopes.of(is_admin=visitor.is_admin, is_guest=False)
    return Caller(visitor.id, visitor.username, allowed, Via.SESSION, is_admin=visitor.is_admin)


def _check_csrf() -> None:
    try:
        validate_csrf(request.headers.get("X-CSRFToken", ""))
    except (ValidationError, CSRFError) as error:
        raise NotAuthenticated("A page's own calls need its CSRF token as X-CSRFToken.") from error


def _by_cookie() -> Caller | None:
    """A guest's own browser. A cookie that outlived its guest is no credential that anybody has shown on purpose."""
    token = request.cookies.get(GUEST_COOKIE)
    return guests.caller(bootstrap.tools(), token) if token else None
