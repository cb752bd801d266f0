"""How far image-prompt tasks are, for those who watch them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select

from textor.domain.job_states import ACTIVE
from textor.extensions import db
from textor.features.insights import analyzer
from textor.models import AnalyzerPrompt, AnalyzerTask, Job, Transcription
from textor.models.analyzer import TaskStatus
from textor.models.jobs import JobState

Word = Literal["waiting", "transcribing", "writing", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a task stands; `percent` is of what the word says, `prompts` are those that it has."""

    word: Word
    percent: int = 0
    message: str = ""
    error: str = ""
    prompts: int = 0

    @property
    def is_open(self) -> bool:
        return self.word in {"waiting", "transcribing", "writing"}


def standings(tasks: Sequence[AnalyzerTask]) -> dict[int, Standing]:
    """Of each task by its id, in two queries for all."""
    ids = [task.id for task in tasks]
    counts = select(AnalyzerPrompt.task_id, func.count()).where(AnalyzerPrompt.task_id.in_(ids)).group_by(AnalyzerPrompt.task_id)
    prompts = {row[0]: row[1] for row in db.session.execute(counts)}
    heard = (Transcription.status, Transcription.progress)
    works = (Job.state, Job.progress.label("written"), Job.message)
    rows = db.session.execute(
        select(AnalyzerTask.id, *heard, *works)
        .outerjoin(Transcription, Transcription.seq == AnalyzerTask.transcription_seq)
        .outerjoin(Job, Job.id == AnalyzerTask.job_id)
        .where(AnalyzerTask.id.in_(ids))
    )
    facts = {row.id: row for row in rows}
    return {task.id: _standing(task, facts[task.id], prompts.get(task.id, 0)) for task in tasks if task.id in facts}


def source(task: AnalyzerTask) -> Transcription | None:
    """The transcript that it pictures, unless that is deleted."""
    its = (Transcription.seq == (task.transcription_seq or 0), Transcription.user_id == task.user_id)
    return db.session.scalars(select(Transcription).where(*its, Transcription.deleted_at.is_(None))).first()


def _standing(task: AnalyzerTask, facts: Any, prompts: int) -> Standing:
    if task.status == TaskStatus.COMPLETED:
        return Standing("done", prompts=prompts)
    if task.status == TaskStatus.FAILED:
        is_stopped = task.error == analyzer.STOPPED
        return Standing("stopped" if is_stopped else "failed", error="" if is_stopped else task.error or "", prompts=prompts)
    if facts.state == JobState.RUNNING:
        return Standing("writing", int(facts.written), facts.message or "", prompts=prompts)
    if task.job_id is None and facts.status in ACTIVE:
        return Standing("transcribing", int(facts.progress), prompts=prompts)
    return Standing("waiting", prompts=prompts)
