"""Logging in with a password for a key that goes on being good, and out again."""

from apiflask import APIBlueprint
from flask import session
from flask_login import logout_user

from textor import bootstrap
from textor.api import auth, bodies, counting
from textor.api.schemas.accounts import KeyOut, MessageOut, PasswordIn
from textor.doorstep import logins
from textor.errors import InvalidInput, NotAllowed, NotAuthenticated
from textor.extensions import csrf
from textor.features.accounts import api_keys, tokens
from textor.features.accounts.callers import Caller, Via
from textor.routing import LOGIN_LIMIT, address, limited, public

INCOMPLETE = "Please provide username and password"
WRONG = "Invalid credentials"
BYE = "Successfully logged out."
SETTINGS_KEY = "This key is set where Textor runs (API_KEY): it ends when it is taken away there."

calls = APIBlueprint("api_logins", __name__, url_prefix="/api/auth", tag="Accounts")
csrf.exempt(calls)
bodies.bound(calls)


@calls.post("/login")
@public
@limited(LOGIN_LIMIT, by=address, together=logins.LOGIN)
@calls.input(PasswordIn, location="json_or_form", arg_name="told")
@calls.output(KeyOut)
@calls.doc(
    summary="Log in for a key",
    description="A new API key named login, with every scope but admin. Of more than fifty the one longest unused is revoked.",
    responses=bodies.LARGE | {400: INCOMPLETE, 401: WRONG},
)
def log_in(told: PasswordIn) -> KeyOut:
    if not told.username.strip() or not told.password:
        raise InvalidInput(INCOMPLETE)
    try:
        user = logins.caller(told.username, told.password)
    except InvalidInput as error:
        raise NotAuthenticated(WRONG) from error
    return KeyOut(token=api_keys.log_in(bootstrap.tools(), user.user_id).text, user_id=user.user_id, username=user.username)


@calls.post("/logout")
@auth.needs()
@counting.changing
@calls.output(MessageOut)
@calls.doc(
    summary="Log out",
    description="What was shown is dead: the API key is revoked, the login of an access token ended, a browser logged out.",
    responses={403: SETTINGS_KEY},
)
def log_out() -> MessageOut:
    _end(auth.me())
    return MessageOut(message=BYE)


def _end(caller: Caller) -> None:
    tools = bootstrap.tools()
    if caller.via is Via.SESSION:
        session.clear()
        logout_user()
    elif caller.via is Via.TOKEN:
        tokens.end(tools, caller.credential)
    elif caller.credential:
        api_keys.revoke(tools, caller.user_id, int(caller.credential))
    else:
        raise NotAllowed(SETTINGS_KEY)
