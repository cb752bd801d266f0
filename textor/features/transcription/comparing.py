"""Engines compared: more transcriptions of one recording, and what they heard side by side."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select, update

from textor.adapters.stt.port import Options
from textor.domain import differences
from textor.domain.differences import Differences, Hearing
from textor.domain.job_states import DONE, OPEN, Status
from textor.domain.transcript import Segment, Word
from textor.errors import InvalidInput, NotFound
from textor.extensions import db
from textor.features.accounts import minutes, spending
from textor.features.recordings import library, search_index
from textor.features.transcription import engines
from textor.job_queue import lanes
from textor.models import Recording, SegmentRow, Transcription
from textor.toolbox import Toolbox

MOST_COLUMNS = 3
WITHOUT_TEXT = {Status.FAILED, Status.CANCELLED}
PICK = "pick"
"""Where a transcription's details keep what the last pick has replaced."""


@dataclass(frozen=True, slots=True)
class Other:
    """An engine to hear the recording, too; `model` empty: its default."""

    engine: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One transcription in a comparison. `words` and `agreement` (0..1, with the base) are None while it has no text."""

    row: Transcription
    seconds: float | None
    """How long it took."""
    words: int | None = None
    agreement: float | None = None
    has_no_hints: bool = False
    """The base was given words to expect or a number of speakers, and this engine takes none."""

    @property
    def is_done(self) -> bool:
        return self.row.status in DONE


@dataclass(frozen=True, slots=True)
class Shown:
    """Which of a recording's transcriptions stand side by side, the base first, and all there are."""

    rows: Sequence[Transcription]
    columns: Sequence[Column]

    @property
    def base(self) -> Transcription:
        return self.columns[0].row

    @property
    def recording(self) -> Recording:
        return self.base.recording

    @property
    def is_running(self) -> bool:
        return any(row.status in OPEN for row in self.rows)

    @property
    def version(self) -> str:
        """Changes with whatever can be read in the columns, and not while one is still at work."""
        facts = [
            (row.id, row.status, row.run_token, row.updated_at.isoformat(), told(row).get("version"))
            if row.status not in OPEN
            else (row.id,)
            for row in (column.row for column in self.columns)
        ]
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`hearings` are those of the columns with a text, in order; `found` is None unless the base and another have one."""

    shown: Shown
    hearings: Sequence[Hearing]
    found: Differences | None


def begin(tools: Toolbox, user_id: int, transcription_id: str, others: Sequence[Other]) -> str:
    """Have other engines hear the recording, too, in its owner's lane; returns the recording's id. An engine and model that is at
    it or has a text is not asked again; one that failed is. Raises NotFound, InvalidInput, OverBudget: then none is asked."""
    base = library.find(user_id, transcription_id)
    wanted = [_checked(tools, base, one) for one in dict.fromkeys(others)]
    if not 0 < len(wanted) < MOST_COLUMNS:
        raise InvalidInput("Choose one or two engines to compare with.", field="engine")
    recording_id = base.recording_id
    db.session.rollback()
    # A write that changes nothing: of two that ask at once, the second finds what the first has added.
    db.session.execute(update(Recording).where(Recording.id == recording_id).values(title=Recording.title))
    known = rows(user_id, recording_id)
    if base not in known:
        raise NotFound("There is no such transcript.")
    new, failed = _missing(tools, base, wanted, known)
    again = [row.id for row in failed]
    seconds = base.recording.seconds
    minutes.check(tools, user_id, seconds * len((*new, *failed)))
    spending.check_all(tools, user_id, [spending.Order(row.engine, row.model, seconds) for row in (*new, *failed)])
    db.session.add_all(new)
    db.session.flush()
    search_index.put([row.seq for row in new])
    db.session.commit()
    for row_id in again:
        lanes.requeue(tools, row_id)
    lanes.dispatch(tools, user_id)
    return recording_id


def rows(user_id: int, recording_id: str) -> list[Transcription]:
    """A recording's transcriptions that aren't deleted, oldest first; those of somebody else's recording are none."""
    return list(
        db.session.scalars(
            select(Transcription)
            .where(
                Transcription.recording_id == recording_id, Transcription.user_id == user_id, Transcription.deleted_at.is_(None)
            )
            .order_by(Transcription.seq)
        )
    )


def shown(user_id: int, recording_id: str, base_id: str = "", other_ids: Sequence[str] = ()) -> Shown:
    """The chosen ones; without a choice the oldest with a text and the newest others. Raises NotFound."""
    known = rows(user_id, recording_id)
    if not known:
        raise NotFound("There is no such recording.")
    oldest = next((row for row in known if row.status in DONE), known[0])
    base = next((row for row in known if row.id == base_id), oldest)
    rest = [row for row in known if row.id != base.id]
    chosen = [row for row in rest if row.id in other_ids][: MOST_COLUMNS - 1] or rest[1 - MOST_COLUMNS :]
    return Shown(known, [_column(base, row) for row in (base, *chosen)])


