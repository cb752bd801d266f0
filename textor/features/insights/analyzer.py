"""Image-prompt tasks: made of a text, of a new recording or of a transcript; found, changed, written again, stopped, deleted.

A task is `pending` until its recording is being heard or its prompts are being written, then `processing`; it always ends as
`completed`, or as `failed` with a reason (see analyzing). What its recording became stays when a task goes: it is a transcript
like any other.
"""

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update

from textor.domain.job_states import DONE
from textor.domain.job_states import OPEN as OPEN_TRANSCRIPTION
from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.insights import analyzer_fields, bulk
from textor.features.insights.analyzer_fields import GENERATORS, LARGEST_ID, OPEN, UNKNOWN, NewTask, Wish
from textor.features.recordings import library
from textor.job_queue import background, claims
from textor.models import AnalyzerTask, Transcription
from textor.models.analyzer import TaskStatus
from textor.toolbox import Toolbox

__all__ = ["GENERATORS", "NewTask", "Wish"]

KIND = "prompts"
PAGE_SIZE = 5
STOPPED = "Stopped."
NOTHING_SAID = "Nothing was said in this recording."


@dataclass(frozen=True, slots=True)
class Page:
    """A page of one's own tasks, newest first. `count` is of all pages."""

    items: Sequence[AnalyzerTask]
    number: int
    pages: int
    count: int


def check(tools: Toolbox, new: NewTask) -> None:
    """Whether such a task can be made; for doors, before they take a file in for it. Raises InvalidInput that names the field."""
    analyzer_fields.name(new.name)
    analyzer_fields.values(tools, new)
    analyzer_fields.language(new.language)


def create(tools: Toolbox, user_id: int, new: NewTask) -> AnalyzerTask:
    """A task of a text. Raises InvalidInput. Commits, and hands it to a worker."""
    task = _made(tools, user_id, new)
    task.task_text = analyzer_fields.text(new.text)
    if not (task.task_text or "").strip():
        raise InvalidInput("There is no text to picture.", field="task_text")
    return _begun(tools, task)


def create_from_sound(tools: Toolbox, user_id: int, new: NewTask, taken: Transcription) -> AnalyzerTask:
    """A task of a recording that was just accepted: `taken` is its transcription, and the task's text is what will be heard.
    Raises InvalidInput; `check` before the upload keeps what is refused out of the library. Commits."""
    task = _made(tools, user_id, new)
    task.transcription_seq = taken.seq
    task.audio_file_language = task.audio_file_language or taken.requested_language
    db.session.add(task)
    db.session.commit()
    return task


def create_from_transcript(tools: Toolbox, user_id: int, transcription_id: str, new: NewTask) -> AnalyzerTask:
    """A task of one's own transcript; of one that isn't finished, once it is. Raises InvalidInput, NotFound, WrongState.
    Commits."""
    row, task = library.find(user_id, transcription_id), _made(tools, user_id, new)
    task.transcription_seq = row.seq
    task.audio_file_language = row.language or row.requested_language
    if row.status in OPEN_TRANSCRIPTION:
        db.session.add(task)
        db.session.commit()
        return task
    if row.status not in DONE or not (row.text or "").strip():
        raise WrongState("This transcript has no text to picture. Transcribe the recording again first.")
    task.task_text = row.text
    return _begun(tools, task)


def find(user_id: int, task_id: int) -> AnalyzerTask:
    """One's own, as it is now. Raises NotFound."""
    mine = (AnalyzerTask.id == task_id, AnalyzerTask.user_id == user_id)
    statement = select(AnalyzerTask).where(*mine).execution_options(populate_existing=True)
    row = db.session.scalars(statement).first() if 0 < task_id <= LARGEST_ID else None
    if row is None:
        raise NotFound(UNKNOWN)
    return row


def page(user_id: int, number: int = 1, size: int = PAGE_SIZE) -> Page:
    """The page of that number of one's own, from 1. Raises NotFound past the end."""
    count = db.session.scalar(select(func.count()).select_from(AnalyzerTask).where(AnalyzerTask.user_id == user_id)) or 0
    pages = max(1, math.ceil(count / size))
    if number > pages:
        raise NotFound("There is only one page." if pages == 1 else f"There are {pages} pages.")
    newest = select(AnalyzerTask).where(AnalyzerTask.user_id == user_id).order_by(AnalyzerTask.id.desc())
    return Page(db.session.scalars(newest.limit(size).offset((number - 1) * size)).all(), number, pages, count)


def tasks_of(user_id: int, transcription_id: str) -> Sequence[AnalyzerTask]:
    """One's own tasks of that transcript, newest first."""
    mine = (AnalyzerTask.user_id == user_id, Transcription.id == transcription_id, Transcription.deleted_at.is_(None))
    joined = select(AnalyzerTask).join(Transcription, Transcription.seq == AnalyzerTask.transcription_seq)
    return db.session.scalars(joined.where(*mine).order_by(AnalyzerTask.id.desc())).all()


