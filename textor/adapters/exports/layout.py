"""A transcript as it is laid out for reading: facts under the title, paragraphs by speaker, and no endless ones."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from textor.adapters.exports.atoms import atoms, text_of
from textor.adapters.exports.port import ExportOptions
from textor.domain import languages, timecode
from textor.domain.transcript import Document, Gap, Segment, in_order
from textor.domain.writing import clean, direction, joined, with_numbers_in_order

PAUSE_SECONDS = 3.0
LONG_CHARACTERS = 400
"""From here on a paragraph ends with its sentence."""
TOO_LONG_CHARACTERS = 800
"""From here on it ends with its segment: not every engine writes full stops."""
SENTENCE_ENDS = tuple(".!?…؟۔。！？｡")
NOBODY = "—"
"""The heading of words whose speaker the engine can't tell, after somebody else's."""
CLOSING_MARKS = "\"'»”’)]」』）"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`heading` is the speaker where a turn opens and speakers are wanted; `time` the start where times are wanted. `is_gap`:
    nobody said this, it marks what could not be transcribed."""

    text: str
    heading: str | None = None
    time: str | None = None
    is_gap: bool = False

    @property
    def direction(self) -> str:
        return direction(self.text) or "ltr"

    @property
    def printed(self) -> str:
        """The text for paper."""
        return with_numbers_in_order(self.text) if self.direction == "rtl" else self.text


@dataclass(frozen=True, slots=True)
class _Run:
    """Segments on their way into one paragraph."""

    speaker: str
    start: float
    end: float
    text: str

    def goes_on_with(self, segment: Segment, text: str) -> bool:
        is_full = len(self.text) >= TOO_LONG_CHARACTERS or (len(self.text) >= LONG_CHARACTERS and ends_sentence(self.text))
        is_same_voice = clean(segment.speaker or "") == self.speaker and segment.start - self.end < PAUSE_SECONDS
        return not is_full and is_same_voice and direction(text) in {None, direction(self.text)}


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends here, closing quotes aside."""
    return text.rstrip(CLOSING_MARKS).endswith(SENTENCE_ENDS)


def title(document: Document) -> str:
    """What stands on top."""
    return clean(document.title) or "Transcript"


def facts(document: Document) -> tuple[str, ...]:
    """What stands under the title: date, length, engine."""
    engine = clean(f"{document.engine} {document.model or ''}")
    return tuple(filter(None, (clean(document.created_at)[:10], timecode.clock(document.seconds), engine)))


def document_direction(document: Document) -> str:
    """By the language; where that isn't known, by the first letter."""
    if document.language:
        return languages.direction(document.language)
    return direction(" ".join(segment.text for segment in document.segments[:20])) or "ltr"


def notes(document: Document) -> tuple[str, ...]:
    """What stands under the facts: warnings, and that something is missing."""
    count = len(document.gaps)
    parts = "One part of this recording" if count == 1 else f"{count} parts of this recording"
    missing = (f"{parts} could not be transcribed. What is missing is marked in the text.",) if count else ()
    return (*filter(None, map(clean, document.warnings)), *missing)


def gap_sentence(gap: Gap) -> str:
    """The mark in the place of what is missing; it has times even where times aren't wanted, else it would say nothing."""
    side = f", side {gap.channel + 1} of the call" if gap.channel is not None else ""
    return clean(f"[Not transcribed, {timecode.clock(gap.start)} to {timecode.clock(gap.end)}{side}: {gap.error}]")


def paragraphs(document: Document, options: ExportOptions) -> Iterator[Paragraph]:
    """The whole text, in order. A speaker is named once, where the turn opens."""
    speaker = ""
    for run in _runs(document):
        if isinstance(run, Gap):
            yield Paragraph(gap_sentence(run), is_gap=True)
            continue
        opens_turn = options.speakers and run.speaker != speaker
        time = timecode.clock(run.start) if options.timestamps else None
        yield Paragraph(run.text, (run.speaker or NOBODY) if opens_turn else None, time)
        speaker = run.speaker


def _pieces(segment: Segment) -> Iterator[Segment]:
    """A segment as it is, or in parts: some engines give hours as one."""
    if len(segment.text) <= TOO_LONG_CHARACTERS:
        yield segment
        return
    part, length = [], 0
    for atom in atoms(segment):
        part.append(atom)
        length += len(atom.text) + atom.is_spaced
        if length >= TOO_LONG_CHARACTERS or (length >= LONG_CHARACTERS and ends_sentence(atom.text)):
            yield replace(segment, start=part[0].start, end=atom.end, text=text_of(part), words=())
            part, length = [], 0
    if part:
        yield replace(segment, start=part[0].start, end=part[-1].end, text=text_of(part), words=())


def _runs(document: Document) -> Iterator[_Run | Gap]:
    run: _Run | None = None
    for piece in _all_pieces(document):
        text = "" if isinstance(piece, Gap) else clean(piece.text)
        if isinstance(piece, Segment) and run and text and run.goes_on_with(piece, text):
            run = replace(run, end=max(run.end, piece.end), text=joined(run.text, text))
        elif isinstance(piece, Gap) or text:
            if run:
                yield run
            run = None if isinstance(piece, Gap) else _Run(clean(piece.speaker or ""), piece.start, piece.end, text)
            if isinstance(piece, Gap):
                yield piece
    if run:
        yield run


def _all_pieces(document: Document) -> Iterator[Segment | Gap]:
    for piece in in_order(document.segments, document.gaps):
        if isinstance(piece, Gap):
            yield piece
        else:
            yield from _pieces(piece)
