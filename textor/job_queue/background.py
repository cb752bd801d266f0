"""Background work whose row is a Job: begun, claimed by one worker, kept alive, tried again, cancelled; never lost, never twice.

    job = background.begin(tools, SUMMARY, user_id, payload)      # in the caller's transaction
    db.session.commit()
    background.hand_out(tools, job.id)

    run = background.claim(tools, job_id, token)                  # the worker's part: None for a ticket that is out of date
    background.report(tools, run, progress=40, message="...")     # commits; raises Fenced once the run has lost its claim
    background.finish(tools, run, result)                         # in the caller's transaction

A run holds its Job by `run_token`, which every cancel, reclaim and new try moves on: whoever writes under an older one is fenced
off. While the work-horse is busy, its worker beats for it (`heartbeat`), and ends it once the run is not its own any more.
"""

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Update, select, update

from textor.errors import Fenced
from textor.extensions import db
from textor.job_queue import claims, tickets
from textor.models import Job
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

QUEUE = "text"
"""Calls that may be paid for: a stop lets one that is under way come to its end."""
KINDS = {
    "summary": QUEUE,
    "chat": QUEUE,
    "prompts": QUEUE,
    "retranslate": "speech",
    "retranslate_remote": QUEUE,
    "call": "remote",
}
"""The queue of each; they are the names of their handlers, too (jobs.HANDLERS)."""
OPEN = (JobState.QUEUED, JobState.RUNNING)

MAX_ATTEMPTS = 5
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2.0, 300.0
SORRY = "Something went wrong inside Textor. Try again; if it happens again, tell the operator."
LOST = "This was begun several times and never came to its end. Try again."
LONGEST_MESSAGE = 255


@dataclass(frozen=True, slots=True)
class Run:
    """One worker's turn at a job. Worth nothing once the row's token has moved on."""

    id: str
    token: int
    kind: str
    user_id: int
    attempts: int
    """This one included."""
    payload: Mapping[str, Any]
    result: Mapping[str, Any]
    """What earlier runs have kept (`report`, `look_again`)."""


def begin(
    tools: Toolbox,
    kind: str,
    user_id: int,
    payload: Mapping[str, Any],
    *,
    job_id: str | None = None,
    dedupe_key: str | None = None,
) -> Job:
    """A new job, queued. In the caller's transaction, so that what it belongs to is there with it; then `hand_out`."""
    now = tools.clock.now()
    job = Job(id=job_id or str(uuid.uuid4()), user_id=user_id, kind=kind, dedupe_key=dedupe_key, payload=dict(payload))
    job.run_token, job.attempts, job.progress, job.state, job.result = 1, 0, 0.0, JobState.QUEUED, {}
    job.created_at = job.updated_at = now
    db.session.add(job)
    db.session.flush()
    return job


def hand_out(tools: Toolbox, job_id: str) -> None:
    """Put the ticket of a job that was committed into its queue; Redis away, or before it is due, `healing` does so later."""
    is_next = (Job.id == job_id, Job.state == JobState.QUEUED, Job.due_at.is_(None))
    row = db.session.execute(select(Job.kind, Job.run_token).where(*is_next)).first()
    db.session.rollback()
    if row:
        enqueue(tools, row.kind, job_id, row.run_token, ticket_id(job_id, row.run_token))


def claim(tools: Toolbox, job_id: str, token: int) -> Run | None:
    """QUEUED → RUNNING for the ticket that holds `token`; None where it is out of date or doubled. Commits."""
    values = {"state": JobState.RUNNING, "attempts": Job.attempts + 1, "due_at": None, "updated_at": tools.clock.now()}
    is_ours = claims.change(of_run(job_id, token, JobState.QUEUED).values(values))
    db.session.commit()
    return held(job_id, token) if is_ours else None


def held(job_id: str, token: int) -> Run | None:
    """The run behind `token`, if it still has its claim. Commits."""
    columns = (Job.kind, Job.user_id, Job.attempts, Job.payload, Job.result)
    row = db.session.execute(
        select(*columns).where(Job.id == job_id, Job.run_token == token, Job.state == JobState.RUNNING)
    ).first()
    db.session.commit()
    return Run(job_id, token, row.kind, row.user_id or 0, row.attempts, row.payload, row.result) if row else None


def heartbeat(tools: Toolbox, job_id: str, token: int) -> bool:
    """Say that the run is alive; False once it has lost its claim. One that hasn't begun yet is fine, and so is one that has just
    come to its end: its horse puts its things away. Commits."""
    mine = (Job.id == job_id, Job.run_token == token)
    beaten = claims.change(update(Job).where(*mine, Job.state == JobState.RUNNING).values(updated_at=tools.clock.now()))
    is_fine = beaten or db.session.scalar(select(Job.state).where(*mine)) in {JobState.QUEUED, JobState.COMPLETED}
    db.session.commit()
    return is_fine


