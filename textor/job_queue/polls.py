"""Remote jobs that are due for a look: a ticket each. The row leases itself, so that two rounds never ask twice."""

from datetime import timedelta

from sqlalchemy import select, update

from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import claims, tickets
from textor.models import Transcription
from textor.toolbox import Toolbox

ROWS_A_ROUND = 500


def enqueue_due(tools: Toolbox) -> int:
    """Hand out a `poll` ticket for each remote job whose time has come; returns how many."""
    now = tools.clock.now()
    due = db.session.execute(
        select(Transcription.id, Transcription.run_token, Transcription.next_poll_at)
        .where(Transcription.next_poll_at <= now, Transcription.status == Status.PROCESSING)
        .order_by(Transcription.next_poll_at)
        .limit(ROWS_A_ROUND)
    ).all()
    db.session.commit()
    count = 0
    for row in due:
        if _lease(tools, row.id, row.run_token, row.next_poll_at):
            ticket_id = f"p-{row.id}-{row.run_token}-{int(now.timestamp() * 1000)}"
            count += tickets.enqueue(tools, "remote", "poll", row.id, row.run_token, ticket_id=ticket_id)
    return count


def _lease(tools: Toolbox, transcription_id: str, token: int, seen: object) -> bool:
    """Push the next look a lease ahead: a poll that dies is repeated then."""
    later = tools.clock.now() + timedelta(seconds=tools.settings.lease_seconds)
    leased = claims.change(
        update(Transcription)
        .where(Transcription.id == transcription_id, Transcription.run_token == token, Transcription.next_poll_at == seen)
        .values(next_poll_at=later)
    )
    db.session.commit()
    return leased
