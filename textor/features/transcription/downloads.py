"""Fetching a local model's files: a background job with progress."""

import uuid

from sqlalchemy import select

from textor.errors import InvalidInput, TextorError
from textor.extensions import db
from textor.features.transcription import engines
from textor.job_queue import tickets
from textor.models import Job
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

KIND = "download_model"
SORRY = "Something went wrong inside Textor. Try again; if it happens again, tell the operator."


def begin(tools: Toolbox, user_id: int, engine_name: str, model: str) -> Job:
    """Start fetching a model, or join the fetch that runs. Raises InvalidInput for a model the engine doesn't have."""
    if model not in {known.name for known in engines.engine(tools, engine_name).models()}:
        raise InvalidInput(f"There is no model {model!r}.", field="model")
    key = f"{KIND}:{engine_name}:{model}"
    job = db.session.scalars(select(Job).where(Job.dedupe_key == key)).first()
    now = tools.clock.now()
    if job is None:
        job = Job(
            id=str(uuid.uuid4()), kind=KIND, dedupe_key=key, created_at=now, payload={"engine": engine_name, "model": model}
        )
        db.session.add(job)
    job.user_id, job.state, job.progress, job.error, job.updated_at = user_id, JobState.QUEUED, 0.0, None, now
    db.session.commit()
    tickets.enqueue(tools, "exports", KIND, job.id)
    return job


def jobs() -> dict[tuple[str, str], Job]:
    """The latest fetch of each model, by engine and model."""
    rows = db.session.scalars(select(Job).where(Job.kind == KIND)).all()
    return {(row.payload["engine"], row.payload["model"]): row for row in rows}


def run(tools: Toolbox, job_id: str) -> None:
    """The worker's part."""
    job = db.session.get(Job, job_id)
    if job is None:
        return
    engine = engines.engine(tools, job.payload["engine"])

    def report(fraction: float) -> None:
        percent = round(100 * fraction)
        if percent != job.progress:
            job.progress, job.updated_at = percent, tools.clock.now()
            db.session.commit()

    job.state = JobState.RUNNING
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
        job.state, job.error = (
            JobState.FAILED,
            "Something went wrong inside Textor. Try again; if it happens again, tell the operator.",
        )
        job.updated_at = tools.clock.now()
        db.session.commit()
