"""Summaries, as their owners see them: ordered, watched while they are written, found again, stopped.

    job_id = summary.begin(tools, user_id, transcription_id, Order(max_words=200))
    summary.find(tools, user_id, job_id)        # how it stands; what is written so far, or the whole

A summary's id is its job's. A worker writes it (see summary_writing). Of a transcription the last one that came to its end stays
until a newer one does.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, delete, or_, select
from sqlalchemy.exc import IntegrityError

from textor.adapters.text_models.port import Passage, TextModel, count_words
from textor.domain.job_states import DONE
from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.insights import orders, passages, paying, windows, working
from textor.features.recordings import library
from textor.job_queue import background, pieces
from textor.models import Job, SegmentRow, Summary, Transcription
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

Order = orders.Order

KIND = "summary"
MOST_LINES = 100_000
MOST_LETTERS = 4_000_000
"""Of a text that a request brings along: two days and nights of speech."""
TOLD_KEPT = timedelta(days=30)
NOTHING_SAID = "There is nothing to sum up: nothing was said."


@dataclass(frozen=True, slots=True)
class View:
    """A summary as it stands. `state` is queued, running, completed, failed or cancelled; `read` is how much of it the model
    was given, {segments, of, seconds, parts}; `citations` are {start, end, text, ids} in the order of the text.

    `text` is what is written so far. Until that is anything, it is the text of the `earlier` one, if `latest` was asked."""

    id: str
    transcription_id: str | None
    state: str
    progress: float
    message: str | None
    error: str | None
    text: str
    topics: Sequence[str]
    citations: Sequence[Mapping[str, Any]]
    model: str
    format: str
    max_words: int
    instruction: str | None
    is_stale: bool
    read: Mapping[str, Any]
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """None: nobody knows what the model charges."""
    created_at: datetime
    updated_at: datetime
    earlier: "View | None" = None
    """The one that stays while a newer one is written, has failed or was stopped."""

    @property
    def length(self) -> int:
        """In words, as `max_words` counts them."""
        return count_words(self.text)


def begin(tools: Toolbox, user_id: int, transcription_id: str, order: Order) -> str:
    """Have a finished transcription of one's own summed up; the summary's id. Whoever orders the same again while it is made gets
    that one. Raises NotFound, WrongState, InvalidInput, OverBudget. Commits."""
    row = library.find(user_id, transcription_id)
    if row.status not in DONE:
        raise WrongState("There is no text to sum up yet. Wait until the transcription is finished, or start it again.")
    texts = db.session.scalars(select(SegmentRow.text).where(SegmentRow.transcription_seq == row.seq))
    order = _checked(tools, user_id, order, [Passage(0, 0.0, 0.0, text) for text in texts])
    facts = (row.version, row.finished_at, order)
    key = f"{KIND}:{row.seq}:{hashlib.sha256(repr(facts).encode('utf-8', 'replace')).hexdigest()}"
    return _joined(key) or _begun(tools, Summary(user_id=user_id, transcription_seq=row.seq), order, key=key)


def begin_told(tools: Toolbox, user_id: int, told: Sequence[Mapping[str, Any]] | str, order: Order) -> str:
    """Have a text summed up that was brought along: {start, end, text} line by line, in seconds, or without times; the summary's
    id. Raises InvalidInput, OverBudget. Commits."""
    payload: dict[str, Any] = {"text": told} if isinstance(told, str) else {"lines": [dict(one) for one in told]}
    if len(payload.get("lines", ())) > MOST_LINES:
        raise InvalidInput(f"A transcript has at most {MOST_LINES:,} segments.", field="transcript")
    said = told_passages(payload)
    if sum(len(one.text) for one in said) > MOST_LETTERS:
        raise InvalidInput(f"A transcript has at most {MOST_LETTERS:,} characters.", field="transcript")
    order = _checked(tools, user_id, order, said)
    return _begun(tools, Summary(user_id=user_id), order, payload)


def told_passages(payload: Mapping[str, Any]) -> list[Passage]:
    """What a job was told to sum up. Without characters that no database stores."""
    said = passages.of_text(payload["text"]) if "text" in payload else passages.of_told(payload["lines"])
    return [replace(one, text=one.text.replace("\0", " ")) for one in said]


def latest(tools: Toolbox, user_id: int, transcription_id: str) -> View | None:
    """The newest of a transcription of one's own, and the one that is shown until it has come to its end. Raises NotFound."""
    row = library.find(user_id, transcription_id)
    mine = _rows(user_id).where(Summary.transcription_seq == row.seq).order_by(Summary.created_at.desc(), Summary.id)
    newest = db.session.execute(mine.limit(1)).first()
    if newest is None:
        return None
    shown = _view(tools, newest)
    if shown.state == JobState.COMPLETED:
        return shown
    completed = db.session.execute(mine.where(Summary.text.is_not(None)).limit(1)).first()
    earlier = _view(tools, completed) if completed else None
    if earlier and not shown.text:
        return replace(shown, earlier=earlier, text=earlier.text, citations=earlier.citations)
    return replace(shown, earlier=earlier)


