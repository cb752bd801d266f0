"""Webhooks out: what people's own servers are told."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import UUID_LENGTH, UtcDateTime, in_words


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    """To be sent at `due_at`."""
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(Model):
    """One message to one address. `id` is its `webhook-id`, the same at each attempt; `lease` goes up with every attempt."""

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(in_words("state", DeliveryState), name="state_known"),
        Index(None, "user_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(UUID_LENGTH), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(String(2048))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    response_status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
