"""What keeps background jobs going after crashes, flushes and lost tickets, and lets go of old ones. Called by the clock; two at
once are fine."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, Row, delete, exists, or_, select

from textor.extensions import db
from textor.job_queue import background, claims, tickets
from textor.models import AnalyzerTask, ChatMessage, Job, Summary
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

TICKET_LOST_AFTER = timedelta(seconds=30)
KEPT = timedelta(days=1)


def heal(tools: Toolbox) -> int:
    """Runs that fell silent begin anew, those that are due get their ticket; how many. Called by the clock."""
    return _reclaim(tools) + _reticket(tools)


def lost(tools: Toolbox) -> Sequence[Row[str, str, int]]:
    """Jobs that have lost their last run (kind, id, token): each handler's feature says what becomes of what they belong to."""
    found = select(Job.kind, Job.id, Job.run_token).where(_silent(tools), Job.attempts >= background.MAX_ATTEMPTS)
    rows = db.session.execute(found).all()
    db.session.commit()
    return rows


def sweep(tools: Toolbox) -> int:
    """Forget jobs that were over a day ago and that nothing refers to; how many."""
    is_old = Job.updated_at < tools.clock.now() - KEPT
    is_meant = [exists().where(column == Job.id) for column in (Summary.id, ChatMessage.job_id, AnalyzerTask.job_id)]
    statement = delete(Job).where(
        Job.kind.in_(tuple(background.KINDS)), Job.state.not_in(background.OPEN), is_old, ~or_(*is_meant)
    )
    gone = db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.commit()
    return gone.rowcount if isinstance(gone, CursorResult) else 0


def _reclaim(tools: Toolbox) -> int:
    is_again = (_silent(tools), Job.attempts < background.MAX_ATTEMPTS)
    found = db.session.execute(select(Job.id, Job.run_token).where(*is_again)).all()
    db.session.commit()
    return sum(_begin_anew(tools, row.id, row.run_token) for row in found)


def _begin_anew(tools: Toolbox, job_id: str, token: int) -> bool:
    """Unless it has beaten meanwhile."""
    values = {"state": JobState.QUEUED, "run_token": token + 1, "updated_at": tools.clock.now()}
    is_taken = claims.change(background.of_run(job_id, token, JobState.RUNNING).where(_silent(tools)).values(values))
    db.session.commit()
    if is_taken:
        background.hand_out(tools, job_id)
    return is_taken


def _reticket(tools: Toolbox) -> int:
    found = db.session.execute(select(Job.id, Job.kind, Job.run_token).where(_waits_in_vain(tools))).all()
    db.session.commit()
    queues = {background.KINDS[row.kind] for row in found}
    known = {_bare(ticket_id) for name in queues for ticket_id in tickets.waiting(tools, name)}
    lacking = [row for row in found if background.ticket_id(row.id, row.run_token) not in known]
    return sum(_hand_out_again(tools, *row) for row in lacking)


def _hand_out_again(tools: Toolbox, job_id: str, kind: str, token: int) -> bool:
    """Of two that heal one does so. RQ may still know the ticket that was lost, so the new one's id differs."""
    now = tools.clock.now()
    waiting = background.of_run(job_id, token, JobState.QUEUED).where(_waits_in_vain(tools))
    is_ours = claims.change(waiting.values(due_at=None, updated_at=now))
    db.session.commit()
    new_id = f"{background.ticket_id(job_id, token)}-{int(now.timestamp() * 1000)}"
    return is_ours and background.enqueue(tools, kind, job_id, token, new_id)


def _waits_in_vain(tools: Toolbox) -> ColumnElement[bool]:
    """It is due, or waits for so long that its ticket may be lost."""
    now = tools.clock.now()
    is_due = or_(Job.due_at <= now, Job.due_at.is_(None) & (Job.updated_at < now - TICKET_LOST_AFTER))
    return Job.kind.in_(tuple(background.KINDS)) & (Job.state == JobState.QUEUED) & is_due


def _silent(tools: Toolbox) -> ColumnElement[bool]:
    silent_since: datetime = tools.clock.now() - timedelta(seconds=tools.settings.lease_seconds)
    return Job.kind.in_(tuple(background.KINDS)) & (Job.state == JobState.RUNNING) & (Job.updated_at < silent_since)


def _bare(ticket_id: str) -> str:
    """`j-<uuid>-<token>`, without what a second ticket for the same run adds."""
    return "-".join(ticket_id.split("-")[:7])
