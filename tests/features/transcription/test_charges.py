"""What runs cost is noted as they hear, once for each piece; an order over the budget isn't given. `paid`: a cent a second."""

from typing import Any

import pytest
from sqlalchemy import select

from tests.fakes import remote_engine
from tests.providers import Stage, stage
from textor.domain.job_states import Status
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError, Fenced
from textor.extensions import db
from textor.job_queue import attention, slices
from textor.jobs import GuardedCrew
from textor.models import Charge

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases


@pytest.fixture
def paid(stage: Stage) -> Stage:
    stage.use(remote_engine("paid", usd_per_hour=36.0), remote_engine("short", usd_per_hour=36.0, max_seconds=5.0))
    return stage


def sound_seconds(stage: Stage, row_id: str) -> float:
    return stage.row(row_id).recording.seconds


def about(value: float) -> Any:
    """Sums of fractions."""
    return pytest.approx(value)


def charged(stage: Stage) -> list[tuple[str, float | None]]:
    db.session.rollback()
    return [(row[0], row[1]) for row in db.session.execute(select(Charge.engine, Charge.usd).order_by(Charge.id))]


def test_a_providers_work_is_charged_by_the_second(paid: Stage) -> None:
    row_id = paid.upload(engine="paid")
    paid.until_over(60)
    row, seconds = paid.row(row_id), sound_seconds(paid, row_id)
    assert (row.status, row.heard_seconds) == (Status.COMPLETED, about(seconds))
    assert row.cost_usd == about(seconds / 100)
    assert charged(paid) == [("paid", about(seconds / 100))]


def test_each_slice_is_charged_once(paid: Stage) -> None:
    row_id = paid.upload("monologue.flac", engine="short")
    count = len(paid.slices(row_id))
    paid.until_over(120)
    assert count > 1
    assert len(charged(paid)) == count
    assert paid.row(row_id).cost_usd == about(sum(usd or 0.0 for _, usd in charged(paid)))


def test_a_piece_whose_commit_nobody_confirmed_is_charged_once(paid: Stage) -> None:
    """The connection broke after the commit: the shift writes the same answer again."""
    row_id = paid.upload("monologue.flac", engine="short")
    paid.shift()
    paid.clock.advance(6)
    (one, *_) = slices.take(paid.tools, attention.due(paid.tools, "short", 1, starts=False))
    crew, text = GuardedCrew(paid.tools), Transcript([Segment(one.start, one.end, "once")])
    crew.heard(one, text)
    with pytest.raises(Fenced):
        crew.heard(one, text)
    db.session.rollback()
    assert (len(charged(paid)), paid.row(row_id).heard_seconds) == (1, about(one.end - one.start))


def test_work_on_this_machine_is_noted_and_free(stage: Stage) -> None:
    row_id = stage.upload(engine="fake")
    assert (stage.row(row_id).cost_usd, stage.row(row_id).heard_seconds) == (0.0, about(sound_seconds(stage, row_id)))


def test_what_failed_costs_nothing(paid: Stage) -> None:
    engine = paid.tools.engines["paid"]
    engine.error = EngineError("The key was refused.")  # type: ignore[attr-defined]  # a fake's
    row_id = paid.upload(engine="paid")
    paid.until_over(60)
    assert (paid.row(row_id).status, paid.row(row_id).cost_usd, charged(paid)) == (Status.FAILED, None, [])


def test_an_order_over_the_budget_is_not_given(paid: Stage) -> None:
    paid.use(monthly_budget=0.01)
    row_id = paid.upload(engine="paid")
    row = paid.row(row_id)
    assert row.status == Status.FAILED
    assert (row.error or "").startswith("This would cost about $")
    assert paid.tools.engines["paid"].heard == []  # type: ignore[attr-defined]  # a fake's
