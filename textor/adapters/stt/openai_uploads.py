"""What a recording is sent as: OpenAI goes by the file's name, so the name must fit the bytes."""

from dataclasses import dataclass
from pathlib import Path

from textor.adapters.stt.openai_models import FORMATS

HEAD_BYTES = 64
MIME = {
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "mp4": "audio/mp4",
    "mpeg": "audio/mpeg",
    "mpga": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "webm": "audio/webm",
}
STARTS = {b"fLaC": "flac", b"OggS": "ogg", b"ID3": "mp3", b"\x00\x00\x01\xba": "mpeg", b"\x00\x00\x01\xb3": "mpeg"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, and the name and type under which it goes out. Its own name stays here."""

    path: Path
    name: str
    mime: str


def upload(path: Path) -> Upload | None:
    """None for bytes that are in no format which OpenAI takes."""
    with path.open("rb") as file:
        ending = _ending(file.read(HEAD_BYTES))
    if ending is None:
        ending = path.suffix.lower().removeprefix(".")
    return Upload(path, f"audio.{ending}", MIME[ending]) if ending in FORMATS else None


def _ending(head: bytes) -> str | None:
    """By the first bytes; None where those tell nothing, "" where they tell of something else."""
    for start, ending in STARTS.items():
        if head.startswith(start):
            return ending
    if head[:4] == b"RIFF":
        return "wav" if head[8:12] == b"WAVE" else ""
    if head[4:8] == b"ftyp":
        return "m4a" if head[8:11] == b"M4A" else "mp4"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "webm" if b"webm" in head else ""
    return _of_frames(head)


def _of_frames(head: bytes) -> str | None:
    """MPEG audio without a tag starts with a frame; one of layer 0 is AAC, which OpenAI doesn't take by itself."""
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    return "mp3" if head[1] & 0x06 else ""