def report(tools: Toolbox, run: Run, **values: Any) -> None:
    """Change the row's `progress` (0..100), `message` or `result` (what is done so far, kept for the next run). Commits.
    Raises Fenced."""
    write(tools, run, **values)
    db.session.commit()


def write(tools: Toolbox, run: Run, **values: Any) -> None:
    """Change the row if `run` still holds it. In the caller's transaction. Raises Fenced, and rolls back."""
    if "message" in values:
        values["message"] = values["message"] and values["message"][:LONGEST_MESSAGE]
    if not claims.change(of_run(run.id, run.token, JobState.RUNNING).values({"updated_at": tools.clock.now()} | values)):
        db.session.rollback()
        raise Fenced("Another run owns this job.")


def finish(tools: Toolbox, run: Run, result: Mapping[str, Any]) -> None:
    """It is done. In the caller's transaction, as its first statement: so a cancel at the same moment waits for it, or it for the
    cancel. Raises Fenced."""
    write(tools, run, state=JobState.COMPLETED, progress=100.0, message=None, error=None, result=dict(result))


def fail(tools: Toolbox, run: Run, error: str) -> None:
    """It can't be done. In the caller's transaction. Raises Fenced."""
    write(tools, run, state=JobState.FAILED, message=None, error=error)


def again(tools: Toolbox, run: Run, reason: str, retry_after: float | None = None) -> bool:
    """Try it later, after a pause that grows; False after too many. In the caller's transaction. Raises Fenced."""
    if run.attempts >= MAX_ATTEMPTS:
        return False
    due_at = tools.clock.now() + timedelta(seconds=_pause(run.attempts, retry_after))
    write(tools, run, state=JobState.QUEUED, run_token=run.token + 1, message=reason, due_at=due_at)
    return True


def look_again(tools: Toolbox, run: Run, seconds: float, result: Mapping[str, Any]) -> None:
    """Somebody else works on it: a next run looks after them then, and finds `result`. No attempt. In the caller's transaction.
    Raises Fenced."""
    due_at = tools.clock.now() + timedelta(seconds=seconds)
    values = {"state": JobState.QUEUED, "run_token": run.token + 1, "attempts": run.attempts - 1, "due_at": due_at}
    write(tools, run, **values, result=dict(result))


def cancel(tools: Toolbox, user_id: int, job_id: str) -> bool:
    """Stop one's own job, wherever it is; False where it is over. In the caller's transaction; its worker's horse ends soon."""
    statement = update(Job).where(Job.id == job_id, Job.user_id == user_id, Job.state.in_(OPEN))
    values = {"state": JobState.CANCELLED, "run_token": Job.run_token + 1, "message": None, "updated_at": tools.clock.now()}
    return claims.change(statement.values(values))


def hand_back(tools: Toolbox, job_id: str, token: int) -> bool:
    """A worker that must stop gives a run back, to be begun anew at once: that was no attempt. Commits."""
    values = {
        "state": JobState.QUEUED,
        "run_token": token + 1,
        "attempts": Job.attempts - 1,
        "updated_at": tools.clock.now(),
    }
    is_ours = claims.change(of_run(job_id, token, JobState.RUNNING).values(values))
    db.session.commit()
    if is_ours:
        hand_out(tools, job_id)
    return is_ours


def find(user_id: int, job_id: str, *kinds: str) -> Job | None:
    """One's own job of these kinds, as it is now."""
    statement = select(Job).where(Job.id == job_id, Job.user_id == user_id, Job.kind.in_(kinds))
    return db.session.scalars(statement.execution_options(populate_existing=True)).first()


def of_run(job_id: str, token: int, state: JobState) -> Update:
    """A change of the row that works only while it stands there under that token."""
    return update(Job).where(Job.id == job_id, Job.run_token == token, Job.state == state)


def ticket_id(job_id: str, token: int) -> str:
    """Of the first ticket for that run."""
    return f"j-{job_id}-{token}"


def enqueue(tools: Toolbox, kind: str, job_id: str, token: int, ticket_id: str) -> bool:
    """Put a ticket into the queue of its kind; False where Redis is away."""
    return tickets.enqueue(tools, KINDS[kind], kind, job_id, token, ticket_id=ticket_id)


def _pause(attempts: int, retry_after: float | None) -> float:
    """Twice as long each time, not all at the same moment, and never shorter than the provider asked for."""
    pause: float = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempts - 1))
    return max(pause * random.uniform(0.75, 1.25), retry_after or 0.0)  # noqa: S311 - no secret
