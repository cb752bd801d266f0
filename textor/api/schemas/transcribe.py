"""The shapes of the transcribe family."""

from pydantic import BaseModel, Field


class ModelOut(BaseModel):
    """An engine with one of its models, and all that is known of it before it is chosen. None as a limit: none is known."""

    name: str = Field(
        description="What a request names: a Whisper model, or `engine/model`.", examples=["base", "openai/gpt-transcribe"]
    )
    full_name: str = Field(examples=["openai/whisper-base"])
    description: str
    engine: str = Field(examples=["whisper"])
    is_downloaded: bool = Field(description="Whether a model that runs here is here; of a provider, whether it is configured.")
    size_mb: float | None = Field(description="Of a model that runs here.", examples=[145.0])
    is_ready: bool = Field(description="Whether it could transcribe now.")
    reason: str | None = Field(description="What to do where it is not ready.")
    is_default: bool = Field(description="Used where a request names none.")
    runs_locally: bool
    languages: list[str] | None = Field(description="Codes that it understands; null: any.", examples=[["en", "fa"]])
    detects_language: bool
    word_times: bool = Field(description="Tells when each word was said.")
    segment_times: bool = Field(description="False: text alone, timed by pieces of half a minute.")
    speakers: bool = Field(description="Tells voices on one channel apart. The sides of a call are told apart by every engine.")
    speaker_count: bool = Field(description="Can be told how many people speak.")
    vocabulary: bool = Field(description="Takes names and terms to expect.")
    formats: list[str] | None = Field(description="Files that it takes; others are converted. Null: any.")
    max_bytes: int | None = Field(description="Larger recordings are compressed, or sent in pieces.")
    max_seconds: float | None = Field(description="Longer recordings are sent in pieces.")
    usd_per_hour: float | None = Field(description="US dollars for an hour of sound; null: not known.")
    shutdown_date: str | None = Field(description="When its provider switches it off.", examples=["2027-02-26"])


class ModelsIn(BaseModel):
    """Which."""

    all: bool = Field(default=False, description="Engines that are not configured, too: each says what it needs.")


class ModelsOut(BaseModel):
    """All of them, by engine."""

    models: list[ModelOut]


class LanguageOut(BaseModel):
    """A language that recordings can be in."""

    code: str = Field(examples=["fa"])
    name: str = Field(examples=["Persian"])
    native_name: str = Field(examples=["فارسی"])


class LanguagesOut(BaseModel):
    """All of them, by code."""

    languages: list[LanguageOut]
