"""What an engine is sent: the recording as it is, where it takes that; else compressed to what it takes, and cut where even that
is too long."""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from textor.adapters.stt.port import Capabilities
from textor.domain import file_endings
from textor.domain.transcript import Segment, Transcript
from textor.errors import Unavailable
from textor.models import Recording

TEXT_ONLY_SECONDS = 30.0
"""The longest piece for an engine that tells no times: those of the piece are all there is."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A file as it came in. `endings` are what it may be called, the best first."""

    seconds: float
    size_bytes: int
    endings: Sequence[str]

    @classmethod
    def of(cls, recording: Recording) -> "Sound":
        endings = file_endings.of(recording.container, recording.codec, has_video=recording.has_video)
        return cls(recording.seconds, recording.size_bytes, endings)


@dataclass(frozen=True, slots=True)
class Form:
    """What sound is written as: 16 kHz, one channel."""

    codec: str
    ending: str
    bytes_per_second: int


# In the order of preference: without loss, as long as it fits. Bytes are those of noise, which no speech reaches.
_FORMS = (
    ("flac", ("flac",), 33_000),
    ("opus", ("ogg", "opus", "oga"), 4_000),
    ("mp3", ("mp3",), 6_200),
    ("wav", ("wav",), 32_100),
)


def ending(can: Capabilities, endings: Sequence[str]) -> str | None:
    """The first of these that the engine takes."""
    return next((one for one in endings if can.formats is None or one in can.formats), None)


def is_taken(can: Capabilities, sound: Sound) -> bool:
    """Whether an engine elsewhere gets the file as it is."""
    is_small = can.max_bytes is None or sound.size_bytes <= can.max_bytes
    return is_small and sound.seconds <= _longest_heard(can) and ending(can, sound.endings) is not None


def form(can: Capabilities, seconds: float) -> Form:
    """How to write a piece of that length. The smallest of those that the engine takes where none fits."""
    forms = [Form(codec, named, rate) for codec, names, rate in _FORMS if (named := ending(can, names))]
    if not forms:
        raise TypeError("an engine takes at least one of FLAC, Ogg, MP3 and WAV")
    fitting = (one for one in forms if can.max_bytes is None or one.bytes_per_second * seconds <= can.max_bytes)
    return next(fitting, None) or min(forms, key=lambda one: one.bytes_per_second)


def longest_seconds(can: Capabilities, sound: Sound) -> float:
    """The longest piece of a recording that the engine takes: the compressed recording itself if that fits."""
    longest = min(_longest_heard(can), sound.seconds)
    if can.max_bytes is None:
        return longest
    return min(longest, can.max_bytes / form(can, longest).bytes_per_second)


@contextmanager
def named(path: Path, ending: str) -> Iterator[Path]:
    """The same file under a name that fits what is in it: providers go by names, and the store's has no ending. Raises
    Unavailable."""
    with ExitStack() as links:
        try:
            link = Path(links.enter_context(TemporaryDirectory())) / f"recording.{ending}"
            link.symlink_to(path.absolute())
        except OSError as error:
            raise Unavailable("The server has no room to make the recording ready.", retry_after=60) from error
        yield link


def timed(can: Capabilities, transcript: Transcript, seconds: float) -> Transcript:
    """What was heard in a piece of that length. Where the engine tells no times all of it is said from its start to its end."""
    if can.segment_times:
        return transcript
    return replace(transcript, segments=_spanning(transcript, seconds))


def _spanning(transcript: Transcript, seconds: float) -> Iterator[Segment]:
    """Where words came with times against all expectation, those are better."""
    return (one if one.words else replace(one, start=0.0, end=seconds) for one in transcript.segments)


def _longest_heard(can: Capabilities) -> float:
    return min(can.max_seconds or math.inf, math.inf if can.segment_times else TEXT_ONLY_SECONDS)
