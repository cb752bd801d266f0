"""Requests that carry an Idempotency-Key: of several equal ones the first is carried out, and the others get its answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from textor.errors import InvalidInput, WrongState
from textor.extensions import db
from textor.models import FirstAnswer
from textor.toolbox import Toolbox

KEPT = timedelta(hours=24)
DIED_AFTER = timedelta(minutes=10)
"""A request that hasn't answered for so long never will: its process is gone."""
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first request was answered."""

    status: int
    headers: Mapping[str, str]
    body: str


def begin(tools: Toolbox, user_id: int, key: str, fingerprint: str) -> Answer | None:
    """None: it is the first, carry it out and then `keep` or `forget`. Raises InvalidInput for another request under one key,
    WrongState while the first is still being worked on."""
    if not key.isprintable() or not 0 < len(key) <= LONGEST_KEY:
        raise InvalidInput(f"An Idempotency-Key has 1 to {LONGEST_KEY} printable characters.")
    if _is_first(tools, user_id, key, fingerprint):
        return None
    row = _known(user_id, key)
    if row is None or _is_over(tools, row):
        forget(user_id, key)
        return begin(tools, user_id, key, fingerprint)
    if row.fingerprint != fingerprint:
        raise InvalidInput("This Idempotency-Key was used for another request. Choose a new one for each request.")
    if row.status is None:
        raise WrongState("The first request with this Idempotency-Key is still being worked on. Repeat it in a moment.")
    return Answer(row.status, row.headers, row.body or "")


def keep(user_id: int, key: str, answer: Answer) -> None:
    """What the next ones get."""
    row = _known(user_id, key)
    if row is not None:
        row.status, row.headers, row.body = answer.status, dict(answer.headers), answer.body
        db.session.commit()


def forget(user_id: int, key: str) -> None:
    """It created nothing: the next one is the first."""
    db.session.rollback()
    db.session.execute(delete(FirstAnswer).where(FirstAnswer.user_id == user_id, FirstAnswer.key == key))
    db.session.commit()


def sweep(tools: Toolbox) -> None:
    """Forget what is older than a day."""
    db.session.execute(delete(FirstAnswer).where(FirstAnswer.created_at < tools.clock.now() - KEPT))
    db.session.commit()


def _is_first(tools: Toolbox, user_id: int, key: str, fingerprint: str) -> bool:
    try:
        db.session.add(FirstAnswer(user_id=user_id, key=key, fingerprint=fingerprint, created_at=tools.clock.now()))
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    return True


def _known(user_id: int, key: str) -> FirstAnswer | None:
    mine = (FirstAnswer.user_id == user_id, FirstAnswer.key == key)
    return db.session.scalars(select(FirstAnswer).where(*mine)).first()


def _is_over(tools: Toolbox, row: FirstAnswer) -> bool:
    age = tools.clock.now() - row.created_at
    return age >= (DIED_AFTER if row.status is None else KEPT)
