"""The shapes of the service's own answers, and of every error."""

from typing import Literal

from pydantic import BaseModel, Field


class ErrorOut(BaseModel):
    """Any error."""

    error: str = Field(description="What happened and what to do, in a sentence.", examples=["There is nothing at this address."])
    details: dict[str, str | int] | str | None = Field(default=None, description="More, where there is more to say.")


class DetailedErrorOut(ErrorOut):
    """An error where clients read `detail`: below `/api/v1`, and 429 and 500 everywhere."""

    detail: str = Field(description="The same as `error`.", examples=["There is nothing at this address."])


class LivenessOut(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"
    timestamp: str = Field(description="Now, ISO 8601 UTC.", examples=["2026-01-31T12:00:00Z"])


class HealthOut(LivenessOut):
    """Everything asked for works. Otherwise: 503, and `details` name the failing parts."""

    parts: dict[str, Literal["ok"]] = Field(examples=[{"db": "ok", "cache": "ok", "storage": "ok", "workers": "ok"}])
