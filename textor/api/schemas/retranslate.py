"""The shapes of calls that have one segment heard anew."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictInt

LARGEST_NUMBER = 2**53 - 1
LONGEST_SECONDS = 1_000_000.0
FIRST_CHOICE = "whisper-large-v3-turbo"
FOR_GUESTS = "For a guest's first request: send it as X-Guest-Token from now on."

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Number = Annotated[StrictInt, Field(ge=0, le=LARGEST_NUMBER)]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)]


class WishIn(BaseModel):
    """What is to be heard, and by whom."""

    start_time: Seconds | None = Field(default=None, description="In seconds of the recording.", examples=[1.5])
    end_time: Seconds | None = Field(default=None, description="In seconds; ten minutes after the start at most.", examples=[4.0])
    model_name: str = Field(
        default="",
        max_length=128,
        description=f"One of `GET /api/transcribe/models`. Unset: {FIRST_CHOICE} if it is here, else the default engine.",
        examples=[""],
    )
    language: str = Field(default="", max_length=35, description="ISO 639-1; unset: detect.", examples=[""])


class SegmentIn(WishIn):
    """Beside the file."""

    segment_id: Name = Field(description="Your own; it comes back in the answer.", examples=["12"])


class StoredSegmentIn(WishIn):
    """A segment of a transcript. Without times it is where the transcript has the segment of that number."""

    segment_id: Number | Name = Field(description="The number of a segment, or your own; it comes back.", examples=[0])


class OfIn(BaseModel):
    """Which transcript."""

    job_id: str = Field(max_length=36, description="The id of its transcription.")


class HeardOut(BaseModel):
    """What was heard. Nothing has been changed: `PATCH .../segments/{n}` takes it over."""

    segment_id: int | str
    text: str
    confidence: float | None = Field(description="0..1; null where the engine tells none.")
    speaker: str | None = Field(description="Who speaks for most of that time, where it is known.")
    model_used: str = Field(examples=[FIRST_CHOICE])


class HeardInFileOut(HeardOut):
    """What was heard in a file."""

    guest_token: str | None = Field(default=None, description=FOR_GUESTS)


class ListeningOut(BaseModel):
    """It takes longer."""

    status: Literal["processing"] = "processing"
    job_id: str
    message: str
    status_url: str
    guest_token: str | None = Field(
        default=None, description="For a guest's first request: send it as X-Guest-Token from now on."
    )
