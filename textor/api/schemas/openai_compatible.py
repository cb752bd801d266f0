"""The shapes of OpenAI's audio API, as its official clients send and read them."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, RootModel

from textor.api.schemas.uploading import Flag

Form = Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"]
PlainForm = Literal["json", "text", "srt", "verbose_json", "vtt"]
Names = Annotated[list[str], Field(max_length=200)]


def _is_strategy(value: str) -> str:
    """Textor cuts where nobody speaks, whatever is asked; what is no strategy at all is a mistake."""
    try:
        told = value if value in ("", "auto") else json.loads(value)
    except (ValueError, RecursionError):
        told = None
    if told in ("", "auto") or (isinstance(told, dict) and told.get("type") in ("auto", "server_vad")):
        return value
    raise ValueError('must be "auto" or {"type": "server_vad"}')


def _one_line(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


class Anything(BaseModel):
    """A form that is read once its lists are put together."""


class SpeechIn(BaseModel):
    """Beside the file of either call."""

    model: Annotated[str, BeforeValidator(_one_line)] = Field(
        default="whisper-1",
        max_length=200,
        description="A Whisper model's name, `engine/model`, `engine`, or `whisper-1`: the default engine. See `GET /v1/models`.",
        examples=["whisper-1"],
    )
    prompt: str = Field(
        default="",
        max_length=20_000,
        description="Names and terms to expect. A hint: engines that take no vocabulary do without it.",
    )
    temperature: float = Field(
        default=0, ge=0, le=1, allow_inf_nan=False, description="Taken and not heeded: each engine has its own way."
    )


class TranslationIn(SpeechIn):
    """Beside the file of a translation into English."""

    response_format: PlainForm = Field(default="json", description="How the answer is written.")


class TranscriptionIn(SpeechIn):
    """Beside the file of a transcription. Lists may be named with and without `[]`."""

    language: str = Field(default="", max_length=35, description="ISO 639-1; unset: detect.", examples=["en"])
    languages: Names = Field(
        default=[], alias="languages[]", description="One is heeded like `language`; of several one is found."
    )
    response_format: Form = Field(default="json", description="How the answer is written; `diarized_json` tells speakers apart.")
    timestamp_granularities: list[Literal["word", "segment"]] = Field(
        default=[], alias="timestamp_granularities[]", description="Only with `verbose_json`. Unset: segments."
    )
    keywords: Names = Field(default=[], alias="keywords[]", description="Names and terms; refused by engines that take none.")
    include: list[Literal["logprobs"]] = Field(default=[], alias="include[]", description="Textor has no log probabilities.")
    stream: Flag = Field(default=False, description="Server-sent events, with `json`, `text` and `diarized_json`.")
    chunking_strategy: Annotated[str, AfterValidator(_is_strategy)] = Field(
        default="", max_length=1000, description="Taken and not heeded: Textor cuts where nobody speaks.", examples=["auto"]
    )
    known_speaker_names: Names = Field(default=[], alias="known_speaker_names[]", description="Not available here: refused.")
    known_speaker_references: list[str] = Field(
        default=[], alias="known_speaker_references[]", description="Not available here: refused."
    )


class DurationOut(BaseModel):
    """How much sound was heard."""

    type: Literal["duration"] = "duration"
    seconds: float


class TextOut(BaseModel):
    """`json`."""

    text: str
    usage: DurationOut
    warnings: list[str] | None = Field(default=None, description="What is missing, where something could not be heard.")


class SegmentOut(BaseModel):
    """A segment as Whisper tells it. Textor knows no tokens."""

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: list[int] = []
    temperature: float = 0.0
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float = 0.0


class WordOut(BaseModel):
    """A word and when it is said, in seconds."""

    word: str
    start: float
    end: float


class VerboseOut(TextOut):
    """`verbose_json`. Lists that were not asked for are left out."""

    task: Literal["transcribe", "translate"]
    language: str = Field(description="In English and lower case; empty where it isn't known.", examples=["english"])
    duration: float
    segments: list[SegmentOut] | None = None
    words: list[WordOut] | None = None


class SpokenOut(BaseModel):
    """What one speaker says; the same in a stream."""

    type: Literal["transcript.text.segment"] = "transcript.text.segment"
    id: str
    start: float
    end: float
    text: str
    speaker: str = Field(description="A, B, C in the order of their first words; `unknown` where nobody could tell.")


class DiarizedOut(TextOut):
    """`diarized_json`."""

    task: Literal["transcribe"] = "transcribe"
    duration: float
    segments: list[SpokenOut]


class TokensOut(BaseModel):
    """What a stream counts. Textor bills no tokens; `seconds` is what was heard."""

    type: Literal["tokens"] = "tokens"
    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    seconds: float


class DeltaOut(BaseModel):
    """More text."""

    type: Literal["transcript.text.delta"] = "transcript.text.delta"
    delta: str
    segment_id: str | None = None


class DoneOut(BaseModel):
    """The whole text, which is right where the pieces before it are not."""

    type: Literal["transcript.text.done"] = "transcript.text.done"
    text: str
    usage: TokensOut


class AnswerOut(RootModel[DiarizedOut | VerboseOut | TextOut]):
    """By response_format."""


class WaitingOut(BaseModel):
    """It takes longer than a request may wait. The same request again waits on, costs nothing and is answered by the text."""

    status: Literal["processing"] = "processing"
    job_id: str
    progress: float
    message: str
    status_url: str


class ModelOut(BaseModel):
    """A model that could be used now."""

    id: str = Field(examples=["base", "whisper-1"])
    object: Literal["model"] = "model"
    created: int = Field(default=0, description="Not known.")
    owned_by: str = Field(description="The engine.", examples=["whisper"])
    shutdown_date: str | None = Field(default=None, description="When its provider switches it off.")


class ModelsOut(BaseModel):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[ModelOut]


class FaultOut(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class FaultsOut(BaseModel):
    """Any error of this family, as OpenAI's clients read it."""

    error: FaultOut


def fails(**sentences: str) -> dict[int, Any]:
    """For the document: errors of this family, by status."""
    schema = FaultsOut.model_json_schema()
    schema["properties"]["error"] = schema.pop("$defs")[FaultOut.__name__]
    return {int(status[1:]): _told(said, "application/json", schema) for status, said in sentences.items()}


def heard(*media_types: str) -> dict[int, Any]:
    """For the document: the text as something else than JSON, and that it takes longer."""
    plain = {media_type: {"schema": {"type": "string"}} for media_type in media_types}
    waiting = _told("It takes longer: send the same request again.", "application/json", WaitingOut.model_json_schema())
    return {200: {"description": "The text, in the format that was asked for.", "content": plain}, 202: waiting}


def _told(description: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}
