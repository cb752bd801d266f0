"""The same request once more: which transcription it means, on both databases."""

from typing import Any

import pytest
from apiflask import APIFlask

from tests import factories
from tests.fakes import FakeClock
from tests.stage import alice, away, bob, clock, tools  # noqa: F401 - fixtures
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.recordings.intake import Choice
from textor.features.transcription import familiar, following
from textor.models import SegmentRow, Speaker, Transcription, User
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases

SHA = "a" * 64
CHOICE = Choice(engine="fake")


class Files:
    """What Alice has sent."""

    def __init__(self, box: Toolbox, owner: User) -> None:
        self.box, self.owner = box, owner

    def put(self, **values: Any) -> str:
        recording = factories.recording(self.owner, sha256=SHA, created_at=self.box.clock.now())
        now = self.box.clock.now()
        return factories.transcription(self.owner, recording, created_at=now, updated_at=now, **values).id

    def find(self, choice: Choice = CHOICE, box: Toolbox | None = None) -> str | None:
        return familiar.find(box or self.box, self.owner.id, SHA, choice)


@pytest.fixture
def files(app: APIFlask, tools: Toolbox, alice: User) -> Files:  # noqa: F811 - fixtures
    return Files(tools, alice)


def test_the_newest_of_the_same_wishes_is_meant(files: Files) -> None:
    files.put()
    newest = files.put(status=Status.COMPLETED)
    files.put(requested_language="en")
    files.put(diarize=True)
    files.put(vocabulary=["COBOL"])
    files.put(details={"translate": True})
    files.put(engine="sphinx")

    assert files.find() == newest
    assert files.find(Choice(engine="fake", language="de")) is None


def test_what_another_engine_went_on_for_is_still_what_was_asked(files: Files) -> None:
    notes = {"failover": [{"from": "whisper", "to": "sphinx", "reason": "It has a cold."}]}
    went_on = files.put(engine="sphinx", model=None, details=notes)

    assert files.find(Choice(engine="whisper", model="tiny_whisper")) == went_on
    assert files.find(Choice(engine="sphinx")) is None


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_one_that_came_to_nothing_is_meant_until_that_was_told(files: Files, away: Toolbox, status: Status) -> None:  # noqa: F811 - the fixture
    lost = files.put(status=status)

    assert files.find() == lost
    assert files.find(box=away) is None
    familiar.told(away, lost)
    familiar.told(files.box, lost)
    assert files.find() is None


def test_without_redis_nobody_waits_for_others_to_begin(files: Files, away: Toolbox) -> None:  # noqa: F811 - the fixture
    with familiar.one_by_one(away, files.owner.id, SHA):
        begun = files.put()

    assert files.find(box=away) == begun


def test_neither_the_deleted_nor_the_old_nor_somebody_elses_is_meant(files: Files, bob: User, clock: FakeClock) -> None:  # noqa: F811 - fixtures
    mine = files.put()
    files.put(deleted_at=clock.now())
    Files(files.box, bob).put()

    assert files.find() == mine
    clock.advance(24 * 3600)
    assert files.find() is None


def test_what_was_heard_so_far_is_read_from_where_one_has_come_to(files: Files, bob: User) -> None:  # noqa: F811 - the fixture
    row_id = files.put()
    row = db.session.query(Transcription).filter_by(id=row_id).one()
    speaker = Speaker(transcription_seq=row.seq, label="Speaker 1", name="Grace")
    db.session.add(speaker)
    db.session.flush()
    for n, said in enumerate(("one", "two", "three")):
        spoken = SegmentRow(transcription_seq=row.seq, n=n, start=n, end=n + 1, text=said)
        spoken.speaker_id = speaker.id if n == 1 else None
        db.session.add(spoken)
    db.session.commit()

    heard = following.segments(files.owner.id, row_id, 1)

    assert [(one.text, one.speaker) for one in heard] == [("two", "Grace"), ("three", None)]
    assert following.segments(bob.id, row_id) == []
