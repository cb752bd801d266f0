"""The shapes of sounds and files."""

from typing import Any

from pydantic import BaseModel, Field

from textor.api.schemas.transcriptions import MakingOut
from textor.api.schemas.uploading import Flag

SOUNDS = ("audio/*", "video/*", "application/octet-stream")
TEXTS = ("text/plain", "text/markdown", "application/x-subrip", "text/vtt", "text/csv")
FILES = ("application/pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document")


class ExportIn(BaseModel):
    """What goes into the file."""

    speakers: Flag = Field(default=True, description="Who says what.")
    timestamps: Flag = Field(default=True, description="When it is said, in texts.")


def bytes_of(sentence: str, *media_types: str) -> dict[str, Any]:
    """For the document: an answer that is a file."""
    return {"description": sentence, "content": {one: {"schema": {"type": "string", "format": "binary"}} for one in media_types}}


def exported() -> dict[int, Any]:
    """For the document: a transcript as a file, or that it is being made."""
    texts: dict[str, Any] = {one: {"schema": {"type": "string"}} for one in TEXTS}
    made = bytes_of("The file.", *FILES)
    made["content"] = texts | made["content"] | {"application/json": {"schema": {"type": "object"}}}
    making = {"description": "It is being made.", "content": {"application/json": {"schema": MakingOut.model_json_schema()}}}
    return {200: made, 202: making}
