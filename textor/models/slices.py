"""Slices of a transcription: the pieces of work that an engine gets, and what it has said to each."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Float, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import BigId, UtcDateTime, in_words


class SliceState(StrEnum):
    """Where a slice stands."""

    WAITING = "waiting"
    """Nobody has been asked yet, or will be again at `due_at`."""
    STARTING = "starting"
    """The call that asks is under way."""
    REMOTE = "remote"
    """The provider has taken it on: `remote_id`."""
    COMPLETED = "completed"
    FAILED = "failed"


class Slice(Model):
    """One piece of a transcription: `start` to `end` of its recording (seconds), of one channel or of all.

    `result` is what was heard: a checkpoint that is never paid for again. `lease` is a number that whoever takes the slice in
    hand has drawn; their every write names it, so that one who lost the slice can't touch it. `due_at` is when it wants
    attention, which for a slice in hand is when its holder is taken for dead. NULL: nothing to do until its transcription
    starts, or ever.
    """

    __tablename__ = "slices"
    __table_args__ = (
        UniqueConstraint("transcription_seq", "n"),
        CheckConstraint(in_words("state", SliceState), name="state_known"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    transcription_seq: Mapped[int] = mapped_column(ForeignKey("transcriptions.seq", ondelete="CASCADE"))
    n: Mapped[int]
    """Order within the transcription, from 0."""
    channel: Mapped[int | None]
    start: Mapped[float] = mapped_column(Float(53))
    end: Mapped[float] = mapped_column(Float(53))
    overlap: Mapped[float] = mapped_column(Float(53), default=0.0)
    """Seconds at its start that the slice before it has heard as well, where no silence was found to cut in."""
    storage_key: Mapped[str | None] = mapped_column(String(255))
    """The sound made ready for the engine; NULL: the recording itself."""
    state: Mapped[str] = mapped_column(String(16), default=SliceState.WAITING)
    engine: Mapped[str] = mapped_column(String(32))
    remote_id: Mapped[str | None] = mapped_column(String(255))
    attempts: Mapped[int] = mapped_column(default=0)
    """How often the engine was asked to start."""
    losses: Mapped[int] = mapped_column(default=0)
    """How often its provider gave up a job it had taken on."""
    lease: Mapped[int] = mapped_column(BigInteger, default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the provider took it on."""
    error: Mapped[str | None] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
