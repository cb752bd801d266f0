"""Logins by token, as JWT: an access token for 20 minutes and a refresh token that is good once, for 14 days. HS256."""

from dataclasses import dataclass

from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from textor import bootstrap
from textor.doorstep import logins
from textor.errors import NotAuthenticated
from textor.features.accounts import tokens
from textor.features.accounts.callers import Caller
from textor.features.accounts.tokens import Login

FAMILY = "family"
CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Pair:
    """What a client keeps."""

    access: str
    refresh: str


def pair(login: Login) -> Pair:
    """The tokens of a login."""
    access = create_access_token(str(login.user_id), expires_delta=tokens.ACCESS_LASTS, additional_claims={FAMILY: login.family})
    claims = {FAMILY: login.family, CURRENT: login.current}
    refresh = create_refresh_token(str(login.user_id), expires_delta=tokens.REFRESH_LASTS, additional_claims=claims)
    return Pair(access, refresh)


def caller(text: str) -> Caller | None:
    """Whose access token this is, while it and its login last."""
    claims = _claims(text, "access")
    if not claims or not claims["sub"].isdigit():
        return None
    return tokens.caller(claims.get(FAMILY, ""), int(claims["sub"]))


def refreshed(text: str) -> Pair:
    """New tokens for a refresh token, which is dead then. Raises NotAuthenticated."""
    claims = _claims(text, "refresh")
    if not claims:
        raise NotAuthenticated(tokens.DEAD)
    logins.count_refresh(claims["sub"])
    return pair(tokens.rotate(bootstrap.tools(), claims[FAMILY], claims[CURRENT]))


def log_out(text: str) -> bool:
    """End the login that a refresh token belongs to, if it hasn't ended yet. False: this is no refresh token of ours."""
    claims = _claims(text, "refresh")
    if claims:
        tokens.end(bootstrap.tools(), claims[FAMILY])
    return bool(claims)


def _claims(text: str, kind: str) -> dict[str, str]:
    """What a token says that is ours, whole and not too old; nothing otherwise."""
    try:
        claims = decode_token(text)
    except (PyJWTError, JWTExtendedException, ValueError, TypeError):
        return {}
    return claims if claims.get("type") == kind else {}
