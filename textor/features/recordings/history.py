"""What people have changed in a transcript: told, taken back, and done again in a text that an engine has completed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from textor.domain.job_states import DONE
from textor.domain.transcript import Segment, Word
from textor.errors import NotFound, WrongState
from textor.extensions import db
from textor.features.recordings import library, versions
from textor.features.recordings.versions import RESTORE, Line
from textor.models import Edit, Transcription, User
from textor.toolbox import Toolbox

HEARD = "heard"
LOST = "lost"
AGAIN = {"text", "speaker", "names"}
"""Kinds of changes that are made again in a completed text; words of another engine are not."""


@dataclass(frozen=True, slots=True)
class Version:
    """One state of the text, and what made it: `kind` is heard, text, speaker, names, pick, unpick, restore or lost.

    `n` and `start` tell the segment, `text` what it says then or who says it; `names` are the new ones, `of` is the version that
    was restored.
    """

    version: int
    kind: str
    at: datetime | None
    by: str | None = None
    n: int | None = None
    start: float | None = None
    text: str | None = None
    names: dict[str, str | None] | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """All versions, the newest first. `version` is what a change must name, `shown` the one that the text is."""

    version: int
    shown: int
    versions: Sequence[Version]


def history(user_id: int, transcription_id: str) -> History:
    """What was changed since the engine heard it. Raises NotFound, WrongState while there is no text."""
    row = library.find(user_id, transcription_id)
    if row.status not in DONE:
        raise WrongState("This transcription isn't finished yet.")
    known = versions.edits(row.seq)
    owner = db.session.scalars(select(User.username).where(User.id == user_id)).one()
    told = [_told(one, owner if one.user_id == user_id else None) for one in reversed(known)]
    first = _first(known, row.version)
    return History(row.version, known[-1].version if known else first, [*told, Version(first, HEARD, row.finished_at)])


def restore(tools: Toolbox, user_id: int, transcription_id: str, wanted: int, version: int) -> int:
    """Make the text what it was at the version `wanted`: words, times, speakers. 0 always is the text as it was heard. Returns
    the version it is at then.

    Raises NotFound, WrongState, Stale.
    """
    with versions.held(tools, user_id, transcription_id, version) as held:
        way = _Way(versions.edits(held.seq), version)
        target = way.first if wanted == 0 else wanted
        if target in (way.last, version):  # a run that came to nothing makes a version, but no change
            return version
        if target not in way.parents:
            raise NotFound("There is no such version.")
        state = _State(versions.lines(held.seq), versions.names(held.seq))
        before, names = list(state.lines), dict(state.names)
        way.walk(state, target)
        _write(held.seq, before, state.lines)
        versions.name(held.seq, {label: name for label, name in state.names.items() if names.get(label) != name})
        held.keep(RESTORE, {}, {"version": target})
        held.commit()
    return version + 1


def renewed(seq: int, heard: Sequence[Segment]) -> list[Segment]:
    """What an engine has heard, with the corrections that people had made before the missing parts were tried again. The history
    begins anew: with the text as it is heard now, then each correction; one whose segment is no more is told as lost.

    In the transaction of a run that holds the row, before the segments are written.
    """
    known = versions.edits(seq)
    if not known:
        return list(heard)
    version = db.session.scalars(select(Transcription.version).where(Transcription.seq == seq)).one()
    way = _Way(known, version)
    spoken = list(heard)
    again = [_again(one, spoken) for one in way.back(way.last)[::-1] if one.kind in AGAIN or one.kind == LOST]
    db.session.execute(delete(Edit).where(Edit.transcription_seq == seq))
    made = [values | {"version": version + n, "transcription_seq": seq} for n, values in enumerate(again, 1)]
    if made:
        db.session.execute(insert(Edit), made)
        higher = update(Transcription).where(Transcription.seq == seq).values(version=version + len(made))
        db.session.execute(higher.execution_options(synchronize_session=False))
    return spoken


class _State:
    """A text on the way from one version to another."""

    def __init__(self, lines: list[Line], names: dict[str, str | None]) -> None:
        self.lines, self.names = lines, names

    def put(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        at = old["at"]
        self.lines[at : at + len(old["lines"])] = new["lines"]
        self.names.update(new["names"])


class _Way:
    """From version to version: each comes from the one before it, but one that restored another says the same as that."""

    def __init__(self, known: Sequence[Edit], version: int) -> None:
        self.edits = {one.version: one for one in known}
        self.first = _first(known, version)
        self.last = known[-1].version if known else self.first
        self.parents: dict[int, int | None] = {self.first: None}
        before = self.first
        for one in known:
            self.parents[one.version] = one.after["version"] if one.kind == RESTORE else before
            before = one.version

    def back(self, version: int) -> list[Edit]:
        """All changes that have led to it, the last one first."""
        found: list[Edit] = []
        at: int | None = version
        while at is not None:
            if at in self.edits and self.edits[at].kind != RESTORE:
                found.append(self.edits[at])
            at = self.parents[at]
        return found

    def walk(self, state: _State, target: int) -> None:
        """Turn the last version's state into the target's: back to where their ways part, then forth."""
        mine, theirs = self.back(self.last), self.back(target)
        common = {one.version for one in mine} & {one.version for one in theirs}
        for one in mine:
            if one.version not in common and one.kind != LOST:
                state.put(one.after, one.before)
        for one in reversed(theirs):
            if one.version not in common and one.kind != LOST:
                state.put(one.before, one.after)


def _first(known: Sequence[Edit], version: int) -> int:
    return known[0].version - 1 if known else version


def _write(seq: int, before: Sequence[Line], after: Sequence[Line]) -> None:
    """Only what differs, from the first such segment to the last."""
    head = sum(1 for _ in _same(before, after))
    most = min(len(before), len(after)) - head
    tail = min(most, sum(1 for _ in _same(before[::-1], after[::-1])))
    versions.put(seq, head, len(before) - head - tail, after[head : len(after) - tail])


def _same(one: Sequence[Line], other: Sequence[Line]) -> Iterator[Line]:
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            return
        yield mine


def _again(one: Edit, spoken: list[Segment]) -> dict[str, Any]:
    """Make a correction in the new text, in place, and tell it as an edit of this text."""
    kept = {"kind": one.kind, "user_id": one.user_id, "created_at": one.created_at}
    if one.kind in {LOST, "names"}:
        return kept | {"before": one.before, "after": one.after}
    (old,), (new,) = one.before["lines"], one.after["lines"]
    place = next((n for n, segment in enumerate(spoken) if _is(segment, old)), None)
    if place is None:
        return kept | {"kind": LOST, "before": one.before, "after": one.after}
    spoken[place] = _segment(new)
    return kept | {"before": one.before | {"at": place}, "after": one.after | {"at": place}}


def _is(segment: Segment, line: Line) -> bool:
    mine = (segment.start, segment.end, segment.text.strip(), segment.speaker or None)
    return mine == (line["start"], line["end"], line["text"], line["speaker"])


def _segment(line: Line) -> Segment:
    words = tuple(Word(*word) for word in line["words"])
    times = (line["start"], line["end"])
    return Segment(*times, line["text"], words, line["confidence"], line["speaker"], line["speaker_confidence"])


def _told(one: Edit, by: str | None) -> Version:
    line = next(iter(one.after.get("lines", ())), None) or next(iter(one.before.get("lines", ())), None)
    told = {
        "n": one.after["at"] if line else None,
        "start": line["start"] if line else None,
        "text": (line["speaker"] if one.kind == "speaker" else line["text"]) if line else None,
        "names": one.after.get("names") if one.kind == "names" else None,
        "of": one.after.get("version"),
    }
    return Version(one.version, one.kind, one.created_at, by, **told)
