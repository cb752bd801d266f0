"""Fetching a local model's files: a background job with progress."""

import uuid
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from textor.errors import InvalidInput, TextorError
from textor.extensions import db
from textor.features.transcription import engines
from textor.job_queue import claims, tickets
from textor.models import Job
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

KIND = "download_model"
OPEN = (JobState.QUEUED, JobState.RUNNING)
QUEUE = "downloads"
MAX_ATTEMPTS = 3
LOST_AFTER = timedelta(minutes=2)
BEAT = timedelta(seconds=20)  # how often a slow download says that it is alive
SORRY = "Something went wrong inside Textor. Try again; if it happens again, tell the operator."


def begin(tools: Toolbox, user_id: int, engine_name: str, model: str) -> Job:
    """Start fetching a model, or join the fetch that runs. Raises InvalidInput for a model the engine doesn't have."""
    if model not in {known.name for known in engines.engine(tools, engine_name).models()}:
        raise InvalidInput(f"There is no model {model!r}.", field="model")
    job = _job(tools, user_id, engine_name, model)
    if job.run_token and job.state in OPEN:
        return job
    job.user_id, job.attempts = user_id, 0
    _hand_out(tools, job)
    return job


def heal(tools: Toolbox) -> int:
    """Fetches that lost their worker or their ticket go on, where the earlier try ended; returns how many were looked after."""
    silent_since = tools.clock.now() - LOST_AFTER
    lost = db.session.scalars(select(Job).where(Job.kind == KIND, Job.state.in_(OPEN), Job.updated_at < silent_since)).all()
    waiting = set(tickets.waiting(tools, QUEUE)) if lost else set()
    orphans = [job for job in lost if job.state == JobState.RUNNING or _ticket_id(job) not in waiting]
    for job in orphans:
        if job.attempts < MAX_ATTEMPTS:
            _hand_out(tools, job)
        else:
            job.state, job.error, job.updated_at = JobState.FAILED, SORRY, tools.clock.now()
            db.session.commit()
    return len(orphans)


def jobs() -> dict[tuple[str, str], Job]:
    """The latest fetch of each model, by engine and model."""
    rows = db.session.scalars(select(Job).where(Job.kind == KIND)).all()
    return {(row.payload["engine"], row.payload["model"]): row for row in rows}


def run(tools: Toolbox, job_id: str) -> None:
    """The worker's part."""
    job = _claimed(tools, job_id)
    if job is None:
        return
    engine = engines.engine(tools, job.payload["engine"])

    def report(fraction: float) -> None:
        percent, now = round(100 * fraction), tools.clock.now()
        if percent != job.progress or now - job.updated_at >= BEAT:
            job.progress, job.updated_at = percent, now
            db.session.commit()

    try:
        engine.download(job.payload["model"], report)
    except TextorError as error:
        job.state, job.error = JobState.FAILED, error.message
    else:
        job.state, job.progress = JobState.COMPLETED, 100.0
    job.updated_at = tools.clock.now()
    db.session.commit()


def give_up(tools: Toolbox, job_id: str) -> None:
    """The last word on a background job that broke in a way nobody foresaw."""
    db.session.rollback()
    job = db.session.get(Job, job_id)
    if job:
        job.state, job.error = JobState.FAILED, SORRY
        job.updated_at = tools.clock.now()
        db.session.commit()


def _job(tools: Toolbox, user_id: int, engine_name: str, model: str) -> Job:
    """The one row of this model, new or known."""
    key = f"{KIND}:{engine_name}:{model}"
    known = select(Job).where(Job.dedupe_key == key)
    if job := db.session.scalars(known).first():
        return job
    now, payload = tools.clock.now(), {"engine": engine_name, "model": model}
    job = Job(id=str(uuid.uuid4()), user_id=user_id, kind=KIND, dedupe_key=key, payload=payload)
    job.created_at = job.updated_at = now
    try:
        db.session.add(job)
        db.session.commit()
    except IntegrityError:  # somebody else asked at the same time
        db.session.rollback()
        return db.session.scalars(known).one()
    return job


def _hand_out(tools: Toolbox, job: Job) -> None:
    job.state, job.progress, job.error = JobState.QUEUED, 0.0, None
    job.run_token += 1
    job.updated_at = tools.clock.now()
    db.session.commit()
    tickets.enqueue(tools, QUEUE, KIND, job.id, ticket_id=_ticket_id(job))


def _claimed(tools: Toolbox, job_id: str) -> Job | None:
    """The job, if it is this ticket's turn to do it; a doubled ticket does nothing."""
    values = {"state": JobState.RUNNING, "attempts": Job.attempts + 1, "updated_at": tools.clock.now()}
    statement = update(Job).where(Job.id == job_id, Job.state == JobState.QUEUED).values(values)
    claimed = claims.change(statement)
    db.session.commit()
    return db.session.get(Job, job_id) if claimed else None


def _ticket_id(job: Job) -> str:
    return f"{KIND}-{job.id}-{job.run_token}"
