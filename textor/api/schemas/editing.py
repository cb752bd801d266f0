"""The shapes of edits and of their history."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

LARGEST_VERSION = 2**31 - 1
MOST_SPEAKERS = 200


def whole(value: object) -> object:
    """JSON knows one kind of number: 3.0 is 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Seen = Annotated[
    int,
    Field(
        strict=True, ge=0, le=LARGEST_VERSION, description="The version that you have seen; if it is no more, the answer is 409."
    ),
    BeforeValidator(whole),
]


class SeenIn(BaseModel):
    """What a change is based on."""

    version: Seen


class RestoreIn(BaseModel):
    """What a restore is based on; unset: whatever stands there now."""

    version: Seen | None = None


class CorrectionIn(SeenIn):
    """What a segment is to be; what is not told stays."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["text"]}, {"required": ["speaker"]}]})

    text: str = Field(default="", description="At most 10,000 characters, in one line. Empty: nothing was said.")
    speaker: str | None = Field(
        default=None, description="A label or name that is known, or a new one; null: nobody knows who.", examples=["Speaker 1"]
    )


class NamesIn(SeenIn):
    """What speakers are to be called."""

    speakers: dict[str, str | None] = Field(
        min_length=1,
        max_length=MOST_SPEAKERS,
        description="By label, or by the name that they have: the new name; null takes it away. Others stay.",
        examples=[{"Speaker 1": "Ann", "Speaker 2": None}],
    )


class EditedWordOut(BaseModel):
    """A spoken word, in seconds. What a person has written has no confidence."""

    text: str
    start: float
    end: float
    confidence: float | None


class SegmentOut(BaseModel):
    """A segment as it is now."""

    n: int = Field(description="Its number, from 0.")
    start: float
    end: float
    text: str
    speaker: str | None = Field(description="As people call them.")
    speaker_label: str | None = Field(description="As the engine calls them.")
    confidence: float | None
    words: list[EditedWordOut]
    version: int = Field(description="What the transcript is at now.")


class NamesOut(BaseModel):
    """All speakers by label, with the names that people gave them."""

    speakers: dict[str, str | None]
    version: int = Field(description="What the transcript is at now.")


class VersionOut(BaseModel):
    """One state of the text, and the change that made it."""

    version: int
    kind: str = Field(
        description="`heard`: by the engine. `text`, `speaker`, `names`: by a person. `pick`, `unpick`: another engine's words, "
        "taken over and given back. `restore`: an earlier version. `lost`: a correction that no longer fits a completed text."
    )
    what: str = Field(description="A sentence.", examples=["Segment 3 says: good morning"])
    by: str | None
    created_at: str | None = Field(examples=["2026-01-31T12:00:00Z"])
    segment: int | None = Field(description="The segment's number then, from 0.")
    start: float | None = Field(description="Where the segment begins, in seconds.")


class HistoryOut(BaseModel):
    """All versions, the newest first."""

    version: int = Field(description="What a change must name.")
    shown: int = Field(description="The version that the text is: the last one, unless a retry came to nothing since.")
    versions: list[VersionOut]


class RestoredOut(BaseModel):
    """The text says what it said then."""

    restored: int
    version: int = Field(description="What the transcript is at now.")
