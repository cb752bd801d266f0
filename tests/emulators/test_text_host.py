"""The emulated host of text models: its answers have the official shapes, it refuses what it lacks, goes wrong when told to."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openai.types import Model

from tests.adapters.text_models.test_openai import QUESTION, SAID, at
from tests.conftest import SHARED, missing
from tests.emulators.faults import Fault
from tests.emulators.provider import as_json, serving
from tests.emulators.test_openai import assert_valid, caller
from tests.emulators.text_host import TextHost
from tests.laws import ROOT
from textor.adapters.text_models.port import Brief, Wanted

PATH = "/v1/chat/completions"
MESSAGES = [
    {"role": "system", "content": "Use at most 50 words. Write TOPICS: at most 2 topics."},
    {"role": "user", "content": '{"n": 1, "said": "The bridge is closed."}\n{"n": 2, "said": "Cables are rusty."}'},
    {"role": "assistant", "content": "Read."},
    {"role": "user", "content": "Write."},
]


@pytest.fixture(scope="module")
def server() -> Iterator[TextHost]:
    with serving(TextHost()) as emulator:
        yield emulator


@pytest.fixture
def host(server: TextHost) -> TextHost:
    server.renew()
    return server


@pytest.fixture
def client(host: TextHost) -> Iterator[httpx.Client]:
    with caller(host.url) as client:
        yield client


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    path = SHARED / "specs" / "openai-audio-chat-responses.slice.json"
    if not path.exists():
        missing("OpenAI's OpenAPI document")
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), object_hook=with_nulls)
    return read


def with_nulls(schema: dict[str, Any]) -> dict[str, Any]:
    """The document is OpenAPI 3.1 and says `nullable` all the same, which 3.1 does not know."""
    if schema.pop("nullable", None) is not True:
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def asked(client: httpx.Client, **fields: Any) -> httpx.Response:
    return client.post(PATH, json={"model": "gpt-6-luna", "messages": MESSAGES, "stream": True, **fields})


def events(answer: httpx.Response) -> list[Any]:
    """What came, but for the word that it is over."""
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


def text(answer: httpx.Response) -> str:
    return "".join(choice["delta"].get("content") or "" for event in events(answer) for choice in event["choices"])


@pytest.mark.parametrize("way", ["", "refusal", "length", "filter"])
def test_every_event_has_the_documents_shape(host: TextHost, client: httpx.Client, document: dict[str, Any], way: str) -> None:
    if way:
        host.fail(on=way)
    answer = asked(client, stream_options={"include_usage": True})
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    *told, last = events(answer)
    for event in (*told, last):
        assert_valid(document, "CreateChatCompletionStreamResponse", event)
    assert_valid(document, "CompletionUsage", last["usage"])
    assert [told[-1]["choices"][0]["finish_reason"]] == [{"length": "length", "filter": "content_filter"}.get(way, "stop")]


def test_the_document_would_notice(document: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        assert_valid(document, "CreateChatCompletionStreamResponse", {"id": 5, "choices": [{}]})


def test_what_the_model_asks_for_has_the_documents_shape(host: TextHost, document: dict[str, Any]) -> None:
    for is_openai in (True, False):
        model = at(host, is_openai=is_openai, key=host.key)
        model.summarize(SAID, Wanted(instruction="Short."))
        model.answer(QUESTION, SAID)
        model.imagine(SAID, Brief())
    assert len(host.asked) == 6
    for body in host.asked:
        assert_valid(document, "CreateChatCompletionRequest", body)


def test_it_makes_a_summary_of_what_was_said(client: httpx.Client) -> None:
    assert text(asked(client)) == "The bridge is closed [1]. Cables are rusty [2].\n\nTOPICS\nbridge\nclosed"


def test_it_says_what_it_is_told_to_and_then_again_its_own(host: TextHost, client: httpx.Client) -> None:
    host.says.append("Yes [1].")
    assert [text(asked(client)) == "Yes [1]." for _ in range(2)] == [True, False]


def test_an_answer_has_no_more_tokens_than_are_allowed(client: httpx.Client) -> None:
    answer = asked(client, max_tokens=2)
    assert text(answer) == "The bridge"
    assert events(answer)[-1]["choices"][0]["finish_reason"] == "length"


def test_usage_is_told_where_it_is_asked_for_only(client: httpx.Client) -> None:
    for wish, is_told in (({}, False), ({"include_usage": False}, False), ({"include_usage": True}, True)):
        assert any("usage" in event for event in events(asked(client, stream_options=wish))) is is_told


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"model": "gpt-9"}, 404, None),
        ({"temperature": 1}, 400, "temperature"),
        ({"tools": []}, 400, "tools"),
        ({"response_format": {"type": "json_object"}}, 400, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}, 400, "response_format"),
        ({"messages": MESSAGES[:1] + MESSAGES[2:]}, 400, None),
        ({"messages": [*MESSAGES[:3], {"role": "user", "content": "word " * 60}]}, 400, "messages"),
    ],
)
def test_what_it_does_not_take_is_refused(
    host: TextHost, client: httpx.Client, document: dict[str, Any], fields: dict[str, Any], status: int, param: str | None
) -> None:
    host.lacks, host.window_tokens = {"temperature", "json_object"}, 50
    answer = asked(client, **fields)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)
    assert_valid(document, "ErrorResponse", answer.json())


def test_who_has_not_the_key_is_refused(host: TextHost, client: httpx.Client) -> None:
    assert client.get("/v1/models", headers={"Authorization": "emulator-key"}).status_code == 401
    names = [Model.model_validate(one).id for one in client.get("/v1/models").json()["data"]]
    assert names == host.environ["TEXT_MODEL"].split(",")


def test_a_process_of_its_own_is_told_by_http() -> None:
    command = [sys.executable, "-m", "tests.emulators.text_host", "--faults", f"[{as_json(Fault(on='models', status=503))}]"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    with process, caller(process.stdout.readline().strip()) as client:
        assert client.get("/v1/models").status_code == 503
        client.delete("/_faults")
        assert asked(client).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
