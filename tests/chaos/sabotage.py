"""Parts of Textor broken on purpose, to prove that a chaos run sees it. Named by --sabotage, applied in every process."""

import random
import time

from redis import Redis
from sqlalchemy import UniqueConstraint, Update, update

from textor.extensions import db
from textor.job_queue import claims, locks, reconciler
from textor.models import Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

KINDS = ("token", "lock", "reconciler", "remote_ids")

FAR_SECONDS = 0.02
"""A Redis that is far away, on the mean: a lane's lock takes time, in which others do something."""

_is_forgetful = False
_acquire = locks.acquire


def apply(kind: str) -> None:
    """Break it in this process and in those that it forks. Nothing broken: only Redis is far."""
    global _is_forgetful  # noqa: PLW0603 - one switch for the process
    locks.acquire = _far
    _is_forgetful = kind == "remote_ids"
    if kind == "token":
        claims.mine = _anybodys
    elif kind == "lock":
        locks.acquire = _anybodys_lane
    elif kind == "reconciler":
        reconciler.reconcile_if_due = _never


def before_tables(kind: str) -> None:
    """lock: the database allows two active ones, too."""
    table = Transcription.metadata.tables[Transcription.__tablename__]
    for one in [one for one in table.constraints if isinstance(one, UniqueConstraint)]:
        if kind == "lock" and [column.name for column in one.columns] == ["active_for"]:
            table.constraints.discard(one)


def before_shift() -> None:
    """remote_ids: a new shift knows nothing of the jobs that an earlier one has begun."""
    if _is_forgetful:
        forgotten = update(Slice).where(Slice.state == SliceState.REMOTE)
        db.session.execute(forgotten.values(state=SliceState.WAITING, remote_id=None))
        db.session.commit()


def _anybodys(claim: claims.Claim) -> Update:
    return update(Transcription).where(Transcription.seq == claim.seq)


def _far(redis: Redis, user_id: int, owner: str, lease_ms: int) -> str:
    time.sleep(random.expovariate(1 / FAR_SECONDS))
    return _acquire(redis, user_id, owner, lease_ms)


def _anybodys_lane(redis: Redis, user_id: int, owner: str, lease_ms: int) -> str:
    time.sleep(random.expovariate(1 / FAR_SECONDS))
    return owner


def _never(tools: Toolbox) -> None:
    return None
