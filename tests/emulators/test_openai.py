"""The emulator of OpenAI: its answers have the official shapes, it refuses what OpenAI refuses, goes wrong when told to."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai.types import Model
from openapi_schema_validator import OAS31Validator, oas31_format_checker

from tests.adapters.stt.test_openai import at, heard, wav
from tests.conftest import FIXTURES, SHARED, missing
from tests.emulators.faults import Fault
from tests.emulators.openai import OpenAI
from tests.emulators.openai_answers import OPENAIS
from tests.emulators.provider import as_json, serving
from tests.laws import ROOT
from textor.adapters.stt.port import Options

SOUND = (FIXTURES / "sample.flac").read_bytes()
SHAPES = {
    "json": "CreateTranscriptionResponseJson",
    "verbose_json": "CreateTranscriptionResponseVerboseJson",
    "diarized_json": "CreateTranscriptionResponseDiarizedJson",
}
PATH = "/v1/audio/transcriptions"


@pytest.fixture
def provider() -> Iterator[OpenAI]:
    with serving(OpenAI()) as emulator:
        yield emulator


@pytest.fixture
def client(provider: OpenAI) -> Iterator[httpx.Client]:
    with caller(provider.url) as client:
        yield client


def caller(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": "Bearer emulator-key"}, trust_env=False, timeout=10)


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


def asked(client: httpx.Client, data: bytes = SOUND, name: str = "audio.flac", **fields: Any) -> httpx.Response:
    return client.post(PATH, files={"file": (name, data)}, data={"model": "whisper-1", **fields})


@pytest.mark.parametrize(
    ("model", "form"), [(name, form) for name, voice in OPENAIS.items() for form in voice.formats if form in SHAPES]
)
@pytest.mark.parametrize("is_silent", [False, True])
def test_every_answer_has_the_documents_shape(
    provider: OpenAI, client: httpx.Client, document: dict[str, Any], model: str, form: str, is_silent: bool
) -> None:
    if is_silent:
        provider.script = lambda data: ()
    wishes: dict[str, Any] = {"timestamp_granularities[]": ["word", "segment"]} if form == "verbose_json" else {}
    answer = asked(client, model=model, response_format=form, **wishes)
    assert answer.status_code == 200
    assert_valid(document, SHAPES[form], answer.json())
    assert bool(answer.json()["text"]) is not is_silent


@pytest.mark.parametrize("model", OPENAIS)
def test_what_the_engine_asks_for_has_the_documents_shape(provider: OpenAI, document: dict[str, Any], model: str) -> None:
    engine = at(provider.url, key="emulator-key")
    vocabulary = ("Textor",) if engine.can(model).vocabulary else ()
    for options in (Options(model=model), Options(model=model, language="en_us", diarize=True, vocabulary=vocabulary)):
        heard(engine, options)
        assert_valid(document, "CreateTranscriptionRequest", {**provider.heard[-1].fields, "file": "sound"})


def test_the_document_would_notice(document: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        assert_valid(document, SHAPES["verbose_json"], {"text": "A", "duration": "long"})


def test_text_is_text(client: httpx.Client) -> None:
    answer = asked(client, response_format="text")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.lower().startswith(sha256(SOUND).hexdigest()[:8])


def test_times_come_as_far_as_they_are_asked_for(client: httpx.Client) -> None:
    wishes: list[tuple[dict[str, Any], set[str]]] = [
        ({}, {"segments"}),
        ({"timestamp_granularities[]": "word"}, {"words"}),
        ({"timestamp_granularities": ["word", "segment"]}, {"words", "segments"}),  # without brackets, as curl's users write
    ]
    for fields, given in wishes:
        answer = asked(client, response_format="verbose_json", **fields).json()
        assert {"words", "segments"} & set(answer) == given


def test_the_models_come_with_the_dates_of_their_end(client: httpx.Client) -> None:
    answer = client.get("/v1/models").json()
    found = {model.id: model.shutdown_date for model in map(Model.model_validate, answer["data"])}
    assert (answer["object"], found["whisper-1"], found["gpt-transcribe"]) == ("list", "2027-02-26", None)


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"model": "gpt-transcribe", "language": "en", "languages[]": ["fa"]}, 400, "languages"),
        ({"model": "gpt-transcribe", "keywords[]": ["<b>"]}, 400, "keywords"),
        ({"model": "gpt-transcribe", "response_format": "verbose_json"}, 400, "response_format"),
        ({"model": "gpt-4o-transcribe", "response_format": "verbose_json"}, 400, "response_format"),
        ({"model": "gpt-4o-transcribe-diarize", "prompt": "Textor"}, 400, "prompt"),
        ({"keywords[]": ["Textor"]}, 400, "keywords"),
        ({"language": "english"}, 400, "language"),
        ({"response_format": "json", "timestamp_granularities[]": ["word"]}, 400, "timestamp_granularities"),
        ({"response_format": "srt"}, 400, "response_format"),
        ({"name": "audio.aiff"}, 400, None),
        ({"model": "whisper-9"}, 404, None),
        ({"model": ""}, 404, None),
    ],
)
def test_what_openai_refuses_is_refused(
    provider: OpenAI, client: httpx.Client, document: dict[str, Any], fields: dict[str, Any], status: int, param: str | None
) -> None:
    answer = asked(client, **fields)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)
    assert_valid(document, "ErrorResponse", answer.json())
    assert provider.heard == []


def test_a_long_conversation_must_be_cut_into_chunks(client: httpx.Client, tmp_path: Path) -> None:
    sound = wav(tmp_path / "long.wav", seconds=31).read_bytes()
    fields = {"model": "gpt-4o-transcribe-diarize", "response_format": "diarized_json"}
    assert asked(client, sound, "long.wav", **fields).json()["error"]["param"] == "chunking_strategy"
    assert asked(client, sound, "long.wav", chunking_strategy="auto", **fields).status_code == 200


@pytest.mark.parametrize(
    ("model", "seconds", "said"), [("whisper-1", 0.05, "too short"), ("gpt-transcribe", 1401, "longer than 1400")]
)
def test_recordings_may_be_too_short_or_too_long(
    client: httpx.Client, tmp_path: Path, model: str, seconds: float, said: str
) -> None:
    sound = wav(tmp_path / "sound.wav", seconds=1).read_bytes()
    header = sound[:40] + int(seconds * 32_000).to_bytes(4, "little")  # what it says, not what it has
    answer = asked(client, header + sound[44:], "sound.wav", model=model)
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (400, True)


def test_too_large_a_file_is_refused(provider: OpenAI, client: httpx.Client) -> None:
    provider.max_bytes = 1000
    assert asked(client).status_code == 413


def test_no_file_is_refused(client: httpx.Client) -> None:
    assert client.post(PATH, data={"model": "whisper-1"}, files={"another": b""}).status_code == 400


def test_who_has_not_the_key_is_refused(provider: OpenAI, client: httpx.Client, document: dict[str, Any]) -> None:
    answer = client.post(PATH, files={"file": ("a.flac", SOUND)}, headers={"Authorization": "emulator-key"})
    assert_valid(document, "ErrorResponse", answer.json())
    assert (answer.status_code, provider.heard) == (401, [])
    provider.key = ""
    assert client.get("/v1/models", headers={"Authorization": ""}).status_code == 200


def test_the_same_bytes_are_always_heard_alike_and_counted(provider: OpenAI, client: httpx.Client) -> None:
    assert asked(client).json() == asked(client).json()
    assert provider.statistics()["doubled"] == {sha256(SOUND).hexdigest(): 2}


def test_a_call_whose_answer_is_lost_was_heard_all_the_same(provider: OpenAI, client: httpx.Client) -> None:
    provider.fail(on="transcribe", calls=1, reset=True, is_done_first=True)
    with pytest.raises(httpx.TransportError):
        asked(client)
    assert (len(provider.heard), provider.in_flight) == (1, 0)


def test_a_process_of_its_own_is_told_by_http() -> None:
    command = [sys.executable, "-m", "tests.emulators.openai", "--seconds", "0:0.1"]
    faults = f"[{as_json(Fault(on='models', status=503))}]"
    process = subprocess.Popen([*command, "--faults", faults], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    with process, caller(process.stdout.readline().strip()) as client:
        assert client.get("/v1/models").status_code == 503
        client.delete("/_faults")
        assert client.get("/v1/models").status_code == 200
        assert asked(client).status_code == 200
        stats = client.get("/_stats").json()
        assert (stats["transcriptions"], stats["calls"]) == (1, {"models": 2, "transcribe": 1})
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
