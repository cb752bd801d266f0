"""The database goes away under a worker: that is nobody's fault, and the transcription goes on when it is back."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests import factories
from tests.conftest import FIXTURES
from tests.fakes import FakeClock, FakeEngine
from textor import jobs
from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import lanes, reconciler
from textor.models import Transcription, User
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases

AWAY = OperationalError("COMMIT", None, ConnectionError("the server closed the connection"))


@pytest.fixture
def engine(tools: Toolbox) -> FakeEngine:
    found = tools.engines["fake"]
    assert isinstance(found, FakeEngine)
    return found


def row_of(row_id: str) -> Transcription:
    db.session.expire_all()
    return db.session.scalars(select(Transcription).where(Transcription.id == row_id)).one()


def test_a_run_that_loses_the_database_is_taken_up_again(
    tools: Toolbox, alice: User, engine: FakeEngine, clock: FakeClock
) -> None:
    owner_id = alice.id
    row_id = factories.transcription(alice, factories.stored_recording(tools, alice, FIXTURES / "sample.flac")).id
    lanes.dispatch(tools, owner_id)
    engine.error = AWAY
    jobs.run("transcribe", row_id, 1)
    assert row_of(row_id).status == Status.PROCESSING
    engine.error = None
    clock.advance(tools.settings.lease_seconds + 1)
    reconciler.reconcile(tools)
    jobs.run("transcribe", row_id, row_of(row_id).run_token)
    assert (row_of(row_id).status, row_of(row_id).error) == (Status.COMPLETED, None)


def test_one_that_loses_it_again_and_again_ends_with_a_reason(
    tools: Toolbox, alice: User, engine: FakeEngine, clock: FakeClock
) -> None:
    owner_id = alice.id
    row_id = factories.transcription(alice, factories.stored_recording(tools, alice, FIXTURES / "sample.flac")).id
    lanes.dispatch(tools, owner_id)
    engine.error = AWAY
    for _ in range(tools.settings.max_attempts):
        jobs.run("transcribe", row_id, row_of(row_id).run_token)
        clock.advance(tools.settings.lease_seconds + 1)
        reconciler.reconcile(tools)
    row = row_of(row_id)
    assert row.status == Status.FAILED and "lost again and again" in (row.error or "")
