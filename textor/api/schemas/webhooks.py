"""The shapes of the delivery log."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from textor.api.schemas.transcriptions import LARGEST_PAGE_NUMBER


class DeliveriesIn(BaseModel):
    """Which page of the log."""

    page: int = Field(default=1, ge=1, le=LARGEST_PAGE_NUMBER)
    page_size: int = Field(default=10, ge=1, le=100)


class DeliveryOut(BaseModel):
    """One message to one address."""

    id: str = Field(description="The message's `webhook-id`, the same at each attempt.")
    event: str = Field(examples=["transcription.completed"])
    url: str = Field(examples=["https://example.org/hook"])
    status: Literal["waiting", "delivered", "failed"]
    attempts: int = Field(description="Since it was first sent, or last sent again by hand.")
    response_status: int | None = Field(description="The server's last answer; null: there was none.", examples=[204])
    error: str | None = Field(description="Why the last attempt failed.")
    created_at: str = Field(examples=["2026-01-31T12:00:00Z"])
    next_attempt_at: str | None
    finished_at: str | None
    payload: dict[str, Any] = Field(description="What is sent.")


class DeliveriesOut(BaseModel):
    """A page of the log, newest first."""

    count: int = Field(description="On all pages.")
    next: str | None
    previous: str | None
    results: list[DeliveryOut]
