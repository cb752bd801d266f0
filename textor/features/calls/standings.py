"""How far the transcripts of recorded calls are, for a page that looks again and again: one statement, and no text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from textor.domain.job_states import DONE, Status
from textor.extensions import db
from textor.features.calls import transcripts
from textor.models import CallTranscript, Job, Transcription

State = Literal["waiting", "fetching", "processing", "done", "failed"]
RUNNING: tuple[State, ...] = ("waiting", "fetching", "processing")


@dataclass(frozen=True, slots=True)
class Standing:
    """`transcription_id` is there for its owner alone, once there is something to open."""

    state: State
    percent: int
    error: str | None
    transcription_id: str | None
    is_mine: bool

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING


def known(user_id: int, sids: Sequence[str]) -> dict[str, Standing]:
    """The newest transcript of each of these recordings that has one, by sid."""
    heard = (Transcription.id, Transcription.status, Transcription.progress, Transcription.error, Transcription.deleted_at)
    job = (Job.state.label("job_state"), Job.error.label("job_error"), Job.progress.label("job_progress"))
    statement = (
        select(CallTranscript, *heard, *job)
        .outerjoin(Transcription, Transcription.seq == CallTranscript.transcription_seq)
        .outerjoin(Job, Job.id == CallTranscript.job_id)
        .where(CallTranscript.sid.in_(sids))
        .order_by(CallTranscript.updated_at, CallTranscript.id)
        .execution_options(populate_existing=True)
    )
    return {found.CallTranscript.sid: _standing(found, user_id) for found in db.session.execute(statement)}


def _standing(found: Any, user_id: int) -> Standing:
    error, _ = transcripts.fault(found)
    is_mine = found.CallTranscript.user_id == user_id
    id_ = found.id if is_mine and found.deleted_at is None else None
    return Standing(_state(found, error), round(_percent(found)), error, id_, is_mine)


def _state(found: Any, error: str | None) -> State:
    if error is not None:
        return "failed"
    if found.id is None:
        return "fetching" if found.job_progress else "waiting"
    if found.status in DONE:
        return "done"
    return "processing" if found.status == Status.PROCESSING else "waiting"


def _percent(found: Any) -> float:
    return float((found.job_progress or 0.0) if found.id is None else found.progress)
