"""What waits, what works and what went wrong, over the whole instance: facts about the queue, nobody's titles or texts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.exc import InterfaceError, OperationalError

from textor.domain.job_states import FINAL, Status
from textor.errors import Unavailable
from textor.extensions import db
from textor.features.transcription import downloads
from textor.job_queue import breakers, clocks, presence, reconciler, shift, slices
from textor.job_queue.presence import AtWork, Depth
from textor.models import Discard, Recording, Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

RECENT = timedelta(hours=1)
FAILURES_SHOWN = 10
ARRIVALS_LOOKED_THROUGH = 20_000


@dataclass(frozen=True, slots=True)
class Rows:
    """Transcriptions in one state; `oldest_at` is since when the first of them is, where they are still to be worked on."""

    status: str
    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Provider:
    """An engine elsewhere: jobs it has and those that wait for it, how many it takes (None: no limit known), its breaker."""

    engine: str
    in_flight: int
    waiting: int
    limit: int | None
    is_open: bool = False
    waits_seconds: float = 0.0
    failures: int = 0
    window: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A transcription that failed, whole or in part."""

    transcription_id: str
    engine: str
    status: str
    error: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Throughput:
    """What ended in the last hour, by how it ended, and how much sound that was."""

    ended: dict[str, int]
    sound_seconds: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """How things stand at `at`."""

    at: datetime
    rows: list[Rows]
    queues: list[Depth]
    workers: list[AtWork]
    shifts: int
    providers: list[Provider]
    discards: int
    last_hour: Throughput
    failures: list[Failure]


def look(tools: Toolbox) -> Backlog:
    """How things stand now, in seven statements. Raises Unavailable without Redis or the database."""
    with _both_there():
        clocks.agree(tools)
        now = tools.clock.now()
        return Backlog(
            at=now,
            rows=_rows(),
            queues=presence.depths(tools),
            workers=presence.workers(tools),
            shifts=presence.shifts(tools),
            providers=_providers(tools),
            discards=db.session.scalar(select(func.count(Discard.id))) or 0,
            last_hour=_throughput(now - RECENT),
            failures=_failures(),
        )


def heal(tools: Toolbox) -> dict[str, int]:
    """Everything that the scheduler does against losses, now; returns how many were `reclaimed` from silent workers,
    `reticketed`, `dispatched`, and how many `downloads` were looked after. Raises Unavailable without Redis or the database."""
    with _both_there():
        tools.redis.ping()  # much of what follows leaves a Redis that is away for later, in silence
        clocks.agree(tools)
        healed = reconciler.reconcile(tools) | {"downloads": downloads.heal(tools)}
        shift.ensure(tools)
        return healed


@contextmanager
def _both_there() -> Iterator[None]:
    try:
        yield
    except RedisError:
        raise Unavailable("Redis does not answer: nothing moves until it does. Is Textor running?") from None
    except (OperationalError, InterfaceError):
        db.session.rollback()
        raise Unavailable("The database does not answer: nothing moves until it does.") from None


def _rows() -> list[Rows]:
    """Each by an index of its own: this is asked for every few seconds, and a table has years of finished ones."""
    first = func.min(case((Transcription.status == Status.PENDING, Transcription.seq)))
    counted = db.session.execute(select(first, *(func.count(case((Transcription.status == one, 1))) for one in Status))).one()
    since = case((Transcription.status == Status.QUEUED, Transcription.queued_at), else_=Transcription.started_at)
    active = select(Transcription.status, func.min(since)).where(Transcription.active_for.is_not(None))
    oldest = {row[0]: row[1] for row in db.session.execute(active.group_by(Transcription.status)).all()}
    oldest[Status.PENDING] = db.session.scalar(select(Transcription.updated_at).where(Transcription.seq == counted[0]))
    return [Rows(status, count, oldest.get(status)) for status, count in zip(Status, counted[1:], strict=True) if count]


def _is_recent() -> ColumnElement[bool]:
    """Among the latest arrivals: there is no index on ends, and who ends or fails now came not long ago."""
    newest = select(func.max(Transcription.seq)).scalar_subquery()
    return Transcription.seq > newest - ARRIVALS_LOOKED_THROUGH


def _providers(tools: Toolbox) -> list[Provider]:
    """Those that are ready, that have work or that a breaker remembers."""
    counted = db.session.execute(
        select(Slice.engine, Slice.state, func.count()).where(Slice.state.in_(slices.OPEN)).group_by(Slice.engine, Slice.state)
    ).all()
    counts = {(row[0], row[1]): row[2] for row in counted}
    states = {state.engine: state for state in breakers.states(tools)}
    elsewhere = {name: one for name, one in tools.engines.items() if not one.can().runs_locally}
    ready = {name for name, one in elsewhere.items() if one.availability().ready}
    busy = {engine for engine, _state in counts if engine in elsewhere}
    own = dict(tools.settings.provider_concurrency)
    return [
        Provider(
            engine,
            sum(counts.get((engine, state), 0) for state in slices.UNDER_WAY),
            counts.get((engine, SliceState.WAITING), 0),
            own.get(engine, elsewhere[engine].can().max_in_flight if engine in elsewhere else None),
            *_breaker(states.get(engine)),
        )
        for engine in sorted(ready | busy | states.keys())
    ]


def _breaker(state: breakers.State | None) -> tuple[bool, float, int, int | None, str | None]:
    if state is None:
        return False, 0.0, 0, None, None
    return state.is_open, state.waits_seconds, state.failures, state.window, state.error


def _throughput(since: datetime) -> Throughput:
    found = db.session.execute(
        select(Transcription.status, func.count(), func.sum(Recording.seconds))
        .join(Recording, Transcription.recording_id == Recording.id)
        .where(_is_recent(), Transcription.finished_at >= since, Transcription.status.in_(FINAL))
        .group_by(Transcription.status)
    ).all()
    done = [row for row in found if row[0] in {Status.COMPLETED, Status.PARTIAL}]
    return Throughput({row[0]: row[1] for row in found}, float(sum(row[2] or 0 for row in done)))


def _failures() -> list[Failure]:
    found = db.session.execute(
        select(Transcription.id, Transcription.engine, Transcription.status, Transcription.error, Transcription.finished_at)
        .where(
            _is_recent(),
            Transcription.status.in_((Status.FAILED, Status.PARTIAL)),
            Transcription.error.is_not(None),
            Transcription.deleted_at.is_(None),
        )
        .order_by(Transcription.finished_at.is_(None), Transcription.finished_at.desc(), Transcription.seq.desc())
        .limit(FAILURES_SHOWN)
    ).all()
    return [Failure(row[0], row[1], row[2], row[3] or "", row[4]) for row in found]
