"""The shapes of transcripts: one, and lists of them."""

from typing import Literal

from pydantic import BaseModel, Field, RootModel, model_validator

StatusWord = Literal["queued", "processing", "completed", "error"]
LARGEST_PAGE_NUMBER = 10_000_000


class ListIn(BaseModel):
    """Which page of which list."""

    page: int = Field(default=1, ge=1, le=LARGEST_PAGE_NUMBER)
    page_size: int = Field(default=10, ge=1, le=100)
    status: StatusWord | None = Field(default=None, description="Only those; unset: all.")
    view: Literal["grouped", "flat"] = "grouped"
    cursor: str | None = Field(
        default=None,
        max_length=100,
        description="With `view=flat`: the list by cursor. Empty: from the newest on; then `next` leads on.",
    )

    @model_validator(mode="before")
    @classmethod
    def _said(cls, told: dict[str, str]) -> dict[str, str]:
        """Forms send what was left empty, too: that is nothing said, but for the cursor."""
        return {name: value for name, value in told.items() if value != "" or name == "cursor"}


class ItemOut(BaseModel):
    """A transcript in a list."""

    id: str = Field(examples=["0b6a3c0e-4b54-4d0a-9a35-3d1c0b6f4e52"])
    text: str | None
    audio_url: str
    language_code: str | None = Field(examples=["fa"])
    created_at: str = Field(examples=["2026-01-31T12:00:00Z"])
    completed_at: str | None
    error: str | None
    status: StatusWord


class CountsOut(BaseModel):
    """How many of this answer's items stand so."""

    queued: int
    processing: int
    completed: int
    error: int


class GroupsOut(BaseModel):
    """This answer's items by their status, newest first."""

    queued: list[ItemOut]
    processing: list[ItemOut]
    completed: list[ItemOut]
    error: list[ItemOut]


class GroupedOut(BaseModel):
    """A page, by status."""

    count: int = Field(description="On all pages.")
    next: str | None
    previous: str | None
    current_page: int
    total_pages: int
    total_count: int = Field(description="In this answer.")
    status_counts: CountsOut
    transcriptions: GroupsOut


class FlatOut(BaseModel):
    """A page, newest first."""

    count: int | None = Field(description="On all pages; null in a list by cursor, which counts nothing.")
    next: str | None
    previous: str | None
    results: list[ItemOut]


class ListOut(RootModel[GroupedOut | FlatOut]):
    """A page in the shape that was asked for."""


class WordOut(BaseModel):
    """A spoken word. Seconds from the start, confidence 0..1."""

    text: str
    start: float
    end: float
    confidence: float | None
    speaker: str | None


class UtteranceOut(BaseModel):
    """A stretch of speech of one speaker. Seconds from the start, confidence 0..1."""

    n: int = Field(description="Its number, for edits.")
    start: float
    end: float
    text: str
    speaker: str | None
    confidence: float | None


class TranscriptOut(BaseModel):
    """A transcript, whole."""

    id: str
    status: StatusWord
    text: str | None
    audio_url: str
    language_code: str | None
    created_at: str
    completed_at: str | None
    error: str | None
    title: str
    progress: float = Field(ge=0, le=100)
    message: str | None
    confidence: float | None
    audio_duration: float = Field(description="Seconds.")
    engine: str
    model: str | None
    version: int = Field(description="Goes up with every edit.")
    words: list[WordOut]
    utterances: list[UtteranceOut]
    speakers: list[str]


class RetryIn(BaseModel):
    """With which engine and model; unset: with the same, and what was heard is kept."""

    engine: str | None = Field(default=None, max_length=64)
    model_name: str | None = Field(default=None, max_length=128)


class ChangedOut(BaseModel):
    """What was done to it."""

    message: str
    transcript_id: str
    status: StatusWord


class MakingOut(BaseModel):
    """A worker makes the file: ask `status_url` again."""

    status: Literal["processing"] = "processing"
    job_id: str
    progress: float
    status_url: str
