"""The one way Textor opens a file that came from outside.

Always by a path of the server's own choosing: libav follows the addresses in a playlist when it is given a file object. Only
formats that hold sound themselves, only the file at hand, only decoders of sound (a picture is never decoded).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

from textor.adapters.audio.limits import FASTEST_RATE, MOST_CHANNELS, SLOWEST_RATE
from textor.errors import InvalidInput, NotMedia

FORMATS = "wav,mp3,flac,ogg,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,aac,asf,aiff,amr,caf,w64,au"

NOT_MEDIA = "Invalid file format. Supported formats: MP3, WAV, AAC, OGG, FLAC, M4A, OPUS, WEBM, AIFF, WMA, MP4, MOV, MKV."
EMPTY = "The file is empty. Choose a file with sound in it."
NO_SOUND_TRACK = "The file has no audio track. Choose a file with sound in it."
DAMAGED = "The file is damaged: no sound could be read from it. Export or download it again."

# A file that starts like one of these, or has "ftyp" at its fifth byte, was media once, even when nothing in it can be read.
STARTS = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"\x1a\x45\xdf\xa3", b"FORM", b"caff")


@dataclass(frozen=True, slots=True)
class Source:
    """An open file and the stream in it that is heard."""

    path: Path
    container: InputContainer
    stream: AudioStream

    @property
    def begin(self) -> float:
        """Seconds on the container's clock at which a player shows 0:00."""
        return (self.container.start_time or 0) / av.time_base


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open `path` for reading sound. Raises NotMedia or InvalidInput with a sentence for whoever sent the file."""
    if path.stat().st_size == 0:
        raise InvalidInput(EMPTY, field="file")
    try:
        container = av.open(path, options=_options(), metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise _unreadable(path) from error
    with container:
        yield Source(path, container, _checked(_stream(container)))


def _options() -> dict[str, str]:
    return {"format_whitelist": FORMATS, "protocol_whitelist": "file", "codec_whitelist": _SOUND_DECODERS}


def _sound_decoders() -> Iterator[str]:
    for name in sorted(av.codecs_available):
        try:
            codec: Any = av.Codec(name, "r")
        except ValueError:  # an encoder only
            continue
        if codec.type == "audio":
            yield name


_SOUND_DECODERS = ",".join(_sound_decoders())


def _unreadable(path: Path) -> InvalidInput:
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(STARTS) or head[4:8] == b"ftyp":
        return InvalidInput(DAMAGED, field="file")
    return NotMedia(NOT_MEDIA, field="file")


def _stream(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise InvalidInput(NO_SOUND_TRACK, field="file")
    known = [stream for stream in container.streams.audio if getattr(stream, "codec_context", None)]
    if not known:
        raise InvalidInput("The audio track is in a format that Textor can't decode. Export it as MP3 or WAV.", field="file")
    return known[0]


def _checked(stream: AudioStream) -> AudioStream:
    """What the header states is used for sizes and rates: refuse what can't be before anything is decoded."""
    if stream.channels <= 0 or not stream.rate:
        raise InvalidInput(DAMAGED, field="file")
    if not SLOWEST_RATE <= stream.rate <= FASTEST_RATE:
        raise InvalidInput(
            f"The file states a sample rate of {stream.rate:,} Hz; Textor reads {SLOWEST_RATE:,} to {FASTEST_RATE:,} Hz. "
            "Export it again as MP3 or WAV.",
            field="file",
        )
    if stream.channels > MOST_CHANNELS:
        raise InvalidInput(
            f"The file states {stream.channels} channels; Textor reads up to {MOST_CHANNELS}. Export it again as mono or stereo.",
            field="file",
        )
    return stream