def find(tools: Toolbox, user_id: int, summary_id: str) -> View:
    """One's own. Raises NotFound, also where its transcription was deleted."""
    is_there = or_(Summary.transcription_seq.is_(None), Transcription.deleted_at.is_(None))
    found = db.session.execute(_rows(user_id).where(Summary.id == summary_id, is_there)).first()
    if found is None:
        raise NotFound("There is no such summary.")
    return _view(tools, found)


def stop(tools: Toolbox, user_id: int, summary_id: str) -> None:
    """No more of it; nothing happens where it is over. Raises NotFound. Commits."""
    find(tools, user_id, summary_id)
    if working.cancel(tools, user_id, summary_id):
        close(db.session.get_one(Job, summary_id, populate_existing=True))
    db.session.commit()


def sweep(tools: Toolbox) -> int:
    """Forget summaries of texts that were brought along, a month later; how many. Called by the clock. Commits."""
    old = (Summary.transcription_seq.is_(None), Summary.created_at < tools.clock.now() - TOLD_KEPT)
    ids = db.session.scalars(select(Summary.id).where(*old)).all()
    for model in (Summary, Job):
        db.session.execute(delete(model).where(model.id.in_(ids)).execution_options(synchronize_session=False))
    db.session.commit()
    return len(ids)


def close(job: Job) -> None:
    """It is over: the same may be ordered anew, and what it was told is forgotten. In the caller's transaction."""
    job.dedupe_key, job.payload, job.result = None, {}, {}


def _checked(tools: Toolbox, user_id: int, order: Order, said: Sequence[Passage]) -> Order:
    order, model = orders.checked(tools, order)
    if not any(one.text.strip() for one in said):
        raise InvalidInput(NOTHING_SAID, field="transcript")
    windows.check(model, order.max_words, order.instruction or "")
    paying.check(tools, user_id, model, said, _answer_tokens(model, order))
    return order


def _answer_tokens(model: TextModel, order: Order) -> int:
    return windows.answer_tokens(windows.most_words(model, order.max_words))


def _joined(key: str) -> str | None:
    """The job that does the same already."""
    found = db.session.scalars(select(Job).where(Job.dedupe_key == key).execution_options(populate_existing=True)).first()
    if found is None or working.is_open(found):
        return found.id if found else None
    close(found)
    db.session.flush()
    return None


def _begun(
    tools: Toolbox, row: Summary, order: Order, payload: Mapping[str, Any] | None = None, *, key: str | None = None
) -> str:
    wishes = {"webhook_url": order.webhook_url} if order.webhook_url else {}
    try:
        job = background.begin(tools, KIND, row.user_id, {**wishes, **(payload or {})}, dedupe_key=key)
    except IntegrityError:  # somebody has ordered the same at the same moment
        db.session.rollback()
        if key and (joined := _joined(key)):
            return joined
        raise
    row.id, row.created_at = job.id, job.created_at
    row.model, row.format, row.max_words = order.model_name, order.format, order.max_words
    row.instruction, row.cost_usd = order.instruction or None, 0.0
    db.session.add(row)
    db.session.commit()
    background.hand_out(tools, row.id)
    return row.id


def _rows(user_id: int) -> Select[*tuple[Any, ...]]:
    """Without what its job was told and has kept: that may be large, and people look every second."""
    job = (Job.state, Job.progress, Job.message, Job.error, Job.updated_at)
    transcription = (Transcription.id.label("transcription_id"), Transcription.version, Transcription.finished_at)
    return (
        select(Summary, *job, *transcription)
        .outerjoin(Job, Job.id == Summary.id)
        .outerjoin(Transcription, Transcription.seq == Summary.transcription_seq)
        .where(Summary.user_id == user_id)
        .execution_options(populate_existing=True)
    )


def _view(tools: Toolbox, found: Row[*tuple[Any, ...]]) -> View:
    row: Summary = found[0]
    is_same = found.transcription_id is None or (row.version, row.heard_at) == (found.version, found.finished_at)
    is_open = found.state in background.OPEN
    return View(
        id=row.id,
        transcription_id=found.transcription_id,
        state=found.state or JobState.COMPLETED,
        progress=100.0 if found.state is None else found.progress,
        message=found.message,
        error=found.error,
        text=pieces.so_far(tools, row.id) if is_open else row.text or "",
        topics=row.topics,
        citations=row.citations,
        model=row.model,
        format=row.format,
        max_words=row.max_words,
        instruction=row.instruction,
        is_stale=row.text is not None and not is_same,
        read=row.read,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        cost_usd=row.cost_usd,
        created_at=row.created_at,
        updated_at=found.updated_at or row.created_at,
    )
