"""What text models make of transcripts: summaries, their templates, conversations, and what each call has cost."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Float, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import UUID_LENGTH, BigId, LongText, UtcDateTime, in_words
from textor.models.jobs import JobState

ROLES = ("user", "assistant")


class Summary(Model):
    """A summary that was asked for; its Job has the same id, and says how it stands while it is made. `transcription_seq` is None
    where the request brought its own text. `read` says how much of it the model was given."""

    __tablename__ = "summaries"
    __table_args__ = (Index(None, "transcription_seq", "created_at"), Index(None, "user_id", "created_at"))

    id: Mapped[str] = mapped_column(String(UUID_LENGTH), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    transcription_seq: Mapped[int | None] = mapped_column(ForeignKey("transcriptions.seq", ondelete="CASCADE"))
    model: Mapped[str] = mapped_column(String(128))
    format: Mapped[str] = mapped_column(String(16))
    max_words: Mapped[int]
    instruction: Mapped[str | None] = mapped_column(LongText)
    text: Mapped[str | None] = mapped_column(LongText)
    """None while it is being made, and where that failed."""
    topics: Mapped[list[str]] = mapped_column(JSON, default=list)
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """{start, end, text, ids} each, in the order of the text."""
    read: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    version: Mapped[int | None]
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The transcription's `version` and `finished_at` when its text was read: with others, the summary is stale."""
    prompt_tokens: Mapped[int] = mapped_column(default=0)
    completion_tokens: Mapped[int] = mapped_column(default=0)
    cost_usd: Mapped[float | None] = mapped_column(Float(53))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SummaryTemplate(Model):
    """A user's own way of summing up."""

    __tablename__ = "summary_templates"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    instruction: Mapped[str] = mapped_column(LongText)
    format: Mapped[str] = mapped_column(String(16))
    max_words: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Conversation(Model):
    """Questions and answers about one transcript; about all of a user's where `transcription_seq` is None."""

    __tablename__ = "conversations"
    __table_args__ = (Index(None, "user_id", "transcription_seq", "updated_at"),)

    id: Mapped[str] = mapped_column(String(UUID_LENGTH), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    transcription_seq: Mapped[int | None] = mapped_column(ForeignKey("transcriptions.seq", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ChatMessage(Model):
    """A question, or an answer with where it was said. An answer's Job has `job_id`; a stopped one keeps what there was."""

    __tablename__ = "chat_messages"
    __table_args__ = (
        CheckConstraint(in_words("role", ROLES), name="role_known"),
        CheckConstraint(in_words("state", JobState), name="state_known"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(LongText, default="")
    state: Mapped[str] = mapped_column(String(16), default=JobState.COMPLETED)
    job_id: Mapped[str | None] = mapped_column(String(UUID_LENGTH), unique=True)
    model: Mapped[str | None] = mapped_column(String(128))
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """{start, end, text, ids} each, in the order of the text; `transcription_id` and `title` where there are several."""
    read: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error: Mapped[str | None] = mapped_column(LongText)
    prompt_tokens: Mapped[int] = mapped_column(default=0)
    completion_tokens: Mapped[int] = mapped_column(default=0)
    cost_usd: Mapped[float | None] = mapped_column(Float(53))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TextCharge(Model):
    """One call of a text model for a user, and its price. It outlives what it was for: the money is gone."""

    __tablename__ = "text_charges"
    __table_args__ = (Index(None, "user_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    transcription_seq: Mapped[int | None] = mapped_column(ForeignKey("transcriptions.seq", ondelete="SET NULL"), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    """summary, chat or prompts."""
    model: Mapped[str] = mapped_column(String(128))
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    usd: Mapped[float | None] = mapped_column(Float(53))
    """None: nobody knows what this model charges."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_estimated: Mapped[bool] = mapped_column(default=False)
    """The most that it may take: it is being made, or it was broken off, or its provider tells no numbers."""
