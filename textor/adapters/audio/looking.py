"""The quick look at a file, as its own program: `python -m textor.adapters.audio.looking PATH [MAX_SECONDS]`. See `probe`.

It answers one line of JSON. Importing NumPy would double the time it takes: nothing here does.
"""

import json
import resource
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import av
from av.container import InputContainer

from textor.adapters.audio.frames import Damage, frames
from textor.adapters.audio.limits import refuse_longer
from textor.adapters.audio.opening import DAMAGED, Source, opened
from textor.errors import InvalidInput, NotMedia

HEARD_SECONDS = 1.0  # decoding this much proves that the file can be decoded
CPU_SECONDS = 1.0

HARD_CPU_SECONDS = 5
HARD_MEMORY_BYTES = 200_000_000  # a WAV of 100 bytes can make libav clear two gigabytes for one of its tags

LOWEST_BITS_PER_SECOND = 4_000  # the slowest speech codec in use (AMR) sends 4,750

# libav's demuxer -> our name for the container, media type for sound, media type with a picture.
CONTAINERS = {
    "wav": ("wav", "audio/wav", "audio/wav"),
    "w64": ("w64", "audio/wav", "audio/wav"),
    "mp3": ("mp3", "audio/mpeg", "audio/mpeg"),
    "flac": ("flac", "audio/flac", "audio/flac"),
    "ogg": ("ogg", "audio/ogg", "video/ogg"),
    "aac": ("aac", "audio/aac", "audio/aac"),
    "asf": ("asf", "audio/x-ms-wma", "video/x-ms-wmv"),
    "aiff": ("aiff", "audio/aiff", "audio/aiff"),
    "amr": ("amr", "audio/amr", "audio/amr"),
    "caf": ("caf", "audio/x-caf", "audio/x-caf"),
    "au": ("au", "audio/basic", "audio/basic"),
    "webm": ("webm", "audio/webm", "video/webm"),
    "matroska": ("matroska", "audio/x-matroska", "video/x-matroska"),
    "mov": ("mov", "audio/mp4", "video/quicktime"),
    "mp4": ("mp4", "audio/mp4", "video/mp4"),
}


@dataclass(frozen=True, slots=True)
class Probe:
    """What a header tells. `seconds` is what it states, 0.0 where it states nothing: only `measure` knows."""

    seconds: float
    container: str
    codec: str
    sample_rate: int
    channels: int
    has_video: bool
    media_type: str


def main(path: str, longest: str = "") -> None:
    """Look at one file under hard limits and print what was seen."""
    _bound()
    sys.stdout.write(json.dumps(answer(Path(path), float(longest) if longest else None)))


def answer(path: Path, max_seconds: float | None) -> dict[str, object]:
    """`look`, as JSON for the asking process: `probe` or `refused`."""
    try:
        return {"probe": asdict(look(path, max_seconds))}
    except InvalidInput as error:
        return {"refused": {"is_media": not isinstance(error, NotMedia), "message": error.message}}


def look(path: Path, max_seconds: float | None = None) -> Probe:
    """What a file is: some milliseconds, a second of CPU at the worst. Raises NotMedia or InvalidInput with a sentence."""
    with opened(path) as source:
        facts = _facts(source)
        if path.stat().st_size * 8 >= facts.seconds * LOWEST_BITS_PER_SECOND:  # else the length is a lie: `measure` decides
            refuse_longer(facts.seconds, max_seconds)
        if not _is_decodable(source):
            raise InvalidInput(DAMAGED, field="file")
        return facts


def stated_seconds(source: Source) -> float:
    """The length that the headers give for the sound; 0.0 for none."""
    stream = source.stream
    if stream.duration is not None and stream.time_base is not None:
        return max(0.0, float(stream.duration * stream.time_base))
    return max(0.0, (source.container.duration or 0) / av.time_base)


def has_video(container: InputContainer) -> bool:
    """Whether there is a moving picture; a cover is none."""
    return any(not stream.disposition & av.stream.Disposition.attached_pic for stream in container.streams.video)


def _facts(source: Source) -> Probe:
    moving = has_video(source.container)
    name, sound, picture = CONTAINERS[_container(source)]
    return Probe(
        seconds=stated_seconds(source),
        container=name,
        codec=source.stream.codec_context.name,
        sample_rate=source.stream.rate,
        channels=source.stream.channels,
        has_video=moving,
        media_type=picture if moving else sound,
    )


def _container(source: Source) -> str:
    """libav has one demuxer for each family: the file's first bytes tell its members apart."""
    family = source.container.format.name.split(",")
    if family[0] == "matroska":
        with source.path.open("rb") as file:
            return "webm" if b"webm" in file.read(64) else "matroska"
    if family[0] == "mov":
        return "mov" if source.container.metadata.get("major_brand", "qt").strip() == "qt" else "mp4"
    return family[0]


def _is_decodable(source: Source) -> bool:
    heard = 0.0
    started = time.thread_time()
    for frame in frames(source, Damage()):
        heard += frame.samples / frame.sample_rate
        if heard >= HEARD_SECONDS or time.thread_time() - started > CPU_SECONDS:
            break
    return heard > 0


def _bound() -> None:
    """For what `CPU_SECONDS` can't see: time and memory inside libav. macOS has no limit on memory."""
    for kind, most in (
        (resource.RLIMIT_CPU, HARD_CPU_SECONDS),
        (resource.RLIMIT_DATA, HARD_MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # a stricter limit is set already
            resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main(*sys.argv[1:])
