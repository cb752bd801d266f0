"""The shapes of summaries."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from textor.api.schemas.chat import LineIn, Text, Told

FormatWord = Literal["paragraph", "bullet_points", "key_points"]
StatusWord = Literal["processing", "completed", "failed"]
MOST_WORDS = 5_000


def _whole(value: object) -> object:
    """JSON knows one kind of number: 3.0 is 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class SummaryIn(Told):
    """What is to be summed up, the first of `transcript_id`, `transcript` and `full_text` that is given, and how."""

    transcript: list[LineIn] | None = Field(
        default=None, description="Its segments, at most 100,000 with 4,000,000 characters together."
    )
    full_text: Text | None = Field(
        default=None, description="A text without times.", examples=["We meet at noon.\nThe boat leaves at two."]
    )
    transcript_id: UUID | None = Field(
        default=None, strict=False, description="One of the caller's finished transcripts.", examples=[None]
    )
    model_name: str = Field(
        default="", max_length=200, description="One of `GET /api/chat/models`; unset: the first.", examples=[""]
    )
    max_length: Annotated[int, BeforeValidator(_whole)] = Field(
        default=500, ge=1, le=MOST_WORDS, description="Words at most, kept whatever the model says."
    )
    format: FormatWord = Field(
        default="paragraph",
        description="Running text; its points in the order they were said; the most important ones first, numbered.",
    )
    instruction: str = Field(
        default="", max_length=2000, description="What it should be like, in your words, for models that take any.", examples=[""]
    )
    webhook_url: str = Field(
        default="", max_length=2048, description="Where to tell of its end, signed (Standard Webhooks).", examples=[""]
    )


class SummaryStartedOut(BaseModel):
    """It is queued."""

    job_id: str = Field(examples=["0b6a3c0e-4b54-4d0a-9a35-3d1c0b6f4e52"])
    status: Literal["processing"] = "processing"
    message: str = Field(examples=["Summary started"])
    guest_token: str | None = Field(default=None, description="For a guest who has just come: send it as X-Guest-Token.")


class SummaryStatusOut(BaseModel):
    """How it stands."""

    job_id: str
    status: StatusWord
    message: str = Field(examples=["Reading part 3 of 12"])
    progress: float = Field(ge=0, le=100)
    updated_at: float = Field(description="Epoch seconds.")


class SummaryNotYetOut(SummaryStatusOut):
    """There is no summary: it is still written, or that failed."""

    error: str
    details: str | None = None


class SummaryCitedOut(BaseModel):
    """Where something was said, in seconds. Its words stand there: citations that don't are left out."""

    start: float
    end: float
    text: str


class SummaryReadOut(BaseModel):
    """How much the model was given: so many segments of all, from the first word to the last, in so many parts."""

    segments: int
    of: int
    seconds: float
    parts: int


class SummaryUsageOut(BaseModel):
    """Tokens that its calls were charged for; none where nobody charges."""

    prompt: int
    completion: int
    total: int
    cost_usd: float | None = Field(description="Null: nobody knows what the model charges.")


class SummaryOut(BaseModel):
    """A summary."""

    summary: str
    topics: list[str] = Field(description="The most important first.")
    length: int = Field(description="In words.")
    model_used: str = Field(examples=["textor-extractive"])
    format: FormatWord
    citations: list[SummaryCitedOut] = Field(description="In the order of the text.")
    read: SummaryReadOut
    usage: SummaryUsageOut
    transcript_id: str | None = Field(description="Null: the request brought its own text.")
    is_stale: bool = Field(description="The transcript was changed since.")
    created_at: str = Field(examples=["2026-01-31T12:00:00Z"])


def not_yet() -> dict[int, Any]:
    """For the document: that there is none."""
    schema = SummaryNotYetOut.model_json_schema()
    content = {"application/json": {"schema": schema}}
    return {409: {"description": "Not yet, or it failed: the status, and an error beside it.", "content": content}}
