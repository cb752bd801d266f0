"""Idempotency: what the first of several equal requests was answered."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import BigId, UtcDateTime


class FirstAnswer(Model):
    """A request that somebody has named by an Idempotency-Key. `status` NULL: it is still being worked on."""

    __tablename__ = "first_answers"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Of the request: the same key with another request is a mistake."""
    status: Mapped[int | None]
    headers: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    body: Mapped[str | None] = mapped_column(Text().with_variant(Text(2**24), "mysql", "mariadb"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
