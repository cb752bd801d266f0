"""The sweep of the store: what no row knows goes after a day; what has a row, is young or is somebody else's stays."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import factories
from tests.fakes import FakeClock
from textor import jobs
from textor.adapters.storage.local import LocalStorage
from textor.adapters.storage.port import StoredFile
from textor.adapters.storage.s3 import S3Storage
from textor.errors import Unavailable
from textor.extensions import db
from textor.features.recordings import leftovers
from textor.job_queue import tickets
from textor.models import Job, Slice, User
from textor.toolbox import Toolbox

DAY = timedelta(days=1)


@pytest.fixture(params=["folder", "bucket"])
def anywhere(tools: Toolbox, request: pytest.FixtureRequest, tmp_path: Path) -> Toolbox:
    if request.param == "folder":
        return tools
    return replace(tools, storage=S3Storage(request.getfixturevalue("bucket"), tmp_path / "scratch"))


def stored(tools: Toolbox, place: str, ending: str = "") -> str:
    key = f"{place}/{uuid.uuid4()}{ending}"
    source = tools.settings.data_dir / "source"
    source.write_bytes(b"sound")
    tools.storage.put(key, source)
    return key


def keys(tools: Toolbox) -> set[str]:
    places = (*leftovers.PLACES, "elsewhere/")
    return {file.key for place in places for file in tools.storage.files(place)}


def a_day_later(clock: FakeClock) -> None:
    clock.time = datetime.now(UTC) + DAY + timedelta(minutes=1)


def name_all(tools: Toolbox, owner: User) -> set[str]:
    """A recording, a slice and an export, each stored and named by its row."""
    recording = factories.recording(owner, storage_key=stored(tools, "recordings"))
    row = factories.transcription(owner, recording)
    piece = stored(tools, "slices", ".flac")
    db.session.add(Slice(transcription_seq=row.seq, n=0, start=0.0, end=1.0, engine="fake", storage_key=piece))
    export = stored(tools, "exports")
    now = datetime.now(UTC)
    job = Job(id=export.removeprefix("exports/"), user_id=owner.id, kind="export", dedupe_key=export, payload={})
    job.created_at = job.updated_at = now
    db.session.add(job)
    named = {recording.storage_key, piece, export}
    db.session.commit()
    return named


@pytest.mark.both_databases
def test_what_no_row_names_goes_after_a_day(anywhere: Toolbox, alice: User, clock: FakeClock) -> None:
    named = name_all(anywhere, alice)
    strange = {stored(anywhere, place) for place in ("recordings", "slices", "exports", "check")}
    clock.time = datetime.now(UTC) + DAY - timedelta(minutes=1)
    assert leftovers.sweep(anywhere) == 0
    assert keys(anywhere) == named | strange
    a_day_later(clock)
    assert leftovers.sweep(anywhere) == 4
    assert keys(anywhere) == named
    assert leftovers.sweep(anywhere) == 0


def test_files_that_are_not_textors_own_stay(anywhere: Toolbox, alice: User, clock: FakeClock) -> None:
    source = anywhere.settings.data_dir / "source"
    others = {"recordings/holiday.mp3", f"elsewhere/{uuid.uuid4()}", f"recordings/{uuid.uuid4()}/sub"}
    for key in others:
        source.write_bytes(b"sound")
        anywhere.storage.put(key, source)
    a_day_later(clock)
    assert leftovers.sweep(anywhere) == 0
    assert keys(anywhere) == others


def test_a_row_that_comes_while_the_sweep_looks_saves_its_file(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    key = stored(tools, "recordings")
    owner = alice.id
    a_day_later(clock)

    class Slow(LocalStorage):
        """Ends its list after the file was seen, and the row was committed."""

        def files(self, prefix: str) -> Iterator[StoredFile]:
            yield from super().files(prefix)
            if prefix == leftovers.PLACES[-1]:
                factories.recording(db.session.get_one(User, owner), storage_key=key)

    slow = replace(tools, storage=Slow(tools.settings.recordings_dir))
    assert leftovers.sweep(slow) == 0
    assert keys(tools) == {key}


def test_a_strange_database_costs_nobody_their_recordings(
    tools: Toolbox, alice: User, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(leftovers.FEW + 1):
        stored(tools, "recordings")
    a_day_later(clock)
    assert leftovers.sweep(tools) == 0
    assert len(keys(tools)) == leftovers.FEW + 1
    assert "Is it their database?" in caplog.text


def test_a_store_that_is_away_is_swept_another_time(tools: Toolbox, alice: User) -> None:
    class Away(LocalStorage):
        """Answers nothing."""

        def drop_unfinished(self, prefix: str, before: datetime) -> int:
            raise Unavailable("away")

    assert leftovers.sweep(replace(tools, storage=Away(tools.settings.recordings_dir))) == 0


def test_the_schedule_hands_the_sweep_to_one_worker(tools: Toolbox, alice: User) -> None:
    periodic = next(one for one in jobs.PERIODIC if one.name == "storage")
    assert periodic.seconds == 3600
    for _ in range(3):
        periodic.work(tools)
    assert tickets.waiting(tools, "exports") == ["sweep-storage"]
    assert jobs.HANDLERS["sweep_storage"].work is leftovers.sweep
