"""A recording that outlives the wait, as an official client meets it: a real server, a real worker, one transcription."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import openai
import pytest
from openai import OpenAI
from openai.types.audio import Transcription as Heard

from tests.api.conftest import KeyOf
from tests.conftest import FIXTURES
from tests.laws import ROOT
from tests.waiting import until
from tests.workers import Start, start, tools  # noqa: F401 - fixtures
from textor.extensions import db
from textor.models import Transcription, User

SAMPLE = FIXTURES / "sample.flac"
SAID = "hello and welcome"


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"SYNC_WAIT_SECONDS": "1", "DEFAULT_ENGINE": "sphinx"}


@pytest.fixture
def official(alice: User, key_of: KeyOf, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAI]:
    """The client, on a gunicorn of its own."""
    path = tmp_path_factory.mktemp("g") / "s"
    command = [sys.executable, "-m", "gunicorn", "--bind", f"unix:{path}", "--workers", "1", "wsgi:app"]
    transport = httpx2.HTTPTransport(uds=str(path))
    with (
        subprocess.Popen(command, cwd=ROOT, env={"PATH": os.environ["PATH"], **environ}) as process,
        OpenAI(
            base_url="http://textor.example/v1", api_key=key_of(alice), http_client=httpx2.Client(transport=transport)
        ) as client,
    ):
        until(lambda: answers(client, path), "the server answers")
        yield client
        process.terminate()


def answers(client: OpenAI, path: Path) -> bool:
    with suppress(openai.APIConnectionError):
        return path.exists() and bool(client.with_options(max_retries=0).models.list().data)
    return False


def test_a_text_that_takes_longer_than_a_request_may_wait_arrives_all_the_same(
    official: OpenAI,
    start: Start,  # noqa: F811 - the fixture
) -> None:
    with SAMPLE.open("rb") as file:
        raw = official.audio.transcriptions.with_raw_response.create(model="whisper-1", file=file)
    assert raw.status_code == 202

    heard: list[Heard] = []
    kept = threading.Thread(target=lambda: heard.append(official.audio.transcriptions.create(model="whisper-1", file=SAMPLE)))
    kept.start()
    stream = official.audio.transcriptions.create(model="whisper-1", file=SAMPLE, stream=True)
    start()
    events = list(stream)
    kept.join(60)

    assert [event.type for event in events][-1] == "transcript.text.done"
    assert SAID in heard[0].text
    assert heard[0].text == "".join(event.delta for event in events if event.type == "transcript.text.delta")
    assert db.session.query(Transcription).count() == 1
