"""A transcript as the reader sees it: turns, words to click on, the waveform."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textor.domain import languages
from textor.domain.transcript import Gap, Segment, Word, in_order

UNSURE_BELOW = 0.5
SPEAKER_COLOURS = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: a word that can be played (`start` is set), or what stands between two."""

    text: str
    start: float | None = None
    is_unsure: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A segment on the page. `colour` is 1..6; `is_same` means the speaker goes on."""

    number: int
    start: float
    end: float
    speaker: str | None
    colour: int
    is_same: bool
    pieces: Sequence[Piece]
    language: str | None
    is_gap: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Hole:
    """A gap on the page, between the turns. `side` is 1 or 2 where only that side of a call is missing."""

    number: int
    start: float
    end: float
    error: str
    side: int | None
    speaker: None = None
    is_gap: ClassVar[bool] = True


def turns(segments: Sequence[Segment], language: str | None) -> list[Turn]:
    """The segments with something to read, in order."""
    return [turn for turn in script(segments, [], language) if isinstance(turn, Turn)]


def script(segments: Sequence[Segment], gaps: Sequence[Gap], language: str | None) -> list[Turn | Hole]:
    """The same with what is missing between them, each in its place."""
    colours = _colours(segments)
    spoken = languages.base(language) if language else None
    numbers, left = {id(segment): n for n, segment in enumerate(segments, 1)}, iter(holes(gaps))
    found: list[Turn | Hole] = []
    for piece in in_order(segments, gaps):
        if isinstance(piece, Gap):
            found.append(next(left))
        elif pieces := list(_pieces(piece)):
            is_same = bool(found) and piece.speaker is not None and found[-1].speaker == piece.speaker
            colour = colours.get(piece.speaker, 1)
            found.append(Turn(numbers[id(piece)], piece.start, piece.end, piece.speaker, colour, is_same, pieces, spoken))
    return found


def holes(gaps: Sequence[Gap]) -> list[Hole]:
    """Gaps as the page numbers them, in order."""
    ordered = sorted(gaps, key=lambda gap: (gap.start, gap.end))
    return [
        Hole(n, gap.start, gap.end, gap.error, None if gap.channel is None else gap.channel + 1)
        for n, gap in enumerate(ordered, 1)
    ]


def unsure_words(segments: Sequence[Segment]) -> int:
    """How many words the engine doubts."""
    return sum(_is_unsure(word) for segment in segments for word in segment.words)


def waveform(peaks: bytes | None, segments: Sequence[Segment], seconds: float) -> dict[str, object]:
    """What the player draws: heights 0..1, and [start, end, colour] per turn."""
    colours = _colours(segments)
    lanes = [[round(s.start, 2), round(s.end, 2), colours.get(s.speaker, 1)] for s in segments]
    return {"peaks": [round(height / 255, 3) for height in peaks or b""], "turns": lanes, "seconds": round(seconds, 3)}


def _colours(segments: Sequence[Segment]) -> dict[str | None, int]:
    names = dict.fromkeys(segment.speaker for segment in segments if segment.speaker)
    return {name: place % SPEAKER_COLOURS + 1 for place, name in enumerate(names)}


def _pieces(segment: Segment) -> Iterator[Piece]:
    """The segment's text cut at its words. The text is what counts: a word that isn't in it is left out, not shown twice."""
    text = segment.text.strip()
    position = 0
    for word in segment.words:
        spoken = word.text.strip()
        found = text.find(spoken, position) if spoken else -1
        if found < 0:
            continue
        if found > position:
            yield Piece(text[position:found])
        yield Piece(spoken, round(word.start, 2), _is_unsure(word))
        position = found + len(spoken)
    if position < len(text):
        yield Piece(text[position:])


def _is_unsure(word: Word) -> bool:
    return word.confidence is not None and word.confidence < UNSURE_BELOW
