"""The shapes of chat."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

LONGEST_MESSAGE, MOST_MESSAGES = 20_000, 100
LARGEST_SECONDS = 10_000_000.0
MOST_TOKENS = 4_000


def _whole(value: object) -> object:
    """JSON knows one kind of number: 3.0 is 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _plain(value: object) -> object:
    """Without the one character that no database stores."""
    return value.replace("\x00", " ") if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_plain)]
Seconds = Annotated[float, Field(ge=0, le=LARGEST_SECONDS, allow_inf_nan=False)]


class Told(BaseModel):
    """What a caller tells; other fields are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)


class LineIn(Told):
    """A segment of a transcript that the request brings along; times in seconds."""

    start: Seconds = 0.0
    end: Seconds = 0.0
    text: Text


class TurnIn(Told):
    """A message."""

    role: Literal["user", "assistant"]
    content: Text = Field(min_length=1, max_length=LONGEST_MESSAGE, examples=["What was decided?"])


class ChatIn(Told):
    """A question, and what it is about: `transcript_id`, `transcript` or `full_text` (the first of them that is given), or
    `library`."""

    transcript: list[LineIn] | None = Field(
        default=None, description="Its segments, at most 100,000 with 4,000,000 characters together."
    )
    full_text: Text | None = Field(
        default=None, description="A text without times.", examples=["We meet at noon.\nThe boat leaves at two."]
    )
    transcript_id: UUID | None = Field(
        default=None, strict=False, description="One of the caller's transcripts.", examples=[None]
    )
    library: bool = Field(default=False, description="Look into all of the caller's transcripts.")
    messages: list[TurnIn] = Field(
        min_length=1, max_length=MOST_MESSAGES, description="What was said so far, the newest last: the user's question."
    )
    model_name: str = Field(default="", max_length=200, description="One of `GET models`; unset: the first.", examples=[""])
    temperature: float = Field(default=0.7, ge=0, le=2, allow_inf_nan=False)
    max_tokens: Annotated[int, BeforeValidator(_whole)] = Field(default=500, ge=1, le=MOST_TOKENS, description="Of the answer.")

    @field_validator("messages")
    @classmethod
    def _asks(cls, messages: list[TurnIn]) -> list[TurnIn]:
        if messages[-1].role != "user" or not messages[-1].content.strip():
            raise ValueError("the last one must be a question of the user's")
        return messages


class ChatModelOut(BaseModel):
    """A model that can be asked now."""

    id: str = Field(description="What `model_name` takes.", examples=["textor-extractive"])
    name: str = Field(examples=["Textor, extractive"])
    description: str


class ChatModelsOut(BaseModel):
    """All of them, the one that is used where none is named first."""

    models: list[ChatModelOut]


class ReplyOut(BaseModel):
    """What the model says."""

    role: Literal["assistant"] = "assistant"
    content: str = Field(examples=["On Monday."])


class UsageOut(BaseModel):
    """Tokens that the call was charged for; none where nobody charges."""

    prompt: int
    completion: int
    total: int


class CitedOut(BaseModel):
    """Where something was said, in seconds. Its words stand there: citations that don't are left out."""

    start: float
    end: float
    text: str
    transcript_id: str | None = Field(default=None, description="Of which transcript, in answers out of the library.")
    title: str | None = Field(default=None, description="That transcript's.")


class ReadOut(BaseModel):
    """How much the model was given: so many segments of all, in so many transcripts."""

    segments: int
    of: int
    transcripts: int


class ChatOut(BaseModel):
    """An answer."""

    message: ReplyOut
    model_used: str = Field(examples=["textor-extractive"])
    usage: UsageOut
    citations: list[CitedOut]
    read: ReadOut
    job_id: str = Field(description="`GET /api/chat/{job_id}` has the answer for a day.")
    guest_token: str | None = Field(default=None, description="For a guest who has just come: send it as X-Guest-Token.")


class ChatWaitingOut(BaseModel):
    """It takes longer than a request may wait. The same request again waits on, costs nothing and is answered by the result."""

    status: Literal["processing"] = "processing"
    job_id: str
    message: str
    status_url: str
    guest_token: str | None = Field(default=None, description="For a guest who has just come: send it as X-Guest-Token.")


def waiting() -> dict[int, Any]:
    """For the document: that it takes longer."""
    schema = ChatWaitingOut.model_json_schema()
    content = {"application/json": {"schema": schema}}
    return {202: {"description": "It takes longer: send the same request again, or follow status_url.", "content": content}}
