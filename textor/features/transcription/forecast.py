"""How long what runs and what waits will still take, told from what this instance has finished. No history: no forecast."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import select

from textor.domain.job_states import OPEN, Status
from textor.extensions import db
from textor.models import Recording, Transcription
from textor.toolbox import Toolbox

SAMPLES = 200
FEWEST = 3
"""Fewer finished ones than that say nothing."""
LONGEST_LANE = 500
KEPT_SECONDS = 30
KEY = "textor:forecast"
CLASSES_SECONDS = (60, 600, 3600)
"""Where a length class ends: what is started for each recording weighs more in short ones."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds until something ends or starts: as half of all such did, and as nine in ten did."""

    median_seconds: float
    p90_seconds: float

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.median_seconds + other.median_seconds, self.p90_seconds + other.p90_seconds)


@dataclass(frozen=True, slots=True)
class Lane:
    """Of a user's open transcriptions: until those that run end, until those that wait for others of their user start. Whoever
    is in neither is one of which nobody can tell."""

    ends: dict[str, Estimate]
    starts: dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class Work:
    """What an open transcription is to the forecast. `engine` carries the model: `whisper:base`; `progress` is 0..100."""

    id: str
    status: str
    engine: str
    seconds: float
    progress: float
    started_at: datetime | None
    is_with_shift: bool


_NOTHING = Estimate(0, 0)

History = Mapping[str, Estimate]
"""Seconds of work for each second of sound, by `engine` and by `engine|length class`."""


def of_lane(tools: Toolbox, user_id: int) -> Lane:
    """What can be told of a user's open ones. One statement, and one more each half minute for the whole instance."""
    found = Lane({}, {})
    ahead: Estimate | None = _NOTHING
    works = _works(user_id)
    known = history(tools) if works else {}
    for work in works:
        left = estimate(known, work, tools.clock.now())
        if work.status != Status.PENDING and left:
            found.ends[work.id] = left
        if work.status == Status.PENDING and ahead and ahead is not _NOTHING:
            found.starts[work.id] = ahead
        ahead = ahead + left if ahead and left else None
    return found


def estimate(known: History, work: Work, now: datetime) -> Estimate | None:
    """What is left of one. None: there is no history of its engine, or it takes longer than nine in ten already."""
    pace = known.get(_class_key(work.engine, work.seconds)) or known.get(work.engine)
    if pace is None:
        return None
    whole = Estimate(pace.median_seconds * work.seconds, pace.p90_seconds * work.seconds)
    if work.status != Status.PROCESSING or work.started_at is None:
        return whole
    if work.progress and not work.is_with_shift:  # an engine on this machine goes through a recording from start to end
        share = 1 - work.progress / 100
        return Estimate(whole.median_seconds * share, whole.p90_seconds * share)
    gone = (now - work.started_at).total_seconds()
    if gone >= whole.p90_seconds:
        return None
    return Estimate(max(0.0, whole.median_seconds - gone), whole.p90_seconds - gone)


def history(tools: Toolbox) -> History:
    """The paces of the latest finished transcriptions, looked up again after half a minute."""
    with suppress(RedisError):
        kept = tools.redis.get(KEY)
        if isinstance(kept, bytes):
            return {key: Estimate(*pair) for key, pair in json.loads(kept).items()}
    found = _paces(_finished())
    with suppress(RedisError):
        pairs = {key: (one.median_seconds, one.p90_seconds) for key, one in found.items()}
        tools.redis.set(KEY, json.dumps(pairs), ex=KEPT_SECONDS)
    return found


def _finished() -> list[tuple[str, float, float]]:
    """(engine with model, seconds of sound, seconds of work) of those that went through at once: a run that was handed on, tried
    again or taken back has another token, and began later than its work did."""
    rows = db.session.execute(
        select(Transcription.engine, Transcription.model, Recording.seconds, Transcription.started_at, Transcription.finished_at)
        .join(Recording, Transcription.recording_id == Recording.id)
        .where(
            Transcription.status == Status.COMPLETED,
            Transcription.run_token == 1,
            Transcription.started_at.is_not(None),
            Transcription.finished_at.is_not(None),
            Recording.seconds > 0,
        )
        .order_by(Transcription.seq.desc())
        .limit(SAMPLES)
    ).all()
    return [(_engine_key(row), row.seconds, (row.finished_at - row.started_at).total_seconds()) for row in rows]


def _paces(finished: Iterable[tuple[str, float, float]]) -> dict[str, Estimate]:
    samples: dict[str, list[float]] = {}
    for engine, sound_seconds, work_seconds in finished:
        for key in (engine, _class_key(engine, sound_seconds)):
            samples.setdefault(key, []).append(work_seconds / sound_seconds)
    return {key: Estimate(quantile(paces, 0.5), quantile(paces, 0.9)) for key, paces in samples.items() if len(paces) >= FEWEST}


def quantile(values: Sequence[float], share: float) -> float:
    """Between the two neighbours where it falls between two."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def _works(user_id: int) -> list[Work]:
    """A user's open ones: the active first, then those that wait, in the order of their turns."""
    rows = db.session.execute(
        select(
            Transcription.id,
            Transcription.status,
            Transcription.engine,
            Transcription.model,
            Transcription.progress,
            Transcription.started_at,
            Transcription.is_with_shift,
            Recording.seconds,
        )
        .join(Recording, Transcription.recording_id == Recording.id)
        .where(Transcription.user_id == user_id, Transcription.status.in_(OPEN))
        .order_by(Transcription.active_for.is_(None), Transcription.priority.desc(), Transcription.seq)
        .limit(LONGEST_LANE)
    ).all()
    return [
        Work(row.id, row.status, _engine_key(row), row.seconds, row.progress, row.started_at, row.is_with_shift) for row in rows
    ]


def _engine_key(row: Any) -> str:
    return f"{row.engine}:{row.model}" if row.model else str(row.engine)


def _class_key(engine: str, seconds: float) -> str:
    return f"{engine}|{sum(seconds >= limit for limit in CLASSES_SECONDS)}"
