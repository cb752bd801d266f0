"""Why transcriptions stand still: their provider is away or refuses everybody, and is asked again by itself."""

from redis.exceptions import RedisError
from sqlalchemy import select

from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import breakers
from textor.models import Transcription
from textor.toolbox import Toolbox


def reasons(tools: Toolbox, user_id: int) -> dict[str, str]:
    """By transcription, for those of a user's running ones whose provider isn't asked now: what it said last."""
    errors = _errors(tools)
    if not errors:
        return {}
    rows = db.session.execute(
        select(Transcription.id, Transcription.engine).where(
            Transcription.user_id == user_id,
            Transcription.status == Status.PROCESSING,
            Transcription.is_with_shift.is_(True),
            Transcription.engine.in_(errors),
            Transcription.deleted_at.is_(None),
        )
    )
    return {row.id: errors[row.engine] for row in rows}


def _errors(tools: Toolbox) -> dict[str, str]:
    """By engine. Redis away: nobody knows of any."""
    try:
        return {state.engine: state.error for state in breakers.states(tools) if state.is_open and state.error}
    except RedisError:
        return {}
