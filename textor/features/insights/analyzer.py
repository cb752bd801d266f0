"""Image-prompt tasks: made of a text, of a new recording or of a transcript; found, changed, written again, stopped, deleted.

A task is `pending` until its recording is being heard or its prompts are being written, then `processing`; it always ends as
`completed`, or as `failed` with a reason (see analyzing). What its recording became stays when a task goes: it is a transcript
like any other.
"""

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from sqlalchemy import func, select, update

from textor.adapters.text_models.port import DEFAULT_INSTRUCTION, Generator
from textor.domain import languages, titles
from textor.domain.job_states import DONE
from textor.domain.job_states import OPEN as OPEN_TRANSCRIPTION
from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.insights import choosing
from textor.features.recordings import library
from textor.job_queue import background, claims
from textor.models import AnalyzerTask, Transcription
from textor.models.analyzer import TaskStatus
from textor.toolbox import Toolbox

KIND = "prompts"
GENERATORS: tuple[str, ...] = get_args(Generator)
MOST_SCENES = 100
LONGEST_NAME, LONGEST_WISH, LONGEST_TEXT = 255, 20_000, 2_000_000
"""Letters: of a name, of an instruction or a look, of a text (a day of talking)."""
LARGEST_ID = 2**63 - 1
PAGE_SIZE = 5
OPEN = (TaskStatus.PENDING, TaskStatus.PROCESSING)
STOPPED = "Stopped."
UNKNOWN = "There is no such task."
NOTHING_SAID = "Nothing was said in this recording."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the prompts should be like. Empty: the usual instruction, no look of its own, the model that is used where none is
    named."""

    instruction: str = ""
    generator: str = "midjourney"
    look: str = ""
    max_scenes: int = 12
    model_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask(Wish):
    """A task that is asked for. `text` is for tasks of a text, `language` (a code) is the recording's or the text's."""

    name: str
    text: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of one's own tasks, newest first. `count` is of all pages."""

    items: Sequence[AnalyzerTask]
    number: int
    pages: int
    count: int


def check(tools: Toolbox, new: NewTask) -> None:
    """Whether such a task can be made; for doors, before they take a file in for it. Raises InvalidInput that names the field."""
    name(new.name)
    values(tools, new)
    _language(new.language)


def create(tools: Toolbox, user_id: int, new: NewTask) -> AnalyzerTask:
    """A task of a text. Raises InvalidInput. Commits, and hands it to a worker."""
    task = _made(tools, user_id, new)
    task.task_text = text(new.text)
    if not (task.task_text or "").strip():
        raise InvalidInput("There is no text to picture.", field="task_text")
    return _begun(tools, task)


def create_from_sound(tools: Toolbox, user_id: int, new: NewTask, taken: Transcription) -> AnalyzerTask:
    """A task of a recording that was just accepted: `taken` is its transcription, and the task's text is what will be heard.
    Raises InvalidInput; `check` before the upload keeps what is refused out of the library. Commits."""
    task = _made(tools, user_id, new)
    task.transcription_seq = taken.seq
    task.audio_file_language = new.language or taken.requested_language
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
    written = {field: FIELDS[field](told) for field, told in changes.items()}
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
    task, written = find(user_id, task_id), values(tools, wish)
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


def name(told: str) -> str:
    """One line. Raises InvalidInput where nothing is left."""
    cleaned = titles.clean(told, LONGEST_NAME)
    if not cleaned:
        raise InvalidInput("A name needs at least one letter.", field="name")
    return cleaned


def text(told: str) -> str:
    """A text as it is kept. Raises InvalidInput."""
    return _bounded(told, LONGEST_TEXT, "task_text")


def instruction(told: str) -> str:
    """What each prompt should say; nothing: the usual. Raises InvalidInput."""
    return _bounded(told, LONGEST_WISH, "helper_instruction").strip() or DEFAULT_INSTRUCTION


FIELDS = {"name": name, "task_text": text, "helper_instruction": instruction}
"""What may be changed of a task, and how each is read."""


def values(tools: Toolbox, wish: Wish) -> dict[str, Any]:
    """The columns of a wish. Raises InvalidInput."""
    if wish.generator not in GENERATORS:
        raise InvalidInput(f"There is no generator {wish.generator!r}. Known: {', '.join(GENERATORS)}.", field="generator")
    if not 1 <= wish.max_scenes <= MOST_SCENES:
        raise InvalidInput(f"Between 1 and {MOST_SCENES} scenes, please.", field="max_scenes")
    return {
        "helper_instruction": instruction(wish.instruction),
        "generator": wish.generator,
        "look": _bounded(wish.look, LONGEST_WISH, "look").strip() or None,
        "max_scenes": wish.max_scenes,
        "model": choosing.choose(tools, wish.model_name).name,
    }


def _made(tools: Toolbox, user_id: int, new: NewTask) -> AnalyzerTask:
    now, made = tools.clock.now(), {"name": name(new.name), "audio_file_language": _language(new.language)}
    about = {"user_id": user_id, "status": TaskStatus.PENDING, "created_at": now, "updated_at": now}
    return AnalyzerTask(**about, **made, **values(tools, new))


def _begun(tools: Toolbox, task: AnalyzerTask) -> AnalyzerTask:
    db.session.add(task)
    db.session.flush()
    task.job_id = background.begin(tools, KIND, task.user_id, {"task_id": task.id}).id
    db.session.commit()
    background.hand_out(tools, task.job_id)
    return task


def _language(code: str) -> str | None:
    known = languages.by_code(code)
    if code and known is None:
        raise InvalidInput(f"Textor does not know the language {code!r}.", field="audio_file_language")
    return known.code if known else None


def _bounded(told: str, longest: int, field: str) -> str:
    if len(told) > longest:
        raise InvalidInput(f"At most {longest:,} characters, please.", field=field)
    return told.replace("\0", "")


def _is_being_heard(task: AnalyzerTask) -> bool:
    """Whether a text may still come of its recording, or has come meanwhile."""
    row = select(Transcription.status).where(
        Transcription.seq == (task.transcription_seq or 0), Transcription.deleted_at.is_(None)
    )
    return db.session.scalar(row) in OPEN_TRANSCRIPTION | DONE
