"""Which calls of the API made or changed something, for the operator: who, with which key, what became of it, and its cost.

Rows hold no content: a call's rule, an answer's status and an id. They are forgotten after 90 days. Written by the JSON door.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, case, delete, func, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from textor.extensions import db
from textor.features.accounts import spending, users
from textor.models import AnalyzerTask, ApiCall, ApiKey, CallTranscript, ChatMessage, Summary, Transcription, User
from textor.toolbox import Toolbox

KEPT = timedelta(days=90)
PER_PAGE = 50
REFUSED_FROM = 400

COSTS: tuple[tuple[Any, Any], ...] = (
    (Transcription.id, Transcription.cost_usd),
    (Summary.id, Summary.cost_usd),
    (ChatMessage.job_id, ChatMessage.cost_usd),
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was answered. `call` is method and rule, without ids; `subject` the id of what came of it."""

    user_id: int | None
    api_key_id: int | None
    via: str
    call: str
    status: int
    milliseconds: int
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """Whose calls (a name, as they write it at login), and of which day (UTC)."""

    user: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """One call, as the operator sees it. `usd` is what its subject has cost up to now; None: nothing, or nobody knows."""

    at: datetime
    user: str | None
    key: str | None
    via: str
    call: str
    status: int
    milliseconds: int
    subject: str | None
    usd: float | None


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first."""

    items: Sequence[Noted]
    number: int
    has_older: bool


@dataclass(frozen=True, slots=True)
class Sum:
    """A user's month. `user` None: who is gone, and strangers. `usd` is all that they have spent, on the pages, too."""

    user: str | None
    calls: int
    refused: int
    usd: float


def note(tools: Toolbox, call: Call) -> None:
    """Keep it, on a connection of its own. That it can't be kept is nobody's trouble but the log's."""
    try:
        _insert(tools, call)
    except SQLAlchemyError as error:
        log.warning("a call was not noted: %s", type(error).__name__)


def page(filters: Filters, number: int = 1) -> Page:
    """Fifty calls, from page 1; none past the end."""
    found = db.session.execute(_wanted(filters).offset((number - 1) * PER_PAGE).limit(PER_PAGE + 1)).all()
    rows = found[:PER_PAGE]
    costs = _costs([row.ApiCall for row in rows])
    items = [_noted(row.ApiCall, row.username, row.key_name, costs) for row in rows]
    return Page(items, number, len(found) > PER_PAGE)


def month(tools: Toolbox) -> list[Sum]:
    """This month by user, most calls first."""
    begins_at, _ends_at = spending.month_of(tools.clock.now())
    refused = func.sum(case((ApiCall.status >= REFUSED_FROM, 1), else_=0))
    rows = db.session.execute(
        select(ApiCall.user_id, User.username, func.count(), refused)
        .outerjoin(User, User.id == ApiCall.user_id)
        .where(ApiCall.at >= begins_at)
        .group_by(ApiCall.user_id, User.username)
        .order_by(func.count().desc(), ApiCall.user_id)
    ).all()
    spent = spending.of_everybody(tools)
    return [Sum(name, count, int(bad), spent.get(user_id, 0.0)) for user_id, name, count, bad in rows]


def sweep(tools: Toolbox) -> None:
    """Forget old ones. Called by the clock. Commits."""
    db.session.execute(delete(ApiCall).where(ApiCall.at < tools.clock.now() - KEPT))
    db.session.commit()


def _insert(tools: Toolbox, call: Call) -> None:
    values = {name: getattr(call, name) for name in Call.__slots__}
    try:
        with db.engine.begin() as connection:
            connection.execute(insert(ApiCall).values(at=tools.clock.now(), **values))
    except IntegrityError:  # the caller's account or key is gone meanwhile, perhaps by this very call
        if call.user_id is None:
            raise
        _insert(tools, replace(call, user_id=None, api_key_id=None))


def _wanted(filters: Filters) -> Select[*tuple[Any, ...]]:
    found: Select[*tuple[Any, ...]] = (
        select(ApiCall, User.username, ApiKey.name.label("key_name"))
        .outerjoin(User, User.id == ApiCall.user_id)
        .outerjoin(ApiKey, ApiKey.id == ApiCall.api_key_id)
        .order_by(ApiCall.at.desc(), ApiCall.id.desc())
    )
    if filters.user:
        found = found.where(User.username_key == users.key(filters.user))
    if filters.day:
        begins_at = datetime.combine(filters.day, time(), UTC)
        found = found.where(ApiCall.at >= begins_at, ApiCall.at < begins_at + timedelta(days=1))
    return found


def _noted(row: ApiCall, user: str | None, key: str | None, costs: Mapping[str, float]) -> Noted:
    usd = costs.get(_key(row))
    return Noted(row.at, user, key, row.via, row.call, row.status, row.milliseconds, row.subject, usd)


def _key(row: ApiCall) -> str:
    """A number names a task of the analyzer only where that was called; other calls have numbers, too."""
    subject = row.subject or ""
    return f"task:{subject}" if "/analyzer" in row.call and subject.isdecimal() else subject


def _costs(rows: Iterable[ApiCall]) -> dict[str, float]:
    """What the subjects of these have cost, in a statement for each kind; only calls that make something cost anything."""
    keys = {_key(row) for row in rows if row.subject and row.call.startswith("POST ")}
    tasks = [int(key.removeprefix("task:")) for key in keys if key.startswith("task:")]
    kinds: list[Select[*tuple[Any, ...]]] = [
        select(kind, cost).where(kind.in_(keys), cost.is_not(None))
        for kind, cost in (
            (Transcription.id, Transcription.cost_usd),
            (Summary.id, Summary.cost_usd),
            (ChatMessage.job_id, ChatMessage.cost_usd),
        )
    ]
    kinds.append(_of_calls(CallTranscript.sid, keys))
    kinds.append(_of_calls(CallTranscript.job_id, keys))
    found = {str(key): float(usd) for statement in kinds if keys for key, usd in db.session.execute(statement)}
    statement = select(AnalyzerTask.id, AnalyzerTask.cost_usd).where(
        AnalyzerTask.id.in_(tasks), AnalyzerTask.cost_usd.is_not(None)
    )
    return found | ({f"task:{key}": float(usd or 0.0) for key, usd in db.session.execute(statement)} if tasks else {})


def _of_calls(named: Any, keys: Iterable[str]) -> Select[*tuple[Any, ...]]:
    """Of recorded calls: all engines that have heard it."""
    return (
        select(named, func.sum(Transcription.cost_usd))
        .join(Transcription, Transcription.seq == CallTranscript.transcription_seq)
        .where(named.in_(keys), Transcription.cost_usd.is_not(None))
        .group_by(named)
    )
