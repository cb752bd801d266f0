"""A stage for the OpenAI-compatible family: Alice's program, a worker in a thread, and OpenAI's own document to compare with."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import pytest
from apiflask import APIFlask
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.api.conftest import Api, CallerOf
from tests.conftest import FIXTURES, SHARED, missing
from tests.stage import clock, tools  # noqa: F401 - fixtures
from textor import bootstrap
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.transcription import pipeline
from textor.models import Transcription, User

PATH = "/v1/audio/transcriptions"
SOUND = (FIXTURES / "sample.flac").read_bytes()
LOOK_SECONDS = 0.02


@dataclass
class Program:
    """Something that speaks OpenAI's language, with a key of Alice's. It closes its answers, as servers do."""

    api: Api
    answers: list[TestResponse] = field(default_factory=list)

    def ask(self, fields: dict[str, Any] | None = None, sound: bytes = SOUND, **more: Any) -> TestResponse:
        headers = more.pop("headers", {})
        data = {"model": "fake", **(fields or {}), **more, "file": (io.BytesIO(sound), "sample.flac")}
        self.answers.append(self.api.post(PATH, data=data, headers=headers))
        return self.answers[-1]


@contextmanager
def working(app: APIFlask) -> Iterator[None]:
    """A worker that takes whatever waits."""
    is_over = Event()

    def work() -> None:
        with app.app_context():
            while not is_over.wait(LOOK_SECONDS):
                waiting = db.session.execute(
                    select(Transcription.id, Transcription.run_token).where(Transcription.status == Status.QUEUED)
                ).all()
                db.session.rollback()
                for transcription_id, token in waiting:
                    pipeline.advance(bootstrap.tools(), transcription_id, token)
            db.session.remove()

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@pytest.fixture
def worker(app: APIFlask) -> Iterator[None]:
    with working(app):
        yield


@pytest.fixture
def program(alice: User, caller: CallerOf) -> Iterator[Program]:
    found = Program(caller(alice))
    yield found
    for answer in found.answers:
        answer.close()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    path = SHARED / "specs" / "openai-audio-transcriptions.slice.json"
    if not path.exists():
        missing("OpenAI's OpenAPI document")
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def assert_valid(document: dict[str, Any], shape: str, found: object) -> None:
    schema = {"$ref": f"#/components/schemas/{shape}", "components": document["components"]}
    faults = list(OAS31Validator(schema, format_checker=oas31_format_checker).iter_errors(found))
    assert [f"{list(fault.path)}: {fault.message}" for fault in faults] == []


def events(answer: TestResponse) -> list[dict[str, Any]]:
    """What a stream tells, comments left out."""
    blocks = [block for block in answer.text.split("\n\n") if block and not block.startswith(":")]
    return [json.loads(block.removeprefix("data: ")) for block in blocks]