def rename(tools: Toolbox, user_id: int, task_id: int, wanted: str) -> None:
    """Give it another name. Raises NotFound, InvalidInput. Commits."""
    change(tools, user_id, task_id, name=wanted)


def change(tools: Toolbox, user_id: int, task_id: int, **changes: str) -> None:
    """Change `name`, `task_text` or `helper_instruction`, in any state; prompts that are there stay as they are until they are
    written again. Raises NotFound, InvalidInput. Commits."""
    written = {field: analyzer_fields.FIELDS[field](told) for field, told in changes.items()}
    mine = (AnalyzerTask.id == task_id, AnalyzerTask.user_id == user_id)
    find(user_id, task_id)
    if not claims.change(update(AnalyzerTask).where(*mine).values(**written, updated_at=tools.clock.now())):
        raise NotFound(UNKNOWN)
    db.session.commit()


def wish_of(task: AnalyzerTask) -> Wish:
    """What was asked for last, to be asked again. A model that was chosen by itself is chosen anew."""
    return Wish(
        instruction=task.helper_instruction or "",
        generator=task.generator,
        look=task.look or "",
        max_scenes=task.max_scenes,
        model_name=task.model or "",
    )


def write_again(tools: Toolbox, user_id: int, task_id: int, wish: Wish) -> AnalyzerTask:
    """Have the prompts of its text written anew; those that are there stay until then. Without a text yet, its recording is
    waited for again. Raises NotFound, WrongState while it is at work or where nothing can be read, InvalidInput. Commits."""
    task, written = find(user_id, task_id), analyzer_fields.values(tools, wish)
    job_id = str(uuid.uuid4()) if (task.task_text or "").strip() else None
    if job_id is None and not _is_being_heard(task):
        raise WrongState("There is no text to picture. Write one, or transcribe the recording again first.")
    over = update(AnalyzerTask).where(AnalyzerTask.id == task.id, AnalyzerTask.status.not_in(OPEN))
    now = tools.clock.now()
    anew = written | {"status": TaskStatus.PENDING, "error": None, "note": None, "job_id": job_id, "updated_at": now}
    if not claims.change(over.values(anew)):
        db.session.rollback()
        raise WrongState("Its prompts are being written. Stop that first.")
    if job_id:
        background.begin(tools, KIND, user_id, {"task_id": task_id}, job_id=job_id)
    db.session.commit()
    if job_id:
        background.hand_out(tools, job_id)
    return find(user_id, task_id)


def delete(tools: Toolbox, user_id: int, task_ids: Sequence[int]) -> None:
    """Delete all of them, in any state, or none: whoever writes their prompts stops, recordings stay. Raises NotFound.
    Commits."""
    bulk.remove(tools, user_id, task_ids)


def stop(tools: Toolbox, user_id: int, task_id: int) -> None:
    """End it where it is; a recording that is being heard goes on by itself. Raises NotFound, WrongState when it is over.
    Commits."""
    task = find(user_id, task_id)
    seen = task.job_id
    if seen:
        background.cancel(tools, user_id, seen)  # before the task, as a worker does that has come to its end
    mine = (AnalyzerTask.id == task_id, AnalyzerTask.job_id == seen, AnalyzerTask.status.in_(OPEN))
    ended = {"status": TaskStatus.FAILED, "error": STOPPED, "updated_at": tools.clock.now()}
    if not claims.change(update(AnalyzerTask).where(*mine).values(ended)):
        db.session.rollback()
        raise WrongState("It is over already, there is nothing to stop.")
    db.session.commit()


def _made(tools: Toolbox, user_id: int, new: NewTask) -> AnalyzerTask:
    now = tools.clock.now()
    return AnalyzerTask(
        user_id=user_id,
        name=analyzer_fields.name(new.name),
        status=TaskStatus.PENDING,
        audio_file_language=analyzer_fields.language(new.language),
        created_at=now,
        updated_at=now,
        **analyzer_fields.values(tools, new),
    )


def _begun(tools: Toolbox, task: AnalyzerTask) -> AnalyzerTask:
    db.session.add(task)
    db.session.flush()
    task.job_id = background.begin(tools, KIND, task.user_id, {"task_id": task.id}).id
    db.session.commit()
    background.hand_out(tools, task.job_id)
    return task


def _is_being_heard(task: AnalyzerTask) -> bool:
    """Whether a text may still come of its recording, or has come meanwhile."""
    row = select(Transcription.status).where(
        Transcription.seq == (task.transcription_seq or 0), Transcription.deleted_at.is_(None)
    )
    return db.session.scalar(row) in OPEN_TRANSCRIPTION | DONE
