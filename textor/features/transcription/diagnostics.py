"""What is known of a job inside Textor, for whoever looks into what went wrong. Never what was said in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from redis.exceptions import RedisError
from sqlalchemy import func, select

from textor.errors import NotFound
from textor.extensions import db
from textor.job_queue import locks
from textor.models import SegmentRow, Slice, Transcription
from textor.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A job's row, its pieces, what was heard so far, and who holds its owner's lane."""

    row: Transcription
    slices: Sequence[Slice]
    segment_count: int
    latest_segment_seconds: float | None
    lease: str | None


def of(tools: Toolbox, user_id: int, transcription_id: str, *, is_admin: bool = False) -> Diagnosis:
    """Of one's own job, or of anybody's for an admin. Raises NotFound."""
    owned = [] if is_admin else [Transcription.user_id == user_id]
    mine = (Transcription.id == transcription_id, Transcription.deleted_at.is_(None), *owned)
    row = db.session.scalars(select(Transcription).where(*mine)).first()
    if row is None:
        raise NotFound("There is no such job.")
    slices = db.session.scalars(select(Slice).where(Slice.transcription_seq == row.seq).order_by(Slice.n)).all()
    heard = select(func.count(), func.max(SegmentRow.end)).where(SegmentRow.transcription_seq == row.seq)
    count, latest = db.session.execute(heard).one()
    return Diagnosis(row, slices, count, latest, _lease(tools, row.user_id))


def _lease(tools: Toolbox, user_id: int) -> str | None:
    try:
        return locks.holder(tools.redis, user_id)
    except RedisError:
        return None
