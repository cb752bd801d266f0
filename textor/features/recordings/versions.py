"""The versions of a transcript: each change that a person makes is kept with what it replaced, and can be taken back.

An Edit's `before` and `after` hold the lines at its place, and the names of speakers. One that restored a version holds only
that one's number: both say the same. So a way leads from each version to each other, back through some changes and forth through
others. Whoever writes holds the transcription's row first.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from textor.domain import transcript
from textor.domain.job_states import DONE
from textor.domain.transcript import Segment
from textor.errors import Stale, WrongState
from textor.extensions import db
from textor.features.recordings import library, search_index
from textor.job_queue import claims
from textor.models import Edit, SegmentRow, Speaker, Transcription
from textor.toolbox import Toolbox

COLUMNS = ("start", "end", "text", "words", "confidence", "speaker_confidence", "engine")
RESTORE = "restore"
MOST_LINES = 10**9
"""No database counts segments any further."""

Line = dict[str, Any]
"""A segment as it is kept: COLUMNS, and its speaker's label."""
Side = dict[str, Any]
"""What an Edit keeps as `before`, or as `after`."""


@dataclass(frozen=True, slots=True)
class Change:
    """From the segment `at` on, the lines `before` gave way to `after`. `names`: of speakers' labels, what was and what is."""

    kind: str
    at: int = 0
    before: Sequence[Line] = ()
    after: Sequence[Line] = ()
    names: Mapping[str, tuple[str | None, str | None]] | None = None

    def told(self) -> tuple[str, Side, Side]:
        """As an Edit keeps it: its kind, what was and what is."""
        names = self.names or {}
        old, new = ({label: both[side] for label, both in names.items()} for side in (0, 1))
        before = {"at": self.at, "lines": list(self.before), "names": old}
        return self.kind, before, {"at": self.at, "lines": list(self.after), "names": new}


@dataclass(frozen=True, slots=True)
class Held:
    """A transcript that nobody else writes until the transaction is over; what is done now makes its `version`."""

    tools: Toolbox
    seq: int
    user_id: int
    version: int

    def apply(self, change: Change) -> None:
        """Write the change, and keep it."""
        put(self.seq, change.at, len(change.before), change.after)
        name(self.seq, {label: new for label, (_, new) in (change.names or {}).items()})
        self.keep(*change.told())

    def keep(self, kind: str, before: Side, after: Side) -> None:
        """Keep a change that has been written."""
        made = {"version": self.version, "user_id": self.user_id, "created_at": self.tools.clock.now()}
        db.session.add(Edit(transcription_seq=self.seq, kind=kind, before=before, after=after, **made))

    def commit(self) -> None:
        """The text follows its segments, and the search follows the text."""
        columns = (SegmentRow.start, SegmentRow.end, SegmentRow.text, SegmentRow.confidence)
        mine = SegmentRow.transcription_seq == self.seq
        rows = db.session.execute(select(*columns).where(mine).order_by(SegmentRow.n)).all()
        said = [Segment(row.start, row.end, row.text, (), row.confidence) for row in rows]
        values = {"text": transcript.plain_text(said), "confidence": transcript.confidence(said)}
        db.session.execute(update(Transcription).where(Transcription.seq == self.seq).values(values))
        search_index.put([self.seq])
        db.session.commit()


@contextmanager
def held(tools: Toolbox, user_id: int, transcription_id: str, version: int) -> Iterator[Held]:
    """Hold a finished transcript that is still what its owner has seen; without `commit` nothing has happened.

    Raises NotFound, Stale where somebody has changed it since, WrongState where it has no text.
    """
    seq = library.find(user_id, transcription_id).seq
    db.session.rollback()  # the first word is the write's: SQLite locks nothing for a SELECT
    seen = (Transcription.seq == seq, Transcription.version == version)
    changed = {"version": version + 1, "updated_at": tools.clock.now()}
    theirs = update(Transcription).where(*seen, Transcription.status.in_(DONE), Transcription.deleted_at.is_(None))
    try:
        if not claims.change(theirs.values(changed)):
            db.session.rollback()
            raise _refusal(library.find(user_id, transcription_id))
        yield Held(tools, seq, user_id, version + 1)
    finally:
        db.session.rollback()


def lines(seq: int, first: int = 0, count: int | None = None) -> list[Line]:
    """The segments as they are now, or `count` of them."""
    columns = [getattr(SegmentRow, column) for column in COLUMNS]
    joined = select(*columns, Speaker.label.label("speaker")).outerjoin(Speaker, SegmentRow.speaker_id == Speaker.id)
    statement = joined.where(SegmentRow.transcription_seq == seq, SegmentRow.n >= first).order_by(SegmentRow.n).limit(count)
    return [dict(row._mapping) for row in db.session.execute(statement)]


def names(seq: int) -> dict[str, str | None]:
    """What people call the speakers, by label."""
    known = select(Speaker.label, Speaker.name).where(Speaker.transcription_seq == seq).order_by(Speaker.id)
    return {row.label: row.name for row in db.session.execute(known)}


def name(seq: int, wanted: Mapping[str, str | None]) -> None:
    """Call speakers so."""
    for label, called in wanted.items():
        mine = (Speaker.transcription_seq == seq, Speaker.label == label)
        db.session.execute(update(Speaker).where(*mine).values(name=called).execution_options(synchronize_session=False))


def put(seq: int, at: int, count: int, wanted: Sequence[Line]) -> None:
    """Write these in the place of the `count` segments from `at` on."""
    speakers = _speakers(seq, wanted)
    rows = [
        {column: line[column] for column in COLUMNS} | {"speaker_id": speakers[line["speaker"]] if line["speaker"] else None}
        for line in wanted
    ]
    swap(seq, at, count, rows)


def swap(seq: int, at: int, count: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """The `count` segments from `at` on give way to rows of a segment's columns; those behind get other numbers."""
    mine, end = SegmentRow.transcription_seq == seq, at + count
    db.session.execute(delete(SegmentRow).where(mine, SegmentRow.n >= at, SegmentRow.n < end))
    if shift := len(rows) - count:
        # by way of numbers that nobody has: they are unique at every moment
        db.session.execute(update(SegmentRow).where(mine, SegmentRow.n >= end).values(n=-1 - (SegmentRow.n + shift)))
        db.session.execute(update(SegmentRow).where(mine, SegmentRow.n < 0).values(n=-1 - SegmentRow.n))
    if rows:
        values = [{**row, "transcription_seq": seq, "n": at + place} for place, row in enumerate(rows)]
        db.session.execute(insert(SegmentRow), values, execution_options={"render_nulls": True})


def edits(seq: int) -> list[Edit]:
    """All of them, in order."""
    return list(db.session.scalars(select(Edit).where(Edit.transcription_seq == seq).order_by(Edit.version)))


def _speakers(seq: int, wanted: Sequence[Line]) -> dict[str, int]:
    """The ids of those who speak; somebody new gets a row."""
    spoken = dict.fromkeys(line["speaker"] for line in wanted if line["speaker"])
    known = select(Speaker.label, Speaker.id).where(Speaker.transcription_seq == seq)
    ids = {row.label: row.id for row in db.session.execute(known)}
    if strangers := [{"transcription_seq": seq, "label": label} for label in spoken if label not in ids]:
        db.session.execute(insert(Speaker), strangers)
        ids = {row.label: row.id for row in db.session.execute(known)}
    return ids


def _refusal(row: Transcription) -> WrongState:
    if row.status not in DONE:
        return WrongState("A text can be changed once the transcription is finished.")
    return Stale("The transcript has changed since you saw it. Look at it again, then change it.", version=row.version)
