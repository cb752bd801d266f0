"""A finished transcript as a file: small ones at once, large ones as a background job whose result is kept for a day."""

import hashlib
import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain.job_states import DONE
from textor.domain.writing import file_name
from textor.errors import InvalidInput, NotFound, TextorError, Unavailable, WrongState
from textor.extensions import db
from textor.features.recordings import library
from textor.job_queue import claims, tickets
from textor.models import Job, SegmentRow, Transcription
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

KIND = "export"
QUEUE = "exports"
KEPT = timedelta(days=1)
TICKET_LOST_AFTER = timedelta(seconds=30)
"""A ticket more does no harm: whoever claims the job first makes it."""
WORKER_LOST_AFTER = timedelta(minutes=3)
"""A PDF of 12 hours takes 13 s of CPU and 230 MB, one of 48 hours four times as long."""
FAILURE_STANDS_FOR = timedelta(seconds=60)
MAX_ATTEMPTS = 3
GIVEN_UP = "This file could not be made: its worker stopped several times. Try another format."
_FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Ready:
    """A file to send. `open` gives its bytes, once; closing them is the caller's part."""

    filename: str
    media_type: str
    size_bytes: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Making:
    """The worker is at it: ask again. `progress` is 0..100."""

    job_id: str
    progress: float


def read_options(values: Mapping[str, str]) -> ExportOptions:
    """What `speakers` and `timestamps` say in a query (true/false, 1/0, yes/no, on/off; default true). Raises InvalidInput."""
    return ExportOptions(speakers=_flag(values, "speakers"), timestamps=_flag(values, "timestamps"))


def export(tools: Toolbox, user_id: int, transcription_id: str, format_name: str, options: ExportOptions) -> Ready | Making:
    """One's own transcript as a file.

    Raises NotFound (transcript or format), WrongState while there is nothing to read, Unavailable where the server lacks what
    the format needs or the worker failed.
    """
    transcription = library.find(user_id, transcription_id)
    kind = _format(tools, format_name)
    if transcription.status not in DONE:
        raise WrongState("There is no text to download yet. Wait until the transcription is finished, or start it again.")
    if sentence := kind.missing():
        raise Unavailable(sentence)
    if kind.is_heavy and _characters(transcription) > kind.large_characters:
        return _from_worker(tools, transcription, kind, options)
    return _at_once(transcription, kind, options)


def make_export(tools: Toolbox, job_id: str) -> None:
    """The worker's part. Does nothing where another worker has the job or it is done."""
    job = _claimed(tools, job_id)
    if job is None:
        return
    token, key = job.run_token, _storage_key(job_id)
    try:
        _make(tools, job, key)
    except TextorError as error:
        db.session.rollback()
        _finish(tools, job_id, token, state=JobState.FAILED, error=error.message)
    else:
        _finish(tools, job_id, token, state=JobState.COMPLETED, progress=100.0, result={"storage_key": key})


def sweep_exports(tools: Toolbox) -> int:
    """Destroy files older than a day, and those of transcripts that were deleted. Returns how many."""
    jobs = db.session.scalars(select(Job).where(Job.kind == KIND)).all()
    wanted = {job.payload["seq"] for job in jobs}
    visible = select(Transcription.seq).where(Transcription.seq.in_(wanted), Transcription.deleted_at.is_(None))
    alive = set(db.session.scalars(visible).all())
    deadline = tools.clock.now() - KEPT
    gone = [job for job in jobs if job.updated_at < deadline or job.payload["seq"] not in alive]
    for job in gone:
        tools.storage.delete(_storage_key(job.id))
        db.session.delete(job)
    db.session.commit()
    return len(gone)


def _flag(values: Mapping[str, str], name: str) -> bool:
    value = values.get(name, "true").lower()
    if value not in _FLAGS:
        raise InvalidInput(f"{name} must be true or false.", field=name)
    return _FLAGS[value]


def _format(tools: Toolbox, name: str) -> ExportFormat:
    kind = tools.formats.get(name.lower())
    if kind is None:
        raise NotFound(f"There is no such file format. Available: {', '.join(tools.formats)}.")
    return kind


def _characters(transcription: Transcription) -> int:
    statement = select(func.sum(func.length(SegmentRow.text))).where(SegmentRow.transcription_seq == transcription.seq)
    return int(db.session.scalar(statement) or 0)


def _at_once(transcription: Transcription, kind: ExportFormat, options: ExportOptions) -> Ready:
    document = library.document(transcription)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller
    try:
        kind.write(document, options, file)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    return Ready(file_name(document.title, kind.name), kind.media_type, size, lambda: file)


