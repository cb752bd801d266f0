"""Secrets that are only ever compared are kept as keyed hashes: a stolen database opens nothing."""

import hashlib
import hmac
import secrets

from textor.settings import Settings


def of(settings: Settings, purpose: str, secret: str) -> str:
    """64 hexadecimal digits that belong to this instance, this purpose and this secret."""
    key = hmac.digest(settings.secret_key.encode(), f"textor {purpose}".encode(), "sha256")
    return hmac.new(key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def new_secret(prefix: str = "") -> str:
    """A secret nobody can guess: 256 bits."""
    return prefix + secrets.token_urlsafe(32)
