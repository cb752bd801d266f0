"""When a job is looked at again, and when one that failed for now is tried again."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.fakes import remote_engine
from tests.providers import Stage, stage
from textor.errors import EngineError
from textor.extensions import db
from textor.models import Slice, Transcription

__all__ = ["stage"]


def seconds_to_next(stage: Stage) -> float:
    db.session.rollback()
    due_at = db.session.scalars(select(Slice.due_at).order_by(Slice.id)).first()
    assert due_at
    return (due_at - stage.clock.now()).total_seconds()


@pytest.mark.parametrize(
    ("age", "in_flight", "pause"),
    [(0, 1, 5), (100, 1, 10), (10_000, 1, 30), (0, 400, 40)],
    ids=["young", "older", "old", "many"],
)
def test_the_pause_between_looks_grows_with_age_and_with_the_number_of_jobs(
    stage: Stage, age: float, in_flight: int, pause: float
) -> None:
    engine = remote_engine("paced", calls_per_second=10)
    engine.finished = set()
    stage.use(engine)
    stage.upload(engine="paced")
    stage.shift()
    started_at = stage.clock.now() - timedelta(seconds=age)
    db.session.execute(update(Slice).values(started_at=started_at, due_at=stage.clock.now()))
    for n in range(1, in_flight):
        seq = db.session.scalars(select(Transcription.seq)).one()
        later = stage.clock.now() + timedelta(days=1)
        db.session.add(Slice(transcription_seq=seq, n=n, start=0, end=1, engine="paced", state="remote", due_at=later))
    db.session.commit()
    stage.shift()
    assert 0.95 * pause <= seconds_to_next(stage) <= 1.05 * pause


def test_a_provider_that_calls_back_is_looked_at_rarely_where_it_can_reach_us(stage: Stage) -> None:
    for address, least in (("", 4), ("https://textor.example", 19)):
        engine = remote_engine("calling", callbacks=True)
        stage.use(engine, public_url=address)
        row_id = stage.upload(engine="calling")
        stage.shift()
        assert least <= seconds_to_next(stage) <= 1.3 * least
        assert (engine.heard[0].callback is not None) is bool(address)
        stage.until_over(100)
        assert stage.row(row_id).status == "completed"


def test_the_pause_after_a_failure_is_jittered_and_doubles(stage: Stage) -> None:
    stage.provider.error = EngineError("Away.", retryable=True)
    stage.upload()
    pauses = []
    for _ in range(8):
        stage.tools.redis.flushdb()  # no breaker: just the slice's own patience
        stage.shift()
        pauses.append(seconds_to_next(stage))
        stage.clock.advance(pauses[-1])
    for n, seconds in enumerate(pauses):
        longest = min(300, 5 * 2**n)
        assert longest / 2 <= seconds <= longest
