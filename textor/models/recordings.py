"""Recordings: the sound as it came in."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Boolean, CheckConstraint, Float, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import UUID_LENGTH, UtcDateTime


class Recording(Model):
    """A stored file and what probing it told. `seconds` is the decoded length: containers lie about theirs."""

    __tablename__ = "recordings"
    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="size_positive"),
        CheckConstraint("seconds >= 0", name="seconds_positive"),
        Index(None, "user_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(UUID_LENGTH), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(255))
    filename: Mapped[str] = mapped_column(String(255))
    storage_key: Mapped[str] = mapped_column(String(255), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(64))
    container: Mapped[str] = mapped_column(String(64))
    codec: Mapped[str] = mapped_column(String(64))
    seconds: Mapped[float] = mapped_column(Float(53))
    sample_rate: Mapped[int]
    channels: Mapped[int]
    is_dual_channel: Mapped[bool] = mapped_column(Boolean, default=False)
    """Two channels that carry two different voices (a call), not one room."""
    has_video: Mapped[bool] = mapped_column(Boolean, default=False)
    warnings: Mapped[list[str]] = mapped_column(JSON, default=list)
    peaks: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The waveform for the player: one byte (0..255) per slice of equal length."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
