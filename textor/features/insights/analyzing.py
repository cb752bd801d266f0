"""A worker's part of image-prompt tasks, and the clock's: prompts are written, and what waits for its recording moves on.

A task that is open either has an open Job, which writes its prompts, or waits for its transcription. `advance` looks after both:
whatever becomes of the other, the task ends in a state.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, delete, insert, or_, select, update

from textor.adapters.text_models.port import DEFAULT_INSTRUCTION, Brief, Generator, Imagined, Passage, Scene, TextModel
from textor.domain import languages, line_times, webhook_events
from textor.domain.job_states import ACTIVE, DONE, Status
from textor.domain.job_states import OPEN as OPEN_TRANSCRIPTION
from textor.errors import InvalidInput, TextModelError
from textor.extensions import db
from textor.features.insights import analyzer, analyzer_fields, choosing, parting, paying, working
from textor.features.insights.parting import Part
from textor.features.insights.paying import Call
from textor.features.recordings import library
from textor.features.webhooks import deliveries
from textor.job_queue import background, claims
from textor.job_queue.background import Run
from textor.models import AnalyzerPrompt, AnalyzerTask, Job, Transcription
from textor.models.analyzer import TaskStatus
from textor.toolbox import Toolbox

MOST_AT_ONCE = 200
"""Tasks that the clock moves on in a round."""
GONE = "The recording was deleted before its prompts were written."
CANCELLED = "Its transcription was cancelled."
INTERRUPTED = "This was interrupted. Try again."


def _carry(tools: Toolbox, run: Run) -> None:
    task = _begun(tools, run)
    if task is None:  # it was deleted, or has another job now
        background.finish(tools, run, {})
        db.session.commit()
        return
    model = choosing.known(tools, task.model or "")
    wishes = "\n".join(filter(None, (task.helper_instruction, task.look)))
    parts = parting.parts(model, _passages(task), task.max_scenes, wishes)
    if not parts:
        raise InvalidInput("There is no text to picture.")
    done = _checkpoints(run, _key(task, parts))
    for part in parts[len(done["parts"]) :]:
        done["parts"].append(_imagined(tools, model, task, part))
        share = 100 * len(done["parts"]) / len(parts)
        message = f"{len(done['parts'])} of {len(parts)} parts are read"
        background.report(tools, run, progress=min(share, 99.0), message=message, result=done)
    _keep(tools, run, task.id, done["parts"])


def _failed(tools: Toolbox, job: Job, reason: str) -> None:
    mine = (AnalyzerTask.job_id == job.id, AnalyzerTask.status.in_(analyzer_fields.OPEN))
    claims.change(update(AnalyzerTask).where(*mine).values(_ended(tools, reason)))


HANDLER = working.handler(_carry, _failed)


def advance(tools: Toolbox) -> int:
    """What waited for a recording that is heard now gets its prompts; what has nothing to wait for any more ends with the reason;
    how many. Called by the clock. Commits."""
    _note_beginnings(tools)
    rows = db.session.execute(_stuck().limit(MOST_AT_ONCE)).all()
    db.session.commit()
    return sum(_moved(tools, row) for row in rows)


def _note_beginnings(tools: Toolbox) -> None:
    """A task whose recording is being heard is being processed."""
    heard = select(Transcription.seq).where(Transcription.status.in_(ACTIVE))
    waiting = (
        AnalyzerTask.status == TaskStatus.PENDING,
        AnalyzerTask.job_id.is_(None),
        AnalyzerTask.transcription_seq.in_(heard),
    )
    found = db.session.scalars(select(AnalyzerTask.id).where(*waiting).order_by(AnalyzerTask.id).limit(MOST_AT_ONCE)).all()
    for task_id in found:
        begun = update(AnalyzerTask).where(AnalyzerTask.id == task_id, *waiting[:2])
        claims.change(begun.values(status=TaskStatus.PROCESSING, updated_at=tools.clock.now()))
        db.session.commit()


def _stuck() -> Any:
    """Open tasks whose wait is over, and those whose job is, though it has not said so."""
    columns = (AnalyzerTask.id, AnalyzerTask.user_id, AnalyzerTask.job_id, AnalyzerTask.transcription_seq.label("seq"))
    told = (Transcription.status, Transcription.error, Transcription.deleted_at, Job.error.label("job_error"))
    has_no_job = AnalyzerTask.job_id.is_not(None) & or_(Job.id.is_(None), Job.state.not_in(background.OPEN))
    return (
        select(*columns, *told)
        .outerjoin(Transcription, Transcription.seq == AnalyzerTask.transcription_seq)
        .outerjoin(Job, Job.id == AnalyzerTask.job_id)
        .where(AnalyzerTask.status.in_(analyzer_fields.OPEN), or_(_waits_for_nothing(), has_no_job))
        .order_by(AnalyzerTask.id)
    )


def _waits_for_nothing() -> ColumnElement[bool]:
    """Whoever deletes a transcription has cancelled it."""
    is_over = Transcription.status.not_in(OPEN_TRANSCRIPTION)
    return AnalyzerTask.job_id.is_(None) & or_(Transcription.seq.is_(None), is_over)


def _moved(tools: Toolbox, row: Row[Any]) -> bool:
    if row.job_id is None and row.deleted_at is None and row.status in DONE and _heard(tools, row):
        return True
    mine = (AnalyzerTask.id == row.id, AnalyzerTask.job_id == row.job_id, AnalyzerTask.status.in_(analyzer_fields.OPEN))
    is_changed = claims.change(update(AnalyzerTask).where(*mine).values(_ended(tools, _reason(row))))
    db.session.commit()
    return is_changed


def _heard(tools: Toolbox, row: Row[Any]) -> bool:
    """Its text is what was heard, and a worker gets it; False where nothing was said."""
    said = db.session.scalar(select(Transcription.text).where(Transcription.seq == row.seq)) or ""
    if not said.strip():
        return False
    waiting = (AnalyzerTask.id == row.id, AnalyzerTask.job_id.is_(None), AnalyzerTask.status.in_(analyzer_fields.OPEN))
    job_id = str(uuid.uuid4())
    values = {"job_id": job_id, "task_text": said, "updated_at": tools.clock.now()}
    if claims.change(update(AnalyzerTask).where(*waiting).values(values)):
        background.begin(tools, analyzer.KIND, row.user_id, {"task_id": row.id}, job_id=job_id)
    db.session.commit()
    background.hand_out(tools, job_id)
    return True


def _reason(row: Row[Any]) -> str:
    if row.job_id is not None:
        return row.job_error or INTERRUPTED
    if row.status is None or row.deleted_at is not None:
        return GONE
    if row.status in DONE:
        return analyzer.NOTHING_SAID
    return CANCELLED if row.status == Status.CANCELLED else row.error or "Its transcription failed."


def _begun(tools: Toolbox, run: Run) -> AnalyzerTask | None:
    mine = (AnalyzerTask.job_id == run.id, AnalyzerTask.status.in_(analyzer_fields.OPEN))
    now = tools.clock.now()
    is_there = claims.change(update(AnalyzerTask).where(*mine).values(status=TaskStatus.PROCESSING, updated_at=now))
    db.session.commit()
    task = db.session.scalars(select(AnalyzerTask).where(*mine)).first() if is_there else None
    if task is not None:
        db.session.expunge(task)  # as it is now: it may be changed or deleted while the model thinks
    db.session.commit()
    return task


def _passages(task: AnalyzerTask) -> list[Passage]:
    """Its text line by line, with the times of what was heard."""
    row = db.session.get(Transcription, task.transcription_seq) if task.transcription_seq else None
    task.transcription_seq = row.seq if row else None
    said = library.segments(row) if row else []
    lines = [line.strip() for line in (task.task_text or "").splitlines() if line.strip()]
    db.session.commit()
    timed = line_times.timed(lines, said)
    return [Passage(n, one.start, one.end, one.text, one.speaker) for n, one in enumerate(timed)]


def _imagined(tools: Toolbox, model: TextModel, task: AnalyzerTask, part: Part) -> dict[str, Any]:
    """One call, paid for before anything else can go wrong; what came of it, as checkpoints keep it."""
    user_id, seq, brief = task.user_id, task.transcription_seq, _brief(task, part)
    with paying.held(tools, Call(user_id, seq, analyzer.KIND, model), part.passages, part.answer_tokens) as call:
        found = model.imagine(part.passages, brief)
    usd = call.settle(found.usage)
    db.session.commit()
    return _kept(found, usd, has_times=seq is not None)


def _brief(task: AnalyzerTask, part: Part) -> Brief:
    code = task.audio_file_language
    return Brief(
        generator=cast("Generator", task.generator),
        instruction=None if task.helper_instruction == DEFAULT_INSTRUCTION else task.helper_instruction,
        look=task.look,
        max_scenes=part.max_scenes,
        language=languages.base(code) if code else None,
    )


def _kept(found: Imagined, usd: float | None, *, has_times: bool) -> dict[str, Any]:
    scenes = [_row(one, has_times=has_times) for one in found.scenes]
    usage = {"prompt": found.usage.prompt, "completion": found.usage.completion, "usd": usd}
    return {"scenes": scenes, "note": found.note, **usage}


def _row(scene: Scene, *, has_times: bool) -> dict[str, Any]:
    start, end = (scene.start, scene.end) if has_times else (None, None)
    return {"content": scene.prompt.replace("\0", ""), "quote": scene.quote, "start": start, "end": end}


def _key(task: AnalyzerTask, parts: Sequence[Part]) -> str:
    """Of all that a call depends on: what was kept for another text or other wishes is none of this one's."""
    wishes = (task.model, task.helper_instruction, task.look, task.generator, task.audio_file_language)
    told = (wishes, [(one.max_scenes, [(p.id, p.start, p.end, p.text) for p in one.passages]) for one in parts])
    return hashlib.sha256(repr(told).encode("utf-8", "replace")).hexdigest()


