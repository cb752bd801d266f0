"""Image-prompt tasks: a recording or a text, and the prompts that were made of it, scene by scene."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import UUID_LENGTH, BigId, LongText, UtcDateTime, in_words


class TaskStatus(StrEnum):
    """Where a task stands."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class AnalyzerTask(Model):
    """One task. Its sound, where it has some, is the recording of `transcription_seq`, and `task_text` is what was heard; the Job
    that writes the prompts has `job_id`."""

    __tablename__ = "analyzer_tasks"
    __table_args__ = (
        CheckConstraint(in_words("status", TaskStatus), name="status_known"),
        Index(None, "user_id", "id"),
        Index(None, "status"),
        {"sqlite_autoincrement": True},  # else SQLite gives a deleted last row's number to the next
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16), default=TaskStatus.PENDING)
    error: Mapped[str | None] = mapped_column(LongText)
    note: Mapped[str | None] = mapped_column(LongText)
    """What of the wishes the model could not follow."""
    transcription_seq: Mapped[int | None] = mapped_column(ForeignKey("transcriptions.seq", ondelete="CASCADE"), index=True)
    audio_file_language: Mapped[str | None] = mapped_column(String(16))
    task_text: Mapped[str | None] = mapped_column(LongText)
    helper_instruction: Mapped[str | None] = mapped_column(LongText)
    generator: Mapped[str] = mapped_column(String(32))
    look: Mapped[str | None] = mapped_column(LongText)
    max_scenes: Mapped[int]
    model: Mapped[str | None] = mapped_column(String(128))
    """What wrote the prompts, or is going to."""
    job_id: Mapped[str | None] = mapped_column(String(UUID_LENGTH), unique=True)
    prompt_tokens: Mapped[int] = mapped_column(default=0)
    completion_tokens: Mapped[int] = mapped_column(default=0)
    cost_usd: Mapped[float | None] = mapped_column(Float(53))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AnalyzerPrompt(Model):
    """One prompt, in its task's order by `place`; where it comes from a recording, the time it pictures and what was said."""

    __tablename__ = "analyzer_prompts"
    __table_args__ = (Index(None, "task_id", "place"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("analyzer_tasks.id", ondelete="CASCADE"))
    place: Mapped[int]
    content: Mapped[str] = mapped_column(LongText)
    start: Mapped[float | None] = mapped_column(Float(53))
    end: Mapped[float | None] = mapped_column(Float(53))
    quote: Mapped[str | None] = mapped_column(LongText)
