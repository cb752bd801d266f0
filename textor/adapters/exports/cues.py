"""Subtitles: a transcript cut into pieces that can be read while they are heard.

The measures are Netflix's Timed Text Style Guide and the BBC's Subtitle Guidelines: two lines of 42 characters, 5/6 to 7 seconds,
two frames between subtitles, breaks where a sentence or a clause ends. Text stays in logical order, whatever its direction.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from textor.adapters.exports.atoms import LINE_WIDTH, Atom, atoms, label, text_of
from textor.adapters.exports.layout import CLOSING_MARKS, ends_sentence
from textor.domain.timecode import milliseconds
from textor.domain.transcript import Segment
from textor.domain.writing import clean

LINES = 2
SHORTEST_MS = 833
PRESSED_MS = 500
"""What is left of SHORTEST_MS where the next one is due: later subtitles may come late, but none is gone before it is seen."""
LONGEST_SECONDS = 7.0
FRAMES_BETWEEN_MS = 83
LINGER_MS = 1500
"""How long after the last word a subtitle may stay for slow readers (BBC, 5.2)."""
CHARACTERS_PER_SECOND = 17
PAUSE_SECONDS = 1.5
ORPHAN_WIDTH = 20
CLAUSE_ENDS = tuple(",;:—–،؛、，；：")


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle. They follow each other in time and never overlap."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str | None


@dataclass(slots=True)
class _Draft:
    """A cue before its time on screen is settled."""

    atoms: list[Atom]
    speaker: str

    @property
    def start_ms(self) -> int:
        return milliseconds(self.atoms[0].start)

    @property
    def end_ms(self) -> int:
        return milliseconds(self.atoms[-1].end)


def cues(segments: Iterable[Segment], *, named: bool = False) -> list[Cue]:
    """The subtitles of a transcript. `named` writes the speaker's name where the turn opens."""
    drafts = sorted(_drafts(segments, named=named), key=lambda draft: draft.start_ms)
    return list(_timed(list(_merged(drafts))))


def _drafts(segments: Iterable[Segment], *, named: bool) -> Iterator[_Draft]:
    before = ""
    for segment in sorted(segments, key=lambda segment: milliseconds(segment.start)):
        spoken = atoms(segment)
        speaker = clean(segment.speaker or "")
        if spoken and named and speaker not in {"", before}:
            spoken = [*label(speaker, spoken[0].start), spoken[0]._replace(is_spaced=True), *spoken[1:]]
        before = speaker if spoken else before
        limit = LONGEST_SECONDS if segment.words else float("inf")  # without word times nobody knows where to cut
        yield from (_Draft(part, speaker) for part in _parts(spoken, limit))


def _parts(line: list[Atom], limit: float) -> Iterator[list[Atom]]:
    first = 0
    while first < len(line):
        reach = _reach(line, first, limit)
        cut = reach if reach == len(line) else _best_cut(line, first, reach)
        yield line[first:cut]
        first = cut


def _reach(line: Sequence[Atom], first: int, limit: float = float("inf")) -> int:
    """The place after the last atom that still fits on screen together with `first`."""
    rows, width = 1, line[first].width
    for place in range(first + 1, len(line)):
        atom = line[place]
        if width + atom.is_spaced + atom.width <= LINE_WIDTH:
            width += atom.is_spaced + atom.width
        else:
            rows, width = rows + 1, atom.width
        is_late = atom.end - line[first].start > limit or atom.start - line[place - 1].end >= PAUSE_SECONDS
        if rows > LINES or is_late:
            return place
    return len(line)


def _best_cut(line: Sequence[Atom], first: int, reach: int) -> int:
    """Where to cut: after a sentence, after a clause, in a pause, and not too early; never to leave a scrap for the next one."""
    widths = [atom.width + atom.is_spaced for atom in line[first:reach]]
    full, filled, left = sum(widths), 0, _width(line[reach : reach + ORPHAN_WIDTH])
    best, best_score = reach, float("-inf")
    for place, width in enumerate(widths, first + 1):
        filled += width
        score = 2 * filled / full + _quality(line, place)
        score -= 2 if left + full - filled < ORPHAN_WIDTH else 0
        if score >= best_score and filled * 3 >= full:
            best, best_score = place, score
    return best


def _quality(line: Sequence[Atom], place: int) -> float:
    """How well a break before `place` suits the language."""
    before = line[place - 1]
    if ends_sentence(before.text):
        return 3.0
    if before.text.rstrip(CLOSING_MARKS).endswith(CLAUSE_ENDS):
        return 1.0
    return 0.7 if place < len(line) and line[place].start - before.end >= 0.3 else 0.0


def _merged(drafts: list[_Draft]) -> Iterator[_Draft]:
    """A piece too short to be read goes on screen with what the same speaker says next."""
    waiting: _Draft | None = None
    for draft in drafts:
        if waiting and _may_join(waiting, draft):
            waiting.atoms = _joined(waiting, draft)
            continue
        if waiting:
            yield waiting
        waiting = draft
    if waiting:
        yield waiting


def _may_join(one: _Draft, other: _Draft) -> bool:
    is_pressed = other.start_ms - one.start_ms < SHORTEST_MS
    return is_pressed and one.speaker == other.speaker and _reach(both := _joined(one, other), 0) == len(both)


def _joined(one: _Draft, other: _Draft) -> list[Atom]:
    return [*one.atoms, other.atoms[0]._replace(is_spaced=True), *other.atoms[1:]]


def _timed(drafts: Sequence[_Draft]) -> Iterator[Cue]:
    free = 0
    for place, draft in enumerate(drafts):
        start = max(draft.start_ms, free)
        end = max(draft.end_ms, start + SHORTEST_MS, min(start + _reading_ms(draft), draft.end_ms + LINGER_MS))
        if place + 1 < len(drafts):
            end = min(end, max(_end_before(drafts[place + 1].start_ms, start), start + PRESSED_MS))
        yield Cue(start, end, _lines(draft.atoms), draft.speaker or None)
        free = end


def _end_before(following_ms: int, start: int) -> int:
    """Two frames before the next one, unless that takes time that is needed."""
    with_gap = following_ms - FRAMES_BETWEEN_MS
    return with_gap if with_gap - start >= SHORTEST_MS else following_ms


def _reading_ms(draft: _Draft) -> int:
    return 1000 * _width(draft.atoms) // CHARACTERS_PER_SECOND


def _width(line: Iterable[Atom]) -> int:
    return sum(atom.width + atom.is_spaced for atom in line)


def _lines(line: Sequence[Atom]) -> tuple[str, ...]:
    """One line, or two of like length with the break where the language has one."""
    if _width(line) - line[0].is_spaced <= LINE_WIDTH:
        return (text_of(line),)
    cut = max(range(1, len(line)), key=lambda place: _line_score(line, place))
    return text_of(line[:cut]), text_of(line[cut:])


def _line_score(line: Sequence[Atom], place: int) -> float:
    first, second = _width(line[:place]) - line[0].is_spaced, _width(line[place:]) - line[place].is_spaced
    if max(first, second) > LINE_WIDTH:
        return -1000.0
    return 6 * _quality(line, place) - abs(second - first) / 2
