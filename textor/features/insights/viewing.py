"""Image-prompt tasks as they are shown: with their prompts, their sound and how far they are, few or thousands in as many
statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from textor.errors import NotFound
from textor.extensions import db
from textor.features.insights.analyzer_fields import LARGEST_ID, UNKNOWN
from textor.features.insights.bulk import among
from textor.models import AnalyzerPrompt, AnalyzerTask, Job, Transcription
from textor.models.analyzer import TaskStatus


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt; where it comes from a recording, the time it pictures in seconds, and what was said."""

    id: int
    content: str
    start: float | None
    end: float | None
    quote: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A task. `transcription_id` is that of its recording, unless that was deleted; `progress` is 0..100 of what is under way:
    hearing, then writing."""

    id: int
    name: str
    status: str
    error: str | None
    note: str | None
    transcription_id: str | None
    language: str | None
    text: str | None
    instruction: str | None
    generator: str
    look: str | None
    max_scenes: int
    model: str | None
    progress: float
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    created_at: datetime
    updated_at: datetime
    prompts: Sequence[Prompt]


_COLUMNS = (
    AnalyzerTask.id,
    AnalyzerTask.name,
    AnalyzerTask.status,
    AnalyzerTask.error,
    AnalyzerTask.note,
    AnalyzerTask.audio_file_language.label("language"),
    AnalyzerTask.task_text.label("text"),
    AnalyzerTask.helper_instruction.label("instruction"),
    AnalyzerTask.generator,
    AnalyzerTask.look,
    AnalyzerTask.max_scenes,
    AnalyzerTask.model,
    AnalyzerTask.prompt_tokens,
    AnalyzerTask.completion_tokens,
    AnalyzerTask.cost_usd,
    AnalyzerTask.created_at,
    AnalyzerTask.updated_at,
)
_OTHERS = (
    AnalyzerTask.job_id,
    Transcription.id.label("transcription_id"),
    Transcription.progress.label("heard"),
    Job.progress.label("written"),
)


def views(user_id: int, task_ids: Sequence[int]) -> list[View]:
    """Those of one's own, in that order; what isn't there is left out. Two statements."""
    if not task_ids:
        return []
    rows = {row.id: row for row in db.session.execute(_tasks(user_id, task_ids))}
    found = _prompts(list(rows))
    return [_view(rows[task_id], found[task_id]) for task_id in task_ids if task_id in rows]


def view(user_id: int, task_id: int) -> View:
    """One's own. Raises NotFound."""
    found = views(user_id, [task_id]) if 0 < task_id <= LARGEST_ID else []
    if not found:
        raise NotFound(UNKNOWN)
    return found[0]


def _tasks(user_id: int, task_ids: Sequence[int]) -> Any:
    is_shown = (Transcription.seq == AnalyzerTask.transcription_seq) & Transcription.deleted_at.is_(None)
    return (
        select(*_COLUMNS, *_OTHERS)
        .outerjoin(Transcription, is_shown)
        .outerjoin(Job, Job.id == AnalyzerTask.job_id)
        .where(among(AnalyzerTask.id, task_ids), AnalyzerTask.user_id == user_id)
    )


def _prompts(task_ids: Sequence[int]) -> Mapping[int, list[Prompt]]:
    found = defaultdict[int, list[Prompt]](list)
    columns = (AnalyzerPrompt.id, AnalyzerPrompt.content, AnalyzerPrompt.start, AnalyzerPrompt.end, AnalyzerPrompt.quote)
    ordered = select(AnalyzerPrompt.task_id, *columns).where(among(AnalyzerPrompt.task_id, task_ids))
    for row in db.session.execute(ordered.order_by(AnalyzerPrompt.place, AnalyzerPrompt.id)):
        found[row.task_id].append(Prompt(row.id, row.content, row.start, row.end, row.quote))
    return found


def _view(row: Row[Any], prompts: Sequence[Prompt]) -> View:
    told = {column.key: getattr(row, column.key) for column in _COLUMNS}
    return View(**told, transcription_id=row.transcription_id, progress=_progress(row), prompts=prompts)


def _progress(row: Row[Any]) -> float:
    if row.status == TaskStatus.COMPLETED:
        return 100.0
    return float((row.written if row.job_id else row.heard) or 0.0)
