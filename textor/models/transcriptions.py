"""Transcriptions: one run of one engine over one recording, and its place in its user's lane (see job_queue)."""

from datetime import datetime

from sqlalchemy import JSON, Boolean, CheckConstraint, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from textor.domain.job_states import ACTIVE, Status
from textor.extensions import Model
from textor.models.columns import UUID_LENGTH, BigId, UtcDateTime, in_words
from textor.models.recordings import Recording


class Transcription(Model):
    """The row is the truth about a job; Redis and RQ only help.

    `active_for` is the user while the row is queued or processing and NULL otherwise: unique, so that the database itself allows
    one active transcription per user. `run_token` goes up on every claim, reclaim and cancel; a worker's every write names the
    token it was given, so one that lost the job can't touch it. There is no index on status: a cached plan would walk it.
    """

    __tablename__ = "transcriptions"
    __table_args__ = (
        CheckConstraint(in_words("status", Status), name="status_known"),
        CheckConstraint(f"({in_words('status', sorted(ACTIVE))}) = (active_for IS NOT NULL)", name="active_occupies_lane"),
        CheckConstraint("active_for IS NULL OR active_for = user_id", name="lane_is_own"),
        CheckConstraint("progress >= 0 AND progress <= 100", name="progress_percent"),
        Index(None, "user_id", "status", "priority", "seq"),
        Index(None, "user_id", "deleted_at", "seq"),
        Index(None, "deleted_at"),
        {"sqlite_autoincrement": True},  # else SQLite gives a deleted last row's number to the next arrival
    )

    seq: Mapped[int] = mapped_column(BigId, primary_key=True)
    """Order of arrival, over the whole instance."""
    id: Mapped[str] = mapped_column(String(UUID_LENGTH), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), index=True)
    active_for: Mapped[int | None] = mapped_column(BigId, unique=True)
    status: Mapped[str] = mapped_column(String(16), default=Status.PENDING)
    priority: Mapped[int] = mapped_column(default=0)
    run_token: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    engine: Mapped[str] = mapped_column(String(32))
    model: Mapped[str | None] = mapped_column(String(64))
    requested_language: Mapped[str | None] = mapped_column(String(16))
    """What the user chose; None: detect."""
    diarize: Mapped[bool] = mapped_column(Boolean, default=False)
    speaker_count: Mapped[int | None]
    """How many people speak, where the user has said so."""
    vocabulary: Mapped[list[str]] = mapped_column(JSON, default=list)
    progress: Mapped[float] = mapped_column(Float(53), default=0.0)
    message: Mapped[str | None] = mapped_column(String(255))
    error: Mapped[str | None] = mapped_column(Text)
    is_with_shift: Mapped[bool] = mapped_column(Boolean, default=False)
    """Its slices are with providers: no worker holds it, the shift looks after it (see job_queue)."""
    remote_id: Mapped[str | None] = mapped_column(String(255))
    """The provider's own reference of the last run, for support; slices have what is under way."""
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Hidden since then; what it holds is destroyed when the time to undo is over."""
    language: Mapped[str | None] = mapped_column(String(16))
    language_confidence: Mapped[float | None] = mapped_column(Float(53))
    confidence: Mapped[float | None] = mapped_column(Float(53))
    text: Mapped[str | None] = mapped_column(Text().with_variant(Text(2**24), "mysql", "mariadb"))
    details: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    cost_usd: Mapped[float | None] = mapped_column(Float(53))
    """What all runs over this row have cost; None: nothing that anybody knows of."""
    heard_seconds: Mapped[float | None] = mapped_column(Float(53))
    """Sound that engines were given in all runs."""
    version: Mapped[int] = mapped_column(default=0)
    """Goes up with every change that a person makes to the text; see Edit."""
    webhook_url: Mapped[str | None] = mapped_column(String(2048))
    """Whom the request wanted to be told of its end."""

    recording: Mapped[Recording] = relationship(lazy="joined")
