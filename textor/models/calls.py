"""Recorded calls: what was transcribed of them, once per recording and engine."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import UUID_LENGTH, BigId, UtcDateTime


class CallTranscript(Model):
    """One recording, heard by one engine. `source` is what it is known by: `sid:RE…` for a call of the instance's Twilio account,
    `url:` with its owner and a digest for one that was named by its address. Unique: of two requests at once, the second finds
    what the first has begun. Its Job fetches the sound; from then on `transcription_seq` says how it stands."""

    __tablename__ = "call_transcripts"
    __table_args__ = (UniqueConstraint("source", "engine"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(160))
    engine: Mapped[str] = mapped_column(String(128))
    """Engine, or engine/model, as it was asked for."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    sid: Mapped[str | None] = mapped_column(String(34), index=True)
    audio_url: Mapped[str | None] = mapped_column(String(2048))
    job_id: Mapped[str | None] = mapped_column(String(UUID_LENGTH), unique=True)
    transcription_seq: Mapped[int | None] = mapped_column(ForeignKey("transcriptions.seq", ondelete="SET NULL"), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What Twilio told of the recording: {status, duration, date_created, call_sid}; `failed_at` is where it broke off."""
    error: Mapped[str | None] = mapped_column(Text)
    """Why the sound could not be had; the next request tries again."""
    imported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_there_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the recording was deleted at Twilio, where that is wanted."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
