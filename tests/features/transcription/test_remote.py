"""A recording at a provider: submitted once, looked at until it is done, whatever happens on the way."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from tests import factories, shifts
from tests.conftest import FIXTURES
from tests.fakes import FakeClock, FakeRemoteEngine
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import control, pipeline
from textor.job_queue import lanes
from textor.models import Discard, Slice, Transcription, User
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases


@dataclass
class Stage:
    """Alice's lane, and a provider."""

    tools: Toolbox
    owner_id: int
    clock: FakeClock

    @property
    def provider(self) -> FakeRemoteEngine:
        engine = self.tools.engines["fake_remote"]
        assert isinstance(engine, FakeRemoteEngine)
        return engine

    def upload(self, file: str = "dialogue_stereo.flac", **values: object) -> str:
        """A recording that is with the shift."""
        owner = db.session.get_one(User, self.owner_id)
        recording = factories.stored_recording(self.tools, owner, FIXTURES / file)
        row_id = factories.transcription(owner, recording, engine="fake_remote", **values).id
        lanes.dispatch(self.tools, self.owner_id)
        pipeline.advance(self.tools, row_id, self.row(row_id).run_token)
        return row_id

    def row(self, row_id: str) -> Transcription:
        db.session.expire_all()
        return db.session.scalars(select(Transcription).where(Transcription.id == row_id)).one()

    def slices(self, row_id: str) -> list[Slice]:
        db.session.expire_all()
        found = db.session.scalars(select(Slice).where(Slice.transcription_seq == self.row(row_id).seq).order_by(Slice.n))
        return list(found)

    def shift(self, seconds: float = 0) -> None:
        """After so many seconds, a shift does what is due."""
        self.clock.advance(seconds)
        shifts.work(self.tools)


@pytest.fixture
def stage(tools: Toolbox, alice: User, clock: FakeClock) -> Stage:
    return Stage(tools, alice.id, clock)


def test_a_job_is_submitted_once_and_looked_at_until_it_is_done(stage: Stage) -> None:
    row_id = stage.upload()
    stage.shift()
    assert [(one.state, one.remote_id) for one in stage.slices(row_id)] == [("remote", "remote-1")]
    stage.shift(6)
    assert stage.row(row_id).status == Status.PROCESSING
    stage.shift(6)
    row = stage.row(row_id)
    assert (row.status, row.text, row.remote_id) == (Status.COMPLETED, "hello there\ngeneral", "remote-1")
    assert (stage.provider.asked, len(stage.provider.heard)) == (["remote-1", "remote-1"], 1)
    assert [segment.text for segment in library.segments(row)] == ["hello there", "general"]


def test_the_providers_copy_is_deleted_once_the_text_is_kept(stage: Stage) -> None:
    row_id = stage.upload()
    for _ in range(3):
        stage.shift(6)
    assert stage.row(row_id).status == Status.COMPLETED
    stage.shift(6)
    assert stage.provider.cancelled == ["remote-1"]
    assert (stage.slices(row_id), db.session.scalars(select(Discard)).all()) == ([], [])


def test_a_cancelled_job_is_deleted_at_the_provider_and_never_looked_at_again(stage: Stage) -> None:
    row_id = stage.upload()
    stage.shift()
    control.cancel(stage.tools, stage.owner_id, row_id)
    stage.shift(60)
    assert (stage.provider.asked, stage.provider.cancelled) == ([], ["remote-1"])
    assert stage.row(row_id).status == Status.CANCELLED