def _checkpoints(run: Run, key: str) -> dict[str, Any]:
    """What an earlier run has paid for."""
    kept: Mapping[str, Any] = db.session.scalar(select(Job.result).where(Job.id == run.id)) or {}
    db.session.commit()
    return {"key": key, "parts": list(kept["parts"]) if kept.get("key") == key else []}


def _keep(tools: Toolbox, run: Run, task_id: int, parts: Sequence[Mapping[str, Any]]) -> None:
    """The prompts, the task's end, the job's and the news of it: all or nothing."""
    scenes = [scene for part in parts for scene in part["scenes"]]
    if not scenes:
        raise TextModelError("The model has pictured nothing.")
    background.finish(tools, run, {"prompts": len(scenes)})
    mine = (AnalyzerTask.id == task_id, AnalyzerTask.job_id == run.id)
    if claims.change(update(AnalyzerTask).where(*mine).values(_completed(tools, parts))):
        db.session.execute(delete(AnalyzerPrompt).where(AnalyzerPrompt.task_id == task_id))
        db.session.execute(insert(AnalyzerPrompt), [scene | {"task_id": task_id, "place": n} for n, scene in enumerate(scenes)])
        _announce(tools, run.user_id, task_id, len(scenes))
    db.session.commit()
    deliveries.send_soon(tools)


def _completed(tools: Toolbox, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    costs = [part["usd"] for part in parts]
    return {
        "status": TaskStatus.COMPLETED,
        "error": None,
        "note": " ".join(dict.fromkeys(filter(None, (part["note"] for part in parts)))) or None,
        "prompt_tokens": sum(part["prompt"] for part in parts),
        "completion_tokens": sum(part["completion"] for part in parts),
        "cost_usd": None if None in costs else sum(costs),
        "updated_at": tools.clock.now(),
    }


def _ended(tools: Toolbox, reason: str) -> dict[str, Any]:
    return {"status": TaskStatus.FAILED, "error": reason, "updated_at": tools.clock.now()}


def _announce(tools: Toolbox, user_id: int, task_id: int, prompts: int) -> None:
    name = db.session.scalar(select(AnalyzerTask.name).where(AnalyzerTask.id == task_id))
    public = tools.settings.public_url.rstrip("/")
    url = f"{public}/api/v1/analyzer-task/view-task/{task_id}/" if public else None
    data: dict[str, object] = {"id": task_id, "name": name, "status": "completed", "prompts": prompts, "url": url}
    deliveries.announce(tools, user_id, webhook_events.ANALYZER_TASK_COMPLETED, data)
