"""The better words of another engine, taken into a transcript stretch by stretch; the last time can be undone.

Both make a version of the transcript, so that its history can go back behind them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from textor.domain.differences import Hearing, Stretch
from textor.domain.job_states import DONE
from textor.domain.transcript import Segment
from textor.errors import NotFound, WrongState
from textor.extensions import db
from textor.features.recordings import library, versions
from textor.features.recordings.versions import Change, Held
from textor.features.transcription import comparing
from textor.features.transcription.comparing import PICK, Comparison, Shown
from textor.job_queue import claims
from textor.models import SegmentRow, Transcription
from textor.toolbox import Toolbox

UNPICK = "unpick"
COLUMNS = ("start", "end", "text", "words", "confidence", "speaker_id", "speaker_confidence", "engine")


@dataclass(frozen=True, slots=True)
class Pick:
    """The words of the transcription `source` for the stretch of that number, of the comparison of that version."""

    stretch: int
    source: str
    version: str

    def note(self) -> dict[str, object]:
        return {"stretch": self.stretch, "source": self.source, "version": self.version}


@dataclass(frozen=True, slots=True)
class _Change:
    """`count` segments from number `at` on give way to `rows`."""

    at: int
    count: int
    rows: Sequence[Mapping[str, Any]]


def pick(tools: Toolbox, user_id: int, seen: Shown, wanted: Pick) -> None:
    """Take them into the base; twice is once. Speakers stay those that the base heard then.

    Raises WrongState where it is not what the person saw, or has no text; NotFound for words that nobody showed.
    """
    base = seen.base
    if _is_done(base, wanted):
        return
    if base.status not in DONE:
        raise WrongState("Words can be taken over once the transcription is finished.")
    if seen.version != wanted.version:
        raise _stale()
    compared = comparing.compare(seen)
    stretch, column = _found(compared, wanted)
    change = _change(compared, stretch, column)
    replaced = [_values(row) for row in comparing.segment_rows(base.seq) if change.at <= row.n < change.at + change.count]
    place = {
        "token": base.run_token,
        "made": base.version + 1,
        "at": change.at,
        "count": len(change.rows),
        "start": stretch.start,
    }
    note = {**wanted.note(), **place, "rows": replaced}
    if _has_changed(seen):
        raise _stale()
    _write(tools, user_id, base, change, {**base.details, PICK: note})


def undo(tools: Toolbox, user_id: int, transcription_id: str, version: str) -> None:
    """Bring back what the pick that made the version `version` of it has replaced; twice is once. Raises NotFound, WrongState."""
    base = library.find(user_id, transcription_id)
    kept: Any = comparing.told(base)
    if not kept:
        _check_left(base, version)
        return
    if kept["version"] != version or base.status not in DONE:
        raise _stale()
    change = _Change(kept["at"], kept["count"], kept["rows"])
    _write(tools, user_id, base, change, {name: value for name, value in base.details.items() if name != PICK})


def _has_changed(seen: Shown) -> bool:
    """Whether another hearing's words may have been read anew after the look at the version; the write looks at the base's."""
    others = {row.id: (row.run_token, row.updated_at) for row in (column.row for column in seen.columns[1:] if column.is_done)}
    columns = (Transcription.id, Transcription.run_token, Transcription.updated_at)
    now = db.session.execute(select(*columns).where(Transcription.id.in_(others))).all()
    return others != {row.id: (row.run_token, row.updated_at) for row in now}


def _stale() -> WrongState:
    return WrongState("The transcript has changed since this page was shown. Look at the comparison again, then choose.")


def _is_done(base: Transcription, wanted: Pick) -> bool:
    kept = comparing.told(base)
    return bool(kept) and wanted.note().items() <= kept.items()


def _found(compared: Comparison, wanted: Pick) -> tuple[Stretch, int]:
    """The stretch, and which of its parts has the words."""
    done = [column.row.id for column in compared.shown.columns if column.is_done]
    stretches = compared.found.stretches if compared.found else []
    if wanted.source not in done[1:] or not 0 <= wanted.stretch < len(stretches):
        raise NotFound("There are no such words to take over.")
    return stretches[wanted.stretch], done.index(wanted.source)


def _change(compared: Comparison, stretch: Stretch, place: int) -> _Change:
    base, other = compared.hearings[0], compared.hearings[place]
    mine, theirs = stretch.parts[0], stretch.parts[place]
    done = [column.row for column in compared.shown.columns if column.is_done]
    known, source = comparing.segment_rows(done[0].seq), comparing.segment_rows(done[place].seq)
    first, last = base.number(mine.first), base.number(mine.last)
    taken = other.side.between(theirs.first, theirs.last)
    heard_by = [row.engine or done[place].engine for row in _sources(other, source, theirs.first, len(taken))]
    replaced = known[first:last]
    rows = [
        _taken(segment, replaced, None if engine == done[0].engine else engine)
        for segment, engine in zip(taken, heard_by, strict=True)
    ]
    return _Change(_number(known, first), last - first, rows)


def _number(known: Sequence[SegmentRow], place: int) -> int:
    if place < len(known):
        return known[place].n
    return known[-1].n + 1 if known else 0


def _sources(other: Hearing, known: Sequence[SegmentRow], first: int, count: int) -> list[SegmentRow]:
    """The rows that a run of segments was cut out of."""
    if not count:
        return []
    begin = other.tokens[first].segment
    return [known[n] for n in other.numbers[begin : begin + count]]


def _taken(segment: Segment, replaced: Sequence[SegmentRow], engine: str | None) -> dict[str, Any]:
    return {
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "words": [[word.text, word.start, word.end, word.confidence] for word in segment.words],
        "confidence": segment.confidence,
        "speaker_id": _speaker(segment, replaced),
        "speaker_confidence": None,
        "engine": engine,
    }


def _speaker(segment: Segment, replaced: Sequence[SegmentRow]) -> int | None:
    """Who spoke for most of that time, as the base heard it: another engine's speakers are others, under the same names."""
    shares: dict[int | None, float] = {}
    for row in replaced:
        shared = min(row.end, segment.end) - max(row.start, segment.start)
        shares[row.speaker_id] = shares.get(row.speaker_id, 0.0) + max(shared, 0.0)
    return max(shares, key=lambda speaker: shares[speaker], default=None)


