"""Where a budget is asked: at upload, at another try, before another engine goes on. `paid` charges a cent for each second."""

from typing import Any

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.conftest import FIXTURES
from tests.fakes import remote_engine
from tests.providers import Stage, stage
from textor.domain.job_states import Status
from textor.errors import EngineError, OverBudget
from textor.extensions import db
from textor.features.accounts import spending
from textor.features.recordings import intake
from textor.features.transcription import control
from textor.models import Recording, Slice, Transcription, User

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases


@pytest.fixture
def poor(stage: Stage) -> Stage:
    """Five cents a month for everybody: not enough for the sample, which costs thirteen."""
    paid = remote_engine("paid", usd_per_hour=36.0)
    stage.use(paid, remote_engine("second", usd_per_hour=36.0), monthly_budget=0.05, failover_engines=("second", "fake"))
    return stage


def upload(stage: Stage, engine: str) -> Transcription:
    with intake.spool(stage.tools) as spool:
        spool.write((FIXTURES / "sample.flac").read_bytes())
        return intake.accept(stage.tools, stage.owner_id, spool, "sample.flac", intake.Choice(engine=engine))


def over(stage: Stage, **values: Any) -> Transcription:
    """A transcription of twenty seconds that is over."""
    owner = db.session.get_one(User, stage.owner_id)
    return factories.transcription(owner, factories.recording(owner, seconds=20.0), **{"engine": "paid", **values})


def test_an_upload_over_the_budget_leaves_nothing(poor: Stage) -> None:
    with pytest.raises(OverBudget, match="This would cost about"):
        upload(poor, "paid")
    folders = (poor.tools.settings.incoming_dir, poor.tools.settings.recordings_dir)
    assert [path for folder in folders for path in folder.rglob("*") if path.is_file()] == []
    assert db.session.scalar(select(func.count()).select_from(Recording)) == 0


def test_an_upload_for_an_engine_on_this_machine_is_taken(poor: Stage) -> None:
    assert upload(poor, "fake").status == Status.QUEUED


def test_an_upload_within_the_budget_is_set_aside_from_the_next(poor: Stage) -> None:
    poor.use(monthly_budget=0.2)
    assert upload(poor, "paid").status == Status.QUEUED
    with pytest.raises(OverBudget, match="are spent or set aside"):
        upload(poor, "paid")


@pytest.mark.parametrize("engine", ["paid", ""])
def test_another_try_over_the_budget_changes_nothing(poor: Stage, engine: str) -> None:
    row = over(poor, status=Status.FAILED, engine="second" if engine else "paid", error="It broke.")
    with pytest.raises(OverBudget):
        control.retry(poor.tools, poor.owner_id, row.id, engine=engine)
    kept = poor.row(row.id)
    assert (kept.status, kept.error) == (Status.FAILED, "It broke.")


def test_only_what_is_missing_counts_where_the_same_engine_tries_again(poor: Stage) -> None:
    row = over(poor, status=Status.PARTIAL, text="hello")
    states = {"completed": 16.0, "failed": 20.0}
    for n, (state, end) in enumerate(states.items()):
        db.session.add(Slice(transcription_seq=row.seq, n=n, start=16.0 * n, end=end, state=state, engine="paid"))
    db.session.commit()
    control.retry(poor.tools, poor.owner_id, row.id)
    assert poor.row(row.id).status == Status.QUEUED


def test_an_engine_over_the_budget_does_not_take_over_one_that_is_free_does(poor: Stage) -> None:
    poor.provider.error = EngineError("The provider refuses the key.")
    row_id = poor.upload()
    poor.until_over(60)
    row = poor.row(row_id)
    assert (row.status, row.engine) == (Status.COMPLETED, "fake")
    assert [note["to"] for note in row.details["failover"]] == ["fake"]  # type: ignore[attr-defined]  # JSON is an object to the types


def test_a_refusal_ends_with_its_transaction(poor: Stage) -> None:
    with pytest.raises(OverBudget):
        spending.check(poor.tools, poor.owner_id, "paid", None, 100.0)
    assert not db.session().in_transaction()