def _from_worker(tools: Toolbox, transcription: Transcription, kind: ExportFormat, options: ExportOptions) -> Ready | Making:
    job = _job(tools, transcription, kind, options)
    if job.state == JobState.COMPLETED and (size := _stored_size(tools, job)) is not None:
        filename = file_name(transcription.recording.title, kind.name)
        return Ready(filename, kind.media_type, size, lambda: _opened(tools, _storage_key(job.id)))
    age = tools.clock.now() - job.updated_at
    if job.state == JobState.FAILED and age < FAILURE_STANDS_FOR:
        left = FAILURE_STANDS_FOR - age
        raise Unavailable(job.error or "This file could not be made.", retry_after=int(left.total_seconds()) + 1)
    if _needs_ticket(job, age):
        _hand_out(tools, job)
    return Making(job.id, job.progress)


def _job(tools: Toolbox, transcription: Transcription, kind: ExportFormat, options: ExportOptions) -> Job:
    """The job of exactly this text in this format, new or known; two requests at once get the same one."""
    key = _dedupe_key(transcription, kind, options)
    known = select(Job).where(Job.dedupe_key == key)
    if job := db.session.scalars(known).first():
        return job
    now = tools.clock.now()
    payload = {"transcription_id": transcription.id, "seq": transcription.seq, "format": kind.name}
    payload |= {"speakers": options.speakers, "timestamps": options.timestamps}
    job = Job(id=str(uuid.uuid4()), user_id=transcription.user_id, kind=KIND, dedupe_key=key, payload=payload)
    job.created_at, job.updated_at, job.state = now, now - TICKET_LOST_AFTER, JobState.QUEUED
    try:
        db.session.add(job)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return db.session.scalars(known).one()
    return job


def _dedupe_key(transcription: Transcription, kind: ExportFormat, options: ExportOptions) -> str:
    facts = (transcription.run_token, transcription.updated_at, transcription.recording.title, kind.name, options)
    return f"{KIND}:{transcription.seq}:{hashlib.sha256(repr(facts).encode('utf-8', 'replace')).hexdigest()}"


def _needs_ticket(job: Job, age: timedelta) -> bool:
    limits = {JobState.QUEUED: TICKET_LOST_AFTER, JobState.RUNNING: WORKER_LOST_AFTER}
    return age >= limits.get(JobState(job.state), timedelta(0))


def _hand_out(tools: Toolbox, job: Job) -> None:
    """Queue it, unless somebody else did so meanwhile; a job that loses its worker again and again is given up."""
    now, token = tools.clock.now(), job.run_token
    if job.state == JobState.RUNNING and job.attempts >= MAX_ATTEMPTS:
        _changed(job.id, token, now, run_token=token + 1, state=JobState.FAILED, error=GIVEN_UP)
    elif _changed(job.id, token, now, run_token=token + 1, state=JobState.QUEUED, progress=0.0, error=None):
        tickets.enqueue(tools, QUEUE, KIND, job.id, ticket_id=f"{KIND}-{job.id}-{token + 1}")


def _claimed(tools: Toolbox, job_id: str) -> Job | None:
    job = db.session.get(Job, job_id, populate_existing=True)
    if job is None or job.state != JobState.QUEUED:
        return None
    token, attempts = job.run_token, job.attempts
    is_ours = _changed(job_id, token, tools.clock.now(), run_token=token + 1, state=JobState.RUNNING, attempts=attempts + 1)
    return job if is_ours else None


def _finish(tools: Toolbox, job_id: str, token: int, **values: object) -> None:
    """A worker that was taken for dead says nothing: another one has the job."""
    _changed(job_id, token, tools.clock.now(), **values)


def _changed(job_id: str, token: int, now: datetime, **values: object) -> bool:
    """Change the row if it is still in the run `token`; False: it is not."""
    statement = update(Job).where(Job.id == job_id, Job.run_token == token).values(updated_at=now, **values)
    changed = claims.change(statement)
    db.session.commit()  # which also makes the session read the row anew
    return changed


def _make(tools: Toolbox, job: Job, key: str) -> None:
    wanted = job.payload
    document = library.document(library.find(job.user_id or 0, wanted["transcription_id"]))
    options = ExportOptions(speakers=wanted["speakers"], timestamps=wanted["timestamps"])
    folder = tools.settings.incoming_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / KIND
        with path.open("wb") as file:
            _format(tools, wanted["format"]).write(document, options, file)
        tools.storage.put(key, path)


def _storage_key(job_id: str) -> str:
    return f"exports/{job_id}"


def _stored_size(tools: Toolbox, job: Job) -> int | None:
    try:
        return tools.storage.size(_storage_key(job.id))
    except NotFound:
        return None


def _opened(tools: Toolbox, key: str) -> BinaryIO:
    """An open file survives its name: the store may take its copy away at once."""
    with tools.storage.local_path(key) as path:
        return path.open("rb")
