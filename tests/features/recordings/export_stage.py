"""A stage for exports: a format that does as it is told, and transcripts of Alice's."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from tests import factories
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.bootstrap import EXTENSION
from textor.domain.job_states import Status
from textor.domain.transcript import Document
from textor.extensions import db
from textor.features.recordings import exports
from textor.features.recordings.exports import Making, Ready
from textor.models import Job, SegmentRow, Speaker, Transcription, User
from textor.toolbox import Toolbox

ALL = ExportOptions()


@dataclass
class FakeFormat(ExportFormat):
    """A heavy one that writes down what it was asked to write."""

    error: Exception | None = None
    lacking: str | None = None
    meanwhile: Callable[[], None] = lambda: None
    asked: list[tuple[Document, ExportOptions]] = field(default_factory=list)

    name = "fake"
    title = "Fake"
    media_type = "application/x-fake"
    is_heavy = True
    large_characters = 20

    def missing(self) -> str | None:
        return self.lacking

    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        self.asked.append((document, options))
        self.meanwhile()
        if self.error:
            raise self.error
        out.write("\n".join(segment.text for segment in document.segments).encode())


@pytest.fixture
def fake() -> FakeFormat:
    return FakeFormat()


@pytest.fixture
def press(app: APIFlask, tools: Toolbox, fake: FakeFormat) -> Toolbox:
    """The app's tools with the fake format among the real ones."""
    press = replace(tools, formats={**tools.formats, "fake": fake})
    app.extensions[EXTENSION] = press
    return press


def transcript(owner: User, *said: str, title: str = "Meeting") -> Transcription:
    row = factories.transcription(owner, factories.recording(owner, title=title), status=Status.COMPLETED, language="en")
    speaker = Speaker(transcription_seq=row.seq, label="A", name="Ann")
    db.session.add(speaker)
    db.session.flush()
    for n, text in enumerate(said):
        values = {"n": n, "start": n * 2.0, "end": n * 2.0 + 1, "text": text, "speaker_id": speaker.id, "words": []}
        db.session.add(SegmentRow(transcription_seq=row.seq, **values))
    db.session.commit()
    return row


@pytest.fixture
def short(alice: User) -> Transcription:
    return transcript(alice, "Hello there.")


@pytest.fixture
def long(alice: User) -> Transcription:
    return transcript(alice, "Hello there, this is long.", "And it goes on.")


def contents(ready: Ready | Making) -> bytes:
    assert isinstance(ready, Ready)
    with ready.open() as file:
        data = file.read()
    assert len(data) == ready.size_bytes
    return data


def job() -> Job:
    db.session.expire_all()
    return db.session.scalars(select(Job)).one()


def ask(tools: Toolbox, row: Transcription, name: str = "fake", options: ExportOptions = ALL) -> Ready | Making:
    return exports.export(tools, row.user_id, row.id, name, options)


@pytest.fixture
def asked(press: Toolbox, long: Transcription) -> Job:
    """A large export somebody waits for."""
    assert isinstance(ask(press, long), Making)
    return job()
