"""The official Python client, unchanged: base_url and a key are all that it is told."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import openai
import pytest
from apiflask import APIFlask
from openai import OpenAI
from openai.types.audio import TranscriptionDiarized, TranscriptionTextDoneEvent, TranscriptionVerbose, TranslationVerbose
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.api.conftest import KeyOf
from tests.api.openai_compatible.conftest import SOUND, working
from tests.fakes import FakeClock, FakeEngine
from textor.adapters.stt.port import Capabilities
from textor.domain import scopes
from textor.domain.transcript import Segment, Word
from textor.errors import EngineError
from textor.extensions import db
from textor.models import Transcription, User
from textor.settings import Settings
from textor.toolbox import Toolbox

FILE = ("talk.flac", SOUND)
TEXT = "hello there general"


class Quiet(WSGIRequestHandler):
    """HTTP as a server speaks it, without lines about it."""

    protocol_version = "HTTP/1.1"

    def log(self, *args: Any, **kwargs: Any) -> None:
        """Nothing."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, sync_wait_seconds=10, quota_user="4/day", default_engine="fake")


@pytest.fixture
def engine(tools: Toolbox, clock: FakeClock) -> FakeEngine:
    """The default one, which can do it all."""
    clock.time = datetime.now(UTC)
    found = tools.engines["fake"]
    assert isinstance(found, FakeEngine)
    found.segments = (
        Segment(0.0, 1.0, "hello there", (Word("hello", 0.0, 0.4), Word("there", 0.5, 1.0)), 0.9, "Speaker 1"),
        Segment(1.0, 2.0, "general", (Word("general", 1.0, 2.0),), 0.9, "Speaker 2"),
    )
    can = Capabilities(detects_language=True, word_times=True, vocabulary=True, speakers=True, translates=True, runs_locally=True)
    found.__class__ = type("Able", (FakeEngine,), {"capabilities": can})
    return found


@pytest.fixture
def url(app: APIFlask, engine: FakeEngine) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with working(app):
        yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def official(url: str, alice: User, key_of: KeyOf) -> Iterator[OpenAI]:
    with OpenAI(base_url=url, api_key=key_of(alice), max_retries=0) as found:
        yield found


def test_every_format_is_what_the_client_makes_of_openais_own(official: OpenAI) -> None:
    create = official.audio.transcriptions.create
    assert create(model="whisper-1", file=FILE).text == TEXT
    assert create(model="whisper-1", file=FILE, response_format="text") == TEXT
    assert create(model="whisper-1", file=FILE, response_format="srt").startswith("1\n00:00:00,000")
    assert create(model="whisper-1", file=FILE, response_format="vtt").startswith("WEBVTT")
    verbose = create(
        model="whisper-1", file=FILE, response_format="verbose_json", timestamp_granularities=["word", "segment"], language="en"
    )
    assert isinstance(verbose, TranscriptionVerbose)
    assert (verbose.language, verbose.duration) == ("english", 12.45)
    assert [word.word for word in verbose.words or []] == ["hello", "there", "general"]
    assert [segment.text for segment in verbose.segments or []] == ["hello there", " general"]
    diarized = create(model="fake", file=FILE, response_format="diarized_json", chunking_strategy="auto")
    assert isinstance(diarized, TranscriptionDiarized)
    assert [segment.speaker for segment in diarized.segments] == ["A", "B"]
    assert db.session.query(Transcription).count() == 3


def test_equal_requests_at_once_share_one_transcription(official: OpenAI) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(official.audio.transcriptions.create, model="whisper-1", file=FILE) for _ in range(4)]
        assert [one.result().text for one in asked] == [TEXT] * 4
    assert db.session.query(Transcription).count() == 1


def test_everything_else_it_may_send_is_understood(official: OpenAI, engine: FakeEngine) -> None:
    official.audio.transcriptions.create(
        model="whisper-1",
        file=FILE,
        prompt="COBOL",
        temperature=0.2,
        chunking_strategy={"type": "server_vad", "threshold": 0.4},
        include=[],
        extra_body={"service_tier": "auto"},
    )

    assert engine.heard[0].vocabulary == ("COBOL",)


def test_a_stream_is_read_event_by_event(official: OpenAI) -> None:
    events = list(official.audio.transcriptions.create(model="whisper-1", file=FILE, stream=True))

    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == TEXT
    done = events[-1]
    assert isinstance(done, TranscriptionTextDoneEvent)
    assert (done.text, done.usage and done.usage.total_tokens) == (TEXT, 0)


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # OpenAI's own will be switched off
def test_a_translation_is_one(official: OpenAI, engine: FakeEngine) -> None:
    assert official.audio.translations.create(model="whisper-1", file=FILE).text == TEXT
    verbose = official.audio.translations.create(model="whisper-1", file=FILE, response_format="verbose_json")
    assert isinstance(verbose, TranslationVerbose)
    assert (verbose.language, [one.translate for one in engine.heard]) == ("english", [True])


def test_models_are_listed_and_looked_at(official: OpenAI) -> None:
    names = {model.id for model in official.models.list()}

    assert {"whisper-1", "fake", "sphinx"} <= names
    assert official.models.retrieve("whisper-1").id == "whisper-1"
    assert official.models.retrieve("whisper/tiny_whisper").owned_by == "whisper"


def test_errors_become_the_clients_own(official: OpenAI, alice: User, key_of: KeyOf, engine: FakeEngine) -> None:
    create = official.audio.transcriptions.create
    with pytest.raises(openai.BadRequestError, match="need response_format verbose_json") as bad:
        create(model="whisper-1", file=FILE, timestamp_granularities=["word"])
    assert (bad.value.param, bad.value.type) == ("timestamp_granularities", "invalid_request_error")
    with pytest.raises(openai.BadRequestError):
        create(model="whisper-1", file=("talk.mp3", b"no sound at all"))
    with pytest.raises(openai.NotFoundError) as unknown:
        create(model="gpt-9-transcribe", file=FILE)
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.AuthenticationError) as stranger:
        official.with_options(api_key="tx_unknown").models.list()
    assert stranger.value.code == "invalid_api_key"
    with pytest.raises(openai.PermissionDeniedError):
        official.with_options(api_key=key_of(alice, scopes.TEXT)).models.list()
    assert stranger.value.request_id


def test_an_engine_that_fails_is_an_error_of_the_servers_and_is_not_tried_again_by_itself(
    official: OpenAI, engine: FakeEngine
) -> None:
    engine.error = EngineError("The engine has a cold.")
    with pytest.raises(openai.InternalServerError, match="The engine has a cold") as failed:
        official.with_options(max_retries=2).audio.transcriptions.create(model="whisper-1", file=FILE)
    assert failed.value.code == "transcription_failed"
    assert len(engine.heard) == 1
    with pytest.raises(openai.APIError, match="The engine has a cold"):
        list(official.audio.transcriptions.create(model="whisper-1", file=FILE, stream=True))


def test_a_quota_that_is_used_up_is_a_rate_limit(official: OpenAI) -> None:
    sounds = [("talk.flac", SOUND + b"\x00" * n) for n in range(5)]
    for sound in sounds[:4]:
        official.audio.transcriptions.create(model="whisper-1", file=sound)
    with pytest.raises(openai.RateLimitError) as exceeded:
        official.with_options(max_retries=2).audio.transcriptions.create(model="whisper-1", file=sounds[4])
    assert exceeded.value.code == "rate_limit_exceeded"
