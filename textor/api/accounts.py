"""Accounts: registering, logging in for a pair of tokens that are renewed in turn, who am I."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from textor import bootstrap
from textor.api import auth, bodies, counting, jwt
from textor.api.schemas.accounts import AccountOut, EmailIn, MeOut, PairOut, RefreshIn, RegistrationIn, TokensOut
from textor.domain import timecode
from textor.doorstep import logins
from textor.errors import InvalidInput
from textor.extensions import csrf
from textor.features.accounts import tokens, users
from textor.features.accounts.users import NewUser
from textor.routing import LOGIN_LIMIT, WRITE_LIMIT, address, limited, public

BROKEN_RULE = (
    "Both password and username must contain at least 8 characters, and the password must contain at least one uppercase letter "
    "and one special character"
)
WRONG = "No such user, or incorrect credentials provided"
ALREADY = "You are already logged in."
NO_TOKEN = "This is no refresh token of this Textor, or it has expired."  # noqa: S105 - a sentence

ENDED: dict[int, Any] = {205: {"description": "It is ended.", "content": {}}, 400: NO_TOKEN, **bodies.LARGE}

calls = APIBlueprint("api_accounts", __name__, url_prefix="/api/v1/accounts", tag="Accounts")
csrf.exempt(calls)
bodies.bound(calls)


@calls.post("/registration")
@public
@limited(LOGIN_LIMIT, by=address, together=logins.REGISTRATION)
@calls.input(RegistrationIn, location="json_or_form", arg_name="told")
@calls.output(AccountOut, 201)
@calls.doc(
    summary="Make an account",
    description="The first one on an instance is its admin's.",
    responses=bodies.LARGE | {400: BROKEN_RULE},
)
def register(told: RegistrationIn) -> AccountOut:
    new = NewUser(told.username, told.email, told.password)
    logins.count_registration(new)
    try:
        row = users.register(bootstrap.tools(), new)
    except InvalidInput as error:  # one sentence for every rule, as clients know it; the field at fault stands beside it
        raise InvalidInput(BROKEN_RULE, field=error.field, details=error.message) from error
    return AccountOut(id=row.id, email=row.email or "", username=row.username, created_at=timecode.utc(row.created_at))


@calls.post("/login")
@public
@limited(LOGIN_LIMIT, by=address, together=logins.LOGIN)
@calls.input(EmailIn, location="json_or_form", arg_name="told")
@calls.output(TokensOut)
@calls.doc(
    summary="Log in for a pair of tokens",
    description="A credential in the header that is not good any more is in nobody's way here; a good one is refused.",
    responses=bodies.LARGE | {400: f"{WRONG}. Or: {ALREADY}"},
)
def log_in(told: EmailIn) -> TokensOut:
    if auth.is_user():
        raise InvalidInput(ALREADY)
    try:
        user = logins.caller(told.email, told.password)
    except InvalidInput as error:
        raise InvalidInput(WRONG) from error
    return TokensOut(tokens=_shown(jwt.pair(tokens.begin(bootstrap.tools(), user.user_id))))


@calls.post("/logout")
@public
@limited(WRITE_LIMIT, by=address)
@calls.input(RefreshIn, location="json_or_form", arg_name="told")
@calls.doc(
    summary="End a login",
    description="All its tokens are dead then, the access token too. Ending it again changes nothing.",
    responses=ENDED,
)
def log_out(told: RefreshIn) -> Response:
    if not jwt.log_out(told.refresh):
        raise InvalidInput(NO_TOKEN, field="refresh")
    return bodies.empty(205)


@calls.post("/token-refresh")
@public
@limited(WRITE_LIMIT, by=address)
@calls.input(RefreshIn, location="json_or_form", arg_name="told")
@calls.output(PairOut)
@calls.doc(
    summary="The next pair of tokens",
    description="A refresh token is good once. One that comes back was stolen, or its answer was lost: the login is ended.",
    responses=bodies.LARGE | {400: "`refresh` is missing.", 401: tokens.DEAD},
)
def refresh(told: RefreshIn) -> PairOut:
    return _shown(jwt.refreshed(told.refresh))


@calls.get("/user")
@auth.needs()
@counting.reading
@calls.output(MeOut)
@calls.doc(summary="Who am I?")
def whoami() -> MeOut:
    row = users.existing(auth.me().user_id)
    return MeOut(username=row.username, email=row.email, created_at=timecode.utc(row.created_at))


def _shown(pair: jwt.Pair) -> PairOut:
    return PairOut(access=pair.access, refresh=pair.refresh)