def _values(row: SegmentRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in COLUMNS}


def _check_left(base: Transcription, version: str) -> None:
    """What was undone has left nothing; what somebody has changed since is not to be undone like this."""
    left: Any = base.details.get(PICK)
    if left and left["token"] == base.run_token and left["version"] == version:
        raise _stale()


def _write(tools: Toolbox, user_id: int, base: Transcription, change: _Change, details: Mapping[str, object]) -> None:
    """All of it or, where the base has changed since it was read, nothing."""
    base_id, values = base.id, {"details": dict(details), "version": base.version + 1, "updated_at": tools.clock.now()}
    held = Held(tools, base.seq, user_id, base.version + 1)
    theirs = (Transcription.seq == base.seq, Transcription.run_token == base.run_token, Transcription.version == base.version)
    statement = update(Transcription).where(*theirs, Transcription.updated_at == base.updated_at)
    db.session.rollback()  # what was read is copied: the write begins with its own look
    if claims.change(statement.where(Transcription.status.in_(DONE), Transcription.deleted_at.is_(None)).values(values)):
        before = versions.lines(held.seq, change.at, change.count)
        versions.swap(held.seq, change.at, change.count, change.rows)
        after = versions.lines(held.seq, change.at, len(change.rows))
        held.keep(*Change(PICK if PICK in details else UNPICK, change.at, before, after).told())
        held.commit()
        return
    db.session.rollback()
    if library.find(user_id, base_id).details.get(PICK) != details.get(PICK):  # else somebody has clicked twice
        raise _stale()
