"""A finished transcription as OpenAI's clients read it, in each response_format."""

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from textor import bootstrap
from textor.api.openai_asking import Wish
from textor.api.openai_endings import Work
from textor.api.schemas.openai_compatible import DiarizedOut, DurationOut, SegmentOut, SpokenOut, TextOut, VerboseOut, WordOut
from textor.domain import languages, writing
from textor.domain.transcript import Document, Segment
from textor.features.recordings import exports, library

JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"  # of subtitles, too: that is what OpenAI answers
FRAMES_PER_SECOND = 100
UNKNOWN_SPEAKER = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent."""

    body: bytes
    media_type: str


def answer(work: Work, wish: Wish) -> Answer:
    """Of a finished transcription. Raises NotFound, WrongState."""
    if wish.response_format in ("srt", "vtt"):
        return Answer(_file(work, wish.response_format), PLAIN)
    document = library.document(library.find(work.user_id, work.id))
    if wish.response_format == "text":
        return Answer(text(document.segments).encode(), PLAIN)
    return Answer(_body(document, wish).model_dump_json(exclude_none=True).encode(), JSON)


def text(segments: Sequence[Segment]) -> str:
    """All that was said, in one line."""
    return "".join(pieces(segments))


def pieces(segments: Sequence[Segment]) -> Iterator[str]:
    """What each segment adds to the text before it: its words, and a space before them where the script has spaces."""
    spoken = ["", *(segment.text for segment in segments)]
    return (writing.joined(before[-1:], after)[len(before[-1:]) :] for before, after in pairwise(spoken))


class Speakers:
    """Capital letters for speakers, in the order of their first words: A, B, ... Z, AA, AB."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def letter(self, speaker: str | None) -> str:
        """The same for the same."""
        if speaker is None:
            return UNKNOWN_SPEAKER
        return self._letters.setdefault(speaker, _letters(len(self._letters)))


def spoken(n: int, segment: Segment, speakers: Speakers) -> SpokenOut:
    """Segment number `n`, and who says it."""
    speaker = speakers.letter(segment.speaker)
    return SpokenOut(id=f"seg_{n:03}", start=segment.start, end=segment.end, text=segment.text, speaker=speaker)


def _letters(n: int) -> str:
    before, last = divmod(n, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


def _body(document: Document, wish: Wish) -> BaseModel:
    if wish.response_format == "verbose_json":
        return _verbose(document, wish)
    if wish.response_format == "diarized_json":
        return _diarized(document)
    return TextOut(**_shared(document))


def _file(work: Work, name: str) -> bytes:
    options = exports.read_options({"speakers": "false"})
    made = exports.export(bootstrap.tools(), work.user_id, work.id, name, options)
    if not isinstance(made, exports.Ready):
        raise TypeError("subtitles are made at once")
    with made.open() as file:
        return file.read()


def _shared(document: Document) -> dict[str, Any]:
    """Gaps are told, never papered over."""
    told = [f"{gap.start:.1f}-{gap.end:.1f} s could not be transcribed: {gap.error}" for gap in document.gaps]
    return {"text": text(document.segments), "usage": DurationOut(seconds=document.seconds), "warnings": told or None}


def _verbose(document: Document, wish: Wish) -> VerboseOut:
    known = languages.by_code(document.language) if document.language else None
    numbered = enumerate(zip(document.segments, pieces(document.segments), strict=True))
    words = [WordOut(word=word.text, start=word.start, end=word.end) for one in document.segments for word in one.words]
    return VerboseOut(
        **_shared(document),
        task="translate" if wish.choice.hints.translate else "transcribe",
        language=known.english.lower() if known else document.language or "",
        duration=document.seconds,
        segments=[_segment(n, one, piece) for n, (one, piece) in numbered] if "segment" in wish.times else None,
        words=words if "word" in wish.times else None,
    )


def _segment(n: int, segment: Segment, piece: str) -> SegmentOut:
    return SegmentOut(
        id=n,
        seek=int(segment.start * FRAMES_PER_SECOND),
        start=segment.start,
        end=segment.end,
        text=piece,
        avg_logprob=math.log(max(segment.confidence, 1e-6)) if segment.confidence is not None else 0.0,
        compression_ratio=_compression_ratio(segment.text),
    )


def _compression_ratio(said: str) -> float:
    """As Whisper measures repetition."""
    data = said.encode()
    return len(data) / len(zlib.compress(data))


def _diarized(document: Document) -> DiarizedOut:
    speakers = Speakers()
    segments = [spoken(n, one, speakers) for n, one in enumerate(document.segments)]
    return DiarizedOut(**_shared(document), duration=document.seconds, segments=segments)
