"""The shapes of the job calls."""

from typing import Literal

from pydantic import BaseModel, Field

JobWord = Literal["processing", "completed", "failed"]


class JobOut(BaseModel):
    """How a job stands."""

    job_id: str
    status: JobWord
    progress: float = Field(ge=0, le=100)
    updated_at: float = Field(description="Epoch seconds.")
    message: str


class JobsOut(BaseModel):
    """The caller's own, newest first."""

    jobs: list[JobOut]
    count: int = Field(description="In this answer.")


class JobsIn(BaseModel):
    """How many."""

    limit: int = Field(default=100, ge=1, le=1000)


class StatusOut(BaseModel):
    """How a job stands; `not_found` for one that isn't the caller's."""

    job_id: str
    status: JobWord | Literal["not_found"]
    message: str
    progress: float = Field(ge=0, le=100)
    updated_at: float = Field(description="Epoch seconds.")


class SegmentOut(BaseModel):
    """A stretch of speech. Seconds from the start."""

    start: float
    end: float
    text: str
    speaker: str | None
    speaker_confidence: float | None
    start_display: str = Field(examples=["00:00:01.250"])
    end_display: str = Field(examples=["00:00:03.000"])


class ResultOut(BaseModel):
    """What was heard."""

    segments: list[SegmentOut]
    text: str
    language: str | None
    audio_duration: float = Field(description="Seconds.")


class NotYetOut(StatusOut):
    """There is no result: it still runs, or it failed."""

    error: str
    details: str | None = None


class SliceOut(BaseModel):
    """A piece of it, as the engine got it."""

    n: int
    channel: int | None
    start: float
    end: float
    state: str
    engine: str
    attempts: int
    provider_reference: str | None
    due_at: str | None
    error: str | None


class DebugOut(BaseModel):
    """For whoever looks into what went wrong."""

    job_id: str
    status: str = Field(description="In the database's own words.")
    attempts: int
    run_token: int = Field(description="Goes up whenever another run owns the job.")
    engine: str
    model: str | None
    provider_reference: str | None
    is_with_provider: bool
    created_at: str
    queued_at: str | None
    started_at: str | None
    finished_at: str | None
    updated_at: str
    heartbeat_at: str | None
    waited_seconds: float | None = Field(description="From the upload to the start.")
    lease: str | None = Field(description="Who holds the owner's lane: `<number>:<run_token>`.")
    cached_segments: int
    latest_segment_seconds: float | None = Field(description="Where in the recording the latest segment ends.")
    slices: list[SliceOut]
    error: str | None
