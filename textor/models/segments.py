"""What was said: segments with their words, and who said it."""

from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import BigId


class Speaker(Model):
    """One voice of one transcription. `label` is the engine's, `name` what people call it."""

    __tablename__ = "speakers"
    __table_args__ = (UniqueConstraint("transcription_seq", "label"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    transcription_seq: Mapped[int] = mapped_column(ForeignKey("transcriptions.seq", ondelete="CASCADE"))
    label: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(String(100))


class SegmentRow(Model):
    """A segment of a transcription, number `n` from 0. Written as it is produced, by the run that owns the job."""

    __tablename__ = "segments"
    __table_args__ = (UniqueConstraint("transcription_seq", "n"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    transcription_seq: Mapped[int] = mapped_column(ForeignKey("transcriptions.seq", ondelete="CASCADE"))
    n: Mapped[int]
    start: Mapped[float] = mapped_column(Float(53))
    end: Mapped[float] = mapped_column(Float(53))
    text: Mapped[str] = mapped_column(Text)
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("speakers.id", ondelete="SET NULL"), index=True)
    speaker_confidence: Mapped[float | None] = mapped_column(Float(53))
    confidence: Mapped[float | None] = mapped_column(Float(53))
    engine: Mapped[str | None] = mapped_column(String(32))
    """Which engine heard it, where it isn't the transcription's."""
    words: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)
    """[text, start, end, confidence or null] each: compact, because a two-hour transcript has 20,000."""
