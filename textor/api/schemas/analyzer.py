"""The shapes of image-prompt tasks."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, model_validator
from pydantic.config import JsonDict

from textor.api.schemas.editing import whole
from textor.api.schemas.transcriptions import LARGEST_PAGE_NUMBER

LARGEST_ID = 2**63 - 1
LONGEST_TEXT, LONGEST_WISH = 2_000_000, 20_000
AUDIO = "audio_file_url"

Id = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID), BeforeValidator(whole)]
Name = Annotated[str, Field(min_length=1, max_length=255, examples=["The lighthouse"])]
Text = Annotated[
    str, Field(max_length=LONGEST_TEXT, description="What is pictured, line by line.", examples=["A lighthouse at dusk."])
]
Wish = Annotated[str, Field(max_length=LONGEST_WISH)]
INSTRUCTION = (
    "What each prompt should say. Unset: subject, five descriptive keywords, camera, lens, time of day, photo style and film."
)


class NewTaskIn(BaseModel):
    """A task: of the file `audio_file_url` (multipart), of `task_text`, or of a transcript that is there."""

    FILE_FIELD: ClassVar[str] = AUDIO
    TAKES_JSON: ClassVar[bool] = True

    name: Name
    audio_file_language: str = Field(default="", max_length=35, description="ISO 639-1; needed with a file.", examples=["en"])
    task_text: Text = ""
    helper_instruction: Wish = Field(default="", description=INSTRUCTION)
    generator: Literal["midjourney", "stable_diffusion", "flux", "dalle"] = Field(
        default="midjourney", description="Whose wording prompts have."
    )
    look: Wish = Field(default="", description="A style that all scenes share.")
    max_scenes: Annotated[int, BeforeValidator(whole)] = Field(default=12, ge=1, le=100)
    model_name: str = Field(default="", max_length=128, description="A text model. Unset: the first that is ready.")
    transcript_id: str = Field(default="", max_length=64, description="Instead of a file or a text: a transcript of yours.")

    @model_validator(mode="before")
    @classmethod
    def _said(cls, told: Any) -> Any:
        """null says nothing; an address is no file."""
        if not isinstance(told, dict):
            return told
        if told.get(AUDIO):
            raise ValueError(f"{AUDIO} is a file: send it as multipart/form-data")
        return {name: value for name, value in told.items() if value is not None}


class PromptIn(BaseModel):
    """A prompt as it is to be."""

    id: Id | None = Field(default=None, description="Of one that is there; unset: a new one.", examples=[1])
    prompt_content: str = Field(min_length=1, max_length=LONGEST_WISH, examples=["A lighthouse at dusk, 35mm --ar 16:9"])


def _unset(schema: JsonDict) -> None:
    """For the document: what is left out stays, so nothing stands for it."""
    schema.pop("default", None)


class TaskPatchIn(BaseModel):
    """What is to be changed; what is not told stays."""

    name: Name = Field(default="", json_schema_extra=_unset)
    task_text: Text | None = Field(default=None, description="Prompts that are there stay as they are.")
    helper_instruction: Wish | None = Field(default=None, description=INSTRUCTION)
    prompts: Annotated[list[PromptIn], Field(max_length=10_000)] | None = Field(
        default=None,
        description="All that the task is to have, in this order: those with an id are changed, others are new, and "
        "what is not among them is deleted. Unset: they stay.",
    )


class TaskPutIn(TaskPatchIn):
    """The same, with its name."""

    name: Name


class BulkTaskIn(TaskPatchIn):
    """What is to be changed of one of many."""

    id: Id = Field(examples=[1])


class BulkIn(RootModel[list[BulkTaskIn]]):
    """Each task once, at most 10,000."""

    root: list[BulkTaskIn] = Field(max_length=10_000, examples=[[{"id": 1, "name": "The lighthouse"}]])


def _listed(schema: JsonDict) -> None:
    """For the document. What is no list of ids is answered in the words that clients know, so anything is read here."""
    schema.clear()
    item: JsonDict = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
    schema |= {"type": "array", "items": item, "minItems": 1, "maxItems": 10_000, "title": "Ids", "examples": [[1, 2]]}


class IdsIn(BaseModel):
    """Which tasks."""

    model_config = ConfigDict(json_schema_extra={"required": ["ids"]})

    ids: Any = Field(default=None, json_schema_extra=_listed)

    @model_validator(mode="before")
    @classmethod
    def _said(cls, told: Any) -> Any:
        return told if isinstance(told, dict) else {}


class TasksIn(BaseModel):
    """Which page."""

    page: int = Field(default=1, ge=1, le=LARGEST_PAGE_NUMBER)


class PromptOut(BaseModel):
    """A prompt. Where it comes from a recording: the time it pictures, in seconds, and what was said."""

    id: int
    prompt_content: str = Field(examples=["A lighthouse at dusk, 35mm --ar 16:9"])
    start: float | None
    end: float | None
    quote: str | None


class TokensOut(BaseModel):
    """What text models have read and written for it."""

    prompt: int
    completion: int
    total: int


class TaskOut(BaseModel):
    """A task."""

    id: int
    name: str
    status: Literal["pending", "processing", "completed", "failed"]
    error: str | None = Field(description="Why it failed.")
    audio_file_url: str | None = Field(description="Its sound, for its owner: the scope `transcribe` reads it.")
    audio_file_language: str | None = Field(examples=["en"])
    task_text: str | None = Field(description="With a recording: what was heard, once it was.")
    helper_instruction: str | None
    user_id: str = Field(description="The owner's user name.", examples=["alice.owner"])
    created_at: str = Field(examples=["2026-01-31T12:00:00Z"])
    updated_at: str = Field(examples=["2026-01-31T12:00:00Z"])
    prompts: list[PromptOut]
    generator: str = Field(examples=["midjourney"])
    look: str | None
    max_scenes: int
    model_name: str | None = Field(description="What writes the prompts.", examples=["textor-extractive"])
    note: str | None = Field(description="What of the wishes the model could not follow.")
    transcript_id: str | None = Field(description="Of the recording: see `/api/transcribe/{transcript_id}/`.")
    progress: float = Field(description="0..100 of what is under way: hearing, then writing.")
    usage: TokensOut
    cost_usd: float | None = Field(description="US dollars; null: not known, or nothing yet.")


class TasksOut(BaseModel):
    """Five of the caller's tasks, the newest first."""

    count: int = Field(description="On all pages.")
    next: str | None
    previous: str | None
    results: list[TaskOut]


class BulkOut(RootModel[list[TaskOut]]):
    """The tasks, in the order of the request."""
