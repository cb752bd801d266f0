"""Minutes of sound that one user may have transcribed in a calendar month (UTC), over every door: USER_MINUTES_PER_MONTH.

What waits or runs counts as if it were heard already; what was heard is what engines were given.
"""

from sqlalchemy import ColumnElement, func, select, update

from textor.domain.job_states import OPEN
from textor.errors import QuotaExceeded
from textor.extensions import db
from textor.features.accounts import spending
from textor.job_queue.claims import Claim
from textor.models import Charge, Recording, Transcription, User
from textor.toolbox import Toolbox

TOLERANCE_SECONDS = 0.001
MEASURED_SECONDS = 5.0
"""By how much an honest file may be longer than its header says."""


def check(tools: Toolbox, user_id: int, seconds: float) -> None:
    """Whether the month has room for this much. Raises QuotaExceeded, before anything is done.

    Holds the user's row until the caller's transaction ends: of two that ask at once, the second counts what the first has added.
    """
    allowed = tools.settings.user_minutes_per_month
    if allowed is None:
        return
    # A write that changes nothing: it holds the row on every database, SQLite knows no FOR UPDATE.
    db.session.execute(update(User).where(User.id == user_id).values(quota=User.quota))
    used = _heard(tools, user_id) + _reserved(user_id)
    if used + seconds > allowed * 60 + TOLERANCE_SECONDS:
        db.session.rollback()
        raise _refusal(tools, allowed, used)


def check_claim(tools: Toolbox, claim: Claim) -> None:
    """The same right before an engine is given anything: its true length is known now, whatever its header said. What waits
    behind it doesn't count, nor what another engine has heard of it in vain. Raises QuotaExceeded."""
    allowed = tools.settings.user_minutes_per_month
    if allowed is None:
        return
    row = db.session.get_one(Transcription, claim.seq)
    used, own = _heard(tools, claim.user_id), _heard(tools, claim.user_id, Charge.transcription_seq == claim.seq)
    whole = min(own + spending.seconds_left(row), row.recording.seconds)
    if used - own + whole > allowed * 60 + MEASURED_SECONDS:
        raise _refusal(tools, allowed, used)


def _heard(tools: Toolbox, user_id: int, *which: ColumnElement[bool]) -> float:
    begins_at, _ends_at = spending.month_of(tools.clock.now())
    mine = (Charge.user_id == user_id, Charge.at >= begins_at)
    return db.session.scalar(select(func.sum(Charge.seconds)).where(*mine, *which)) or 0.0


def _reserved(user_id: int) -> float:
    """Of what is open all that is left; a piece that was heard already is charged."""
    rows = select(func.sum(Recording.seconds), func.sum(func.coalesce(Transcription.heard_seconds, 0.0)))
    mine = (Transcription.user_id == user_id, Transcription.status.in_(OPEN))
    total, heard = db.session.execute(rows.join(Recording, Transcription.recording_id == Recording.id).where(*mine)).one()
    return max(0.0, (total or 0.0) - (heard or 0.0))


def _refusal(tools: Toolbox, allowed: int, used: float) -> QuotaExceeded:
    now = tools.clock.now()
    ends_at = spending.month_of(now)[1]
    return QuotaExceeded(
        f"{used / 60:.0f} of your {allowed} minutes for this month are used or set aside. "
        f"A new month begins on {ends_at:%Y-%m-%d}.",
        retry_after=int((ends_at - now).total_seconds()) + 1,
    )
