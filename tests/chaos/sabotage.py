"""Parts of Textor broken on purpose, to prove that a chaos run sees it. Named by --sabotage, applied in every process."""

from typing import Any

from sqlalchemy import UniqueConstraint, Update, update

from textor.extensions import db
from textor.job_queue import claims, lanes, reconciler
from textor.models import Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

KINDS = ("token", "lock", "reconciler", "remote_ids")

_is_forgetful = False


def apply(kind: str) -> None:
    """Break it in this process and in those that it forks."""
    global _is_forgetful  # noqa: PLW0603 - one switch for the process
    if kind == "token":
        claims.mine = _anybodys
    elif kind == "lock":
        _without_unique_lane()
        lanes.take = _always
    elif kind == "reconciler":
        reconciler.reconcile_if_due = _never
    _is_forgetful = kind == "remote_ids"


def before_shift() -> None:
    """remote_ids: a new shift knows nothing of the jobs that an earlier one has begun."""
    if _is_forgetful:
        forgotten = update(Slice).where(Slice.state == SliceState.REMOTE)
        db.session.execute(forgotten.values(state=SliceState.WAITING, remote_id=None))
        db.session.commit()


def _anybodys(claim: claims.Claim) -> Update:
    return update(Transcription).where(Transcription.seq == claim.seq)


def _without_unique_lane() -> None:
    table = Transcription.metadata.tables[Transcription.__tablename__]
    for one in [one for one in table.constraints if isinstance(one, UniqueConstraint)]:
        if [column.name for column in one.columns] == ["active_for"]:
            table.constraints.discard(one)


def _always(*_: Any, **__: Any) -> bool:
    return True


def _never(tools: Toolbox) -> None:
    return None
