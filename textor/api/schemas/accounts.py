"""The shapes of accounts: registering, logging in and out, tokens."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict


def _needed(schema: JsonDict) -> None:
    """For the document. Where it is missing, views answer with the sentence that clients know, so there is a default here."""
    schema.pop("default", None)
    schema["minLength"] = 1
    if schema.get("title") == "Password":
        schema["format"] = "password"


Word = Annotated[str, BeforeValidator(lambda told: "" if told is None else told)]
"""null is as good as nothing."""


class Told(BaseModel):
    """What a caller tells. Fields that nobody asked for are ignored, never assigned."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class PasswordIn(Told):
    """For a key that stands for a login."""

    model_config = ConfigDict(json_schema_extra={"required": ["username", "password"]})

    username: Word = Field(
        default="", description="The user name, or the email address.", examples=["alice.owner"], json_schema_extra=_needed
    )
    password: Word = Field(default="", json_schema_extra=_needed)


class KeyOut(BaseModel):
    """A new key; it is shown once."""

    token: str = Field(description="For `Authorization: Bearer` or `Token`.", examples=["tx_..."])
    user_id: int
    username: str


class MessageOut(BaseModel):
    """What was done."""

    message: str


class RegistrationIn(Told):
    """A new account."""

    model_config = ConfigDict(json_schema_extra={"required": ["email", "username", "password"]})

    email: Word = Field(default="", examples=["alice@textor.example"], json_schema_extra=_needed)
    username: Word = Field(
        default="", description="At least 8 characters, no @.", examples=["alice.owner"], json_schema_extra=_needed
    )
    password: Word = Field(
        default="",
        description="At least 8 characters, one of them uppercase and one special.",
        json_schema_extra=_needed,
    )


class AccountOut(BaseModel):
    """An account that was just made."""

    id: int
    email: str
    username: str
    created_at: str = Field(examples=["2026-01-31T12:00:00Z"])


class EmailIn(Told):
    """For a pair of tokens."""

    model_config = ConfigDict(json_schema_extra={"required": ["email", "password"]})

    email: Word = Field(default="", examples=["alice@textor.example"], json_schema_extra=_needed)
    password: Word = Field(default="", json_schema_extra=_needed)


class RefreshIn(Told):
    """The refresh token that was given last."""

    refresh: str


class PairOut(BaseModel):
    """`access` is for calls and lasts 20 minutes; `refresh` is good once, within 14 days, for the next pair."""

    access: str
    refresh: str


class TokensOut(BaseModel):
    """A login."""

    tokens: PairOut


class MeOut(BaseModel):
    """Whoever calls."""

    username: str
    email: str | None = Field(description="Null for the key of the setting API_KEY, which is nobody's account.")
    created_at: str = Field(examples=["2026-01-31T12:00:00Z"])
