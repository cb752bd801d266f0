"""Requests that carry an Idempotency-Key: of several equal ones the first is carried out, and the others get its answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.exc import IntegrityError

from textor.errors import InvalidInput, WrongState
from textor.extensions import db
from textor.models import FirstAnswer
from textor.toolbox import Toolbox

KEPT = timedelta(hours=24)
DIED_AFTER = timedelta(minutes=10)
"""A request that hasn't answered for so long never will: its process is gone."""
LONGEST_KEY = 255
UNDER_WAY = "The first request with this Idempotency-Key is still being worked on. Repeat it in a moment."


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first request was answered."""

    status: int
    headers: Mapping[str, str]
    body: str


def begin(tools: Toolbox, user_id: int, key: str, fingerprint: str) -> Answer | None:
    """None: it is the first, carry it out and then `keep` or `forget`. Raises InvalidInput for another request under one key,
    WrongState while the first is still being worked on."""
    check(key)
    if _is_first(tools, user_id, key, fingerprint):
        return None
    row = _known(user_id, key)
    if row is not None and _is_over(tools, row):
        # This row and no other: somebody else may have begun anew. SQLite gives an id out again, so its time counts, too.
        _forget(FirstAnswer.id == row.id, FirstAnswer.created_at == row.created_at)
        row = None
    if row is None:
        if _is_first(tools, user_id, key, fingerprint):
            return None
        raise WrongState(UNDER_WAY)
    if row.fingerprint != fingerprint:
        raise InvalidInput("This Idempotency-Key was used for another request. Choose a new one for each request.")
    if row.status is None:
        raise WrongState(UNDER_WAY)
    return Answer(row.status, row.headers, row.body or "")


def check(key: str) -> None:
    """Raises InvalidInput for a key that can't be one."""
    if not key.isprintable() or not 0 < len(key) <= LONGEST_KEY:
        raise InvalidInput(f"An Idempotency-Key has 1 to {LONGEST_KEY} printable characters.")


def keep(user_id: int, key: str, answer: Answer) -> None:
    """What the next ones get."""
    row = _known(user_id, key)
    if row is not None:
        row.status, row.headers, row.body = answer.status, dict(answer.headers), answer.body
        db.session.commit()


def forget(user_id: int, key: str) -> None:
    """It created nothing: the next one is the first."""
    db.session.rollback()
    _forget(FirstAnswer.user_id == user_id, FirstAnswer.key == key)


def sweep(tools: Toolbox) -> None:
    """Forget what is older than a day."""
    _forget(FirstAnswer.created_at < tools.clock.now() - KEPT)


def _forget(*which: ColumnElement[bool]) -> None:
    db.session.execute(delete(FirstAnswer).where(*which))
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
