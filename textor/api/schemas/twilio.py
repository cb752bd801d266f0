"""The shapes of recorded calls: lists of recordings, and their transcripts."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

StateWord = Literal["completed", "in-progress", "failed"]
MOMENT = TypeAdapter(datetime)


def _moment(told: object, *, is_end: bool) -> object:
    """A date is the whole day, in UTC; a time without an offset is in UTC."""
    if not isinstance(told, str):
        return told
    try:
        day = date.fromisoformat(told)
    except ValueError:
        # An offset's plus comes as a blank where nobody has encoded it.
        found = MOMENT.validate_python(told.replace(" ", "+") if told.count(" ") == 1 and "T" in told else told)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.combine(day, time.max if is_end else time.min, UTC)


def _checked(is_end: bool) -> BeforeValidator:
    def read(told: object) -> object:
        try:
            found = _moment(told, is_end=is_end)
            return found.astimezone(UTC) if isinstance(found, datetime) else found
        except (ValidationError, OverflowError):
            raise ValueError("must be a date (2026-01-31) or a time (2026-01-31T12:00:00+03:30)") from None

    return BeforeValidator(read)


After = Annotated[datetime, _checked(is_end=False)]
Before = Annotated[datetime, _checked(is_end=True)]
WHEN: dict[str, Any] = {"examples": ["2026-01-31", "2026-01-31T12:00:00+03:30"]}


class RecordingsIn(BaseModel):
    """Which recordings."""

    limit: int = Field(default=50, ge=1, le=100)
    status: StateWord | None = None
    date_created_after: After | None = Field(
        default=None,
        description="From then on: an ISO date or time, with any offset; without one it is UTC.",
        json_schema_extra=WHEN,
    )
    date_created_before: Before | None = Field(
        default=None, description="Until then; a date is that whole day.", json_schema_extra=WHEN
    )

    @model_validator(mode="before")
    @classmethod
    def _said(cls, told: dict[str, str]) -> dict[str, str]:
        """Forms send what was left empty, too: that is nothing said."""
        return {name: value for name, value in told.items() if value != ""}


class ParametersOut(BaseModel):
    """What was asked for, as it was understood."""

    limit: int
    status: str | None
    date_created_after: str | None = Field(examples=["2026-01-31T00:00:00Z"])
    date_created_before: str | None


class CallRecordingOut(BaseModel):
    """One recording. `media_url` wants the account's credentials; `media_accessible`: it gives the sound now."""

    sid: str
    account_sid: str
    call_sid: str
    duration: int = Field(description="In seconds.")
    status: StateWord
    channels: int
    source: str | None
    error_code: int | None
    uri: str
    media_location: str
    media_url: str
    media_accessible: bool
    media_status_code: int | None = Field(
        description="What asking for the sound came to; null: nobody asked, or no answer in time."
    )
    date_created: str | None = Field(examples=["2026-01-31T12:00:00Z"])
    date_updated: str | None
    start_time: str | None
    price: float | None = Field(examples=[-0.0025])
    price_unit: str | None = Field(examples=["USD"])
    track: str | None


class CountsOut(BaseModel):
    """How many of this answer's recordings stand so."""

    completed: int
    in_progress: int
    failed: int
    accessible_media: int
    inaccessible_media: int


class RecordingsOut(BaseModel):
    """Recordings, newest first."""

    total_recordings: int = Field(description="Of this answer.")
    query_parameters: ParametersOut
    recordings: list[CallRecordingOut]
    summary: CountsOut


class TranscriptIn(BaseModel):
    """Which recording: one of the Twilio account, or one that lies at an address."""

    recording_sid: str | None = Field(default=None, max_length=64, examples=["RE00112233445566778899aabbccddeeff"])
    audio_url: str | None = Field(default=None, max_length=2048, examples=["https://example.org/talk.mp3"])
    model_name: str = Field(default="", max_length=128, description="One of `GET /api/transcribe/models`; unset: the default.")


class DetailsOut(BaseModel):
    """What Twilio tells of the recording."""

    status: StateWord
    duration: int
    date_created: str | None
    call_sid: str


class TranscriptOut(BaseModel):
    """A transcript. `recording_details` are there for recordings of the Twilio account."""

    recording_sid: str | None
    audio_url: str | None
    transcript: str
    recording_details: DetailsOut | None = None
    status: Literal["completed"] = "completed"
    timestamp: str = Field(description="When it was begun.", examples=["2026-01-31T12:00:00Z"])


class TranscribingOut(BaseModel):
    """It takes longer."""

    status: Literal["processing"] = "processing"
    job_id: str
    message: str
    status_url: str
