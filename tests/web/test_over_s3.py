"""The whole way over a bucket: taken in, heard, played in ranges, exported, deleted; nothing lies on this machine afterwards."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests.emulators import s3
from tests.fakes import FakeClock
from tests.web.conftest import Browser
from tests.web.test_exporting import HeavyText
from tests.web.test_uploads import SOUND, send
from textor.adapters.storage.s3 import S3Storage
from textor.bootstrap import EXTENSION
from textor.domain.storage_places import Bucket
from textor.extensions import db
from textor.features import health
from textor.features.recordings import exports, library
from textor.features.transcription import pipeline
from textor.models import Job, Transcription
from textor.toolbox import Toolbox


@pytest.fixture
def environ(environ: dict[str, str], bucket: Bucket) -> dict[str, str]:
    url = f"s3://{bucket.name}/{bucket.prefix}?endpoint={bucket.endpoint_url}"
    return environ | {"STORAGE_URL": url, "AWS_ACCESS_KEY_ID": s3.KEY_ID, "AWS_SECRET_ACCESS_KEY": s3.SECRET, "DYNO": "web.1"}


@pytest.fixture
def heavy(app: APIFlask, tools: Toolbox) -> Toolbox:
    """The app, its plain text made by the worker."""
    changed = replace(tools, formats={**tools.formats, "txt": HeavyText()})
    app.extensions[EXTENSION] = changed
    return changed


def in_the_bucket(tools: Toolbox) -> list[str]:
    return sorted(file.key for place in ("recordings/", "exports/", "check/") for file in tools.storage.files(place))


def on_this_machine(tools: Toolbox) -> list[str]:
    folders = (tools.settings.incoming_dir, tools.settings.recordings_dir)
    return [path.name for folder in folders if folder.exists() for path in folder.rglob("*")]


def heard(tools: Toolbox, browser: Browser) -> Transcription:
    """Uploaded on the page, transcribed by the engine of this machine."""
    answer = send(browser, {"sample.flac": SOUND})
    assert answer.status_code == 201, answer.text
    row = db.session.scalars(select(Transcription)).one()
    pipeline.advance(tools, row.id, row.run_token)
    db.session.expire_all()
    return db.session.scalars(select(Transcription)).one()


@pytest.fixture
def row(heavy: Toolbox, alices: Browser) -> Transcription:
    return heard(heavy, alices)


def test_a_recording_is_taken_in_and_heard(heavy: Toolbox, row: Transcription) -> None:
    assert isinstance(heavy.storage, S3Storage)
    assert row.text
    assert in_the_bucket(heavy) == [row.recording.storage_key]
    assert on_this_machine(heavy) == []


def test_a_browser_plays_it_in_ranges(row: Transcription, alices: Browser) -> None:
    path = f"/transcripts/{row.id}/audio"
    assert alices.get(path).data == SOUND
    part = alices.get(path, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, SOUND[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(SOUND)}"
    assert alices.get(path, headers={"Range": "bytes=-7"}).data == SOUND[-7:]
    assert alices.get(path, headers={"Range": f"bytes={len(SOUND)}-"}).status_code == 416


def test_an_export_of_the_worker_is_sent_from_it(heavy: Toolbox, row: Transcription, alices: Browser) -> None:
    path = f"/transcripts/{row.id}/download/txt"
    assert alices.get(path).status_code == 202
    job_id = db.session.scalars(select(Job.id).where(Job.kind == "export")).one()
    exports.make_export(heavy, job_id)
    answer = alices.get(path)
    assert answer.status_code == 200
    assert row.text and row.text.split()[0] in answer.text
    assert f"exports/{job_id}" in in_the_bucket(heavy)
    assert on_this_machine(heavy) == []


def test_what_is_deleted_leaves_the_bucket(heavy: Toolbox, row: Transcription, clock: FakeClock) -> None:
    library.delete(heavy, row.user_id, row.id)
    clock.advance(heavy.settings.undo_seconds + 1)
    assert library.purge(heavy) == 1
    assert in_the_bucket(heavy) == []


def test_its_health_is_told(heavy: Toolbox) -> None:
    assert health.check(heavy, "storage").ok
    assert in_the_bucket(heavy) == []


@pytest.fixture
def own_server(s3_server: s3.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.Server]:
    """One more than the suite's: this one may be stopped."""
    server = s3.start(tmp_path_factory.mktemp("s3"))
    assert server
    yield server
    server.stop()


class TestWithAStoreThatDies:
    @pytest.fixture
    def bucket(self, own_server: s3.Server) -> Bucket:
        return own_server.bucket("textor")

    def test_every_door_says_so_and_nothing_is_half_done(
        self, heavy: Toolbox, row: Transcription, alices: Browser, own_server: s3.Server
    ) -> None:
        own_server.stop()
        assert health.check(heavy, "storage").fault == "The store for recordings does not answer. Try again in a moment."
        assert alices.get(f"/transcripts/{row.id}/audio").status_code == 503
        answer = send(alices, {"another.flac": SOUND})
        assert answer.status_code == 503
        assert len(db.session.scalars(select(Transcription)).all()) == 1
        assert on_this_machine(heavy) == []
