"""What people have changed in a transcript."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import BigId, UtcDateTime


class Edit(Model):
    """One change; it made the transcript's `version`. `before` is what it replaced, enough to take it back."""

    __tablename__ = "edits"
    __table_args__ = (UniqueConstraint("transcription_seq", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    transcription_seq: Mapped[int] = mapped_column(ForeignKey("transcriptions.seq", ondelete="CASCADE"))
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
