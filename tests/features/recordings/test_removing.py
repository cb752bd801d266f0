"""Deleting for good, at once: in the middle of a run, while a provider is at it, and with all that hangs on it."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.conftest import FIXTURES
from tests.fakes import FakeEngine
from textor import jobs
from textor.errors import NotFound
from textor.extensions import db
from textor.features.recordings import removing
from textor.job_queue import lanes
from textor.models import Discard, Recording, SegmentRow, Slice, Transcription, User
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases

TABLES = (Transcription, Recording, SegmentRow, Slice)


def left(tools: Toolbox) -> list[object]:
    """Rows and files of anybody's."""
    db.session.expire_all()
    files = [path for path in Path(tools.settings.recordings_dir).rglob("*") if path.is_file()]
    return [*files, *(row for model in TABLES for row in db.session.scalars(select(model)))]


def queued(tools: Toolbox, owner: User, engine: str = "fake") -> Transcription:
    recording = factories.stored_recording(tools, owner, FIXTURES / "dialogue_stereo.flac")
    row = factories.transcription(owner, recording, engine=engine)
    lanes.dispatch(tools, owner.id)
    return row


def test_a_run_that_loses_its_transcription_midway_ends_in_silence(
    tools: Toolbox, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    row = queued(tools, alice)
    row_id, token = row.id, db.session.scalar(select(Transcription.run_token))
    engine = tools.engines["fake"]
    assert isinstance(engine, FakeEngine)

    def remove(n: int) -> None:
        if n == 1:
            removing.remove(tools, alice.id, row_id)

    engine.before_each = remove
    jobs.run("transcribe", row_id, token)
    assert left(tools) == []
    assert "broke" not in caplog.text


def test_the_next_one_takes_its_place(tools: Toolbox, alice: User) -> None:
    first = queued(tools, alice)
    second = factories.transcription(alice)
    removing.remove(tools, alice.id, first.id)
    db.session.refresh(second)
    assert second.status == "queued"


def test_somebody_elses_stays(tools: Toolbox, alice: User, bob: User) -> None:
    row = queued(tools, alice)
    with pytest.raises(NotFound):
        removing.remove(tools, bob.id, row.id)
    assert db.session.scalar(select(func.count()).select_from(Discard)) == 0
    assert row in left(tools)