def compare(seen: Shown) -> Comparison:
    """Lay them side by side. Five hours of speech take seconds."""
    done = [column for column in seen.columns if column.is_done]
    if len(done) < 2 or not seen.columns[0].is_done:
        return Comparison(seen, [], None)
    hearings = [Hearing([as_segment(row) for row in segment_rows(column.row.seq)]) for column in done]
    found = differences.compare(hearings)
    told = dict(zip((column.row.id for column in done), zip(found.words, found.agreements, strict=True), strict=True))
    columns = [
        replace(column, words=told[column.row.id][0], agreement=told[column.row.id][1]) if column.row.id in told else column
        for column in seen.columns
    ]
    return Comparison(replace(seen, columns=columns), hearings, found)


def segment_rows(seq: int) -> list[SegmentRow]:
    """A transcription's segments in order."""
    return list(db.session.scalars(select(SegmentRow).where(SegmentRow.transcription_seq == seq).order_by(SegmentRow.n)))


def as_segment(row: SegmentRow) -> Segment:
    """Without its speaker."""
    return Segment(row.start, row.end, row.text, tuple(Word(*word) for word in row.words), row.confidence)


def taken_over(row: Transcription) -> list[tuple[str, int]]:
    """The other engines that a transcript's segments come from, and how many do."""
    found = (
        select(SegmentRow.engine, func.count())
        .where(SegmentRow.transcription_seq == row.seq, SegmentRow.engine.is_not(None))
        .group_by(SegmentRow.engine)
        .order_by(SegmentRow.engine)
    )
    return [(str(engine), count) for engine, count in db.session.execute(found)]


def told(row: Transcription) -> dict[str, object]:
    """What its last pick has left; empty where there is none to undo: a run or a person has changed the text since then."""
    kept = row.details.get(PICK)
    if not isinstance(kept, dict) or (kept.get("token"), kept.get("made")) != (row.run_token, row.version):
        return {}
    return kept


def _column(base: Transcription, row: Transcription) -> Column:
    is_told = row.vocabulary or row.speaker_count
    return Column(
        row, _took(row.started_at, row.finished_at), has_no_hints=bool(base.vocabulary or base.speaker_count) and not is_told
    )


def _took(started: datetime | None, finished: datetime | None) -> float | None:
    return (finished - started).total_seconds() if started and finished and finished >= started else None


def _checked(tools: Toolbox, base: Transcription, other: Other) -> tuple[str, Options]:
    """What the engine will be asked: the base's wishes, as far as hints go those that it takes."""
    engine = engines.engine(tools, other.engine)
    state = engine.availability()
    if not state.ready and all(model.is_downloaded is not False for model in engine.models()):
        raise InvalidInput(state.reason or f"{engine.title} is not ready.", field="engine")
    options = engines.check_choice(tools, other.engine, other.model, base.requested_language, diarize=base.diarize)
    can = engine.can(options.model)
    hints = tuple(base.vocabulary or ()) if can.vocabulary else ()
    return engine.name, replace(options, vocabulary=hints, speaker_count=base.speaker_count if can.speaker_count else None)


def _missing(
    tools: Toolbox, base: Transcription, wanted: Sequence[tuple[str, Options]], known: Sequence[Transcription]
) -> tuple[list[Transcription], list[Transcription]]:
    """What is to be added, and what has failed and is to be tried again: of several, the last."""
    new: list[Transcription] = []
    failed: list[Transcription] = []
    for one in wanted:
        same = [row for row in (*known, *new) if _is(tools, row, *one)]
        if not same:
            new.append(_row(tools, base, *one))
        elif all(row.status in WITHOUT_TEXT for row in same) and same[-1] not in failed:
            failed.append(same[-1])
    return new, failed


def _is(tools: Toolbox, row: Transcription, engine: str, options: Options) -> bool:
    heard_with = [engines.model_heard_with(tools, engine, model) for model in (row.model, options.model)]
    return row.engine == engine and heard_with[0] == heard_with[1]


def _row(tools: Toolbox, base: Transcription, engine: str, options: Options) -> Transcription:
    now = tools.clock.now()
    return Transcription(
        id=str(uuid.uuid4()),
        user_id=base.user_id,
        recording_id=base.recording_id,
        status=Status.PENDING,
        engine=engine,
        model=options.model,
        requested_language=options.language,
        diarize=options.diarize,
        vocabulary=list(options.vocabulary),
        speaker_count=options.speaker_count,
        created_at=now,
        updated_at=now,
    )
