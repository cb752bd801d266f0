"""A worker's turn at a text job: claimed, carried out, and ended in a state whatever a model does."""

from collections.abc import Callable
from functools import partial

from textor.errors import CallsError, EngineError, Fenced, TextModelError, TextorError, Unavailable
from textor.extensions import db
from textor.job_queue import background
from textor.job_queue.background import Run
from textor.models import Job
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

Carry = Callable[[Toolbox, Run], None]
"""Does the work and finishes the run: all in one transaction at its end, `background.finish` first, committed. What it raises of
Textor's own errors is the job's end, unless it may pass."""
Failed = Callable[[Toolbox, Job, str], None]
"""What becomes of the job's own rows where it has failed for that reason. In the caller's transaction."""


def work(tools: Toolbox, job_id: str, token: int, carry: Carry, failed: Failed) -> None:
    """One turn. A failure that may pass is tried again later; any other is the job's end, with its reason."""
    run = background.claim(tools, job_id, token)
    if run is None:
        return
    try:
        carry(tools, run)
    except Fenced:
        raise
    except TextorError as error:
        db.session.rollback()
        if not (_may_pass(error) and background.again(tools, run, error.message, getattr(error, "retry_after", None))):
            _end(tools, run, error.message, failed)
    db.session.commit()


def give_up(tools: Toolbox, job_id: str, token: int, failed: Failed) -> None:
    """The last word on a job that broke in a way nobody foresaw, or lost its workers. Raises Fenced."""
    db.session.rollback()
    run = background.held(job_id, token)
    if run is not None:
        _end(tools, run, background.SORRY if run.attempts < background.MAX_ATTEMPTS else background.LOST, failed)
        db.session.commit()


def handler(carry: Carry, failed: Failed) -> tuple[Callable[..., None], Callable[..., None]]:
    """What `jobs.HANDLERS` wants of a kind of work: what does it, and what gives it up."""
    return partial(work, carry=carry, failed=failed), partial(give_up, failed=failed)


def cancel(tools: Toolbox, user_id: int, job_id: str) -> bool:
    """Stop one's own job; False where it is over. In the caller's transaction."""
    return background.cancel(tools, user_id, job_id)


def is_open(job: Job | None) -> bool:
    """Whether something may still come of it."""
    return job is not None and job.state in {JobState.QUEUED, JobState.RUNNING}


def _may_pass(error: TextorError) -> bool:
    """A provider that is away or busy, something of our own that is."""
    return isinstance(error, Unavailable) or (isinstance(error, CallsError | TextModelError | EngineError) and error.retryable)


def _end(tools: Toolbox, run: Run, reason: str, failed: Failed) -> None:
    background.fail(tools, run, reason)
    failed(tools, db.session.get_one(Job, run.id, populate_existing=True), reason)
