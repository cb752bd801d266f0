"""The shapes of calls that bring a recording."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _flag(value: object) -> object:
    """Forms have words for it."""
    if isinstance(value, str):
        if value.strip().lower() not in WORDS:
            raise ValueError("must be true or false")
        return WORDS[value.strip().lower()]
    return value


Flag = Annotated[bool, BeforeValidator(_flag)]


class AboutIn(BaseModel):
    """What may be said about any recording."""

    diarize: Flag = Field(default=False, description="Tell speakers apart. The sides of a call are told apart by every engine.")
    speaker_count: int | None = Field(default=None, ge=1, le=32, description="How many people speak, where you know.")
    vocabulary: str = Field(default="", max_length=20_000, description="Names and terms to expect, separated by commas or lines.")
    title: str = Field(default="", max_length=1000, description="Unset: from the file's name.")
    webhook_url: str = Field(
        default="", max_length=2048, description="Where to tell of its end, signed (Standard Webhooks).", examples=[""]
    )

    @property
    def hints(self) -> tuple[str, ...]:
        """The vocabulary, term by term."""
        parts = (part.strip() for line in self.vocabulary.splitlines() for part in line.split(","))
        return tuple(dict.fromkeys(part for part in parts if part))


class UploadIn(AboutIn):
    """Beside the file of an upload."""

    language_code: str = Field(default="", max_length=35, description="ISO 639-1; it wins over `auto_detect`.", examples=["fa"])
    auto_detect: Flag = Field(default=True, description="Detect the language where none is named.")
    engine: str = Field(default="", max_length=64, description="Unset: the default engine.", examples=[""])
    model_name: str = Field(default="", max_length=128, description="One of `GET models`.", examples=[""])


class StartIn(AboutIn):
    """Beside the file of a start."""

    model_name: str = Field(default="", max_length=128, description="One of `GET models`. Unset: tiny.en if it is here.")
    language: str = Field(default="", max_length=35, description="ISO 639-1; unset: detect.")
    diarize: Flag = Field(default=True, description="Tell speakers apart.")


class UploadedOut(BaseModel):
    """It is stored and queued."""

    message: str = Field(examples=["File uploaded and transcription started"])
    transcript_id: str = Field(examples=["0b6a3c0e-4b54-4d0a-9a35-3d1c0b6f4e52"])
    status: str = Field(examples=["queued"])
    guest_token: str | None = Field(default=None, description="For a guest's first upload: send it as X-Guest-Token from now on.")


class StartedOut(BaseModel):
    """It is stored and queued."""

    job_id: str = Field(examples=["0b6a3c0e-4b54-4d0a-9a35-3d1c0b6f4e52"])
    status: str = Field(examples=["processing"])
    message: str = Field(examples=["Transcription job started"])
    guest_token: str | None = Field(default=None, description="For a guest's first upload: send it as X-Guest-Token from now on.")
