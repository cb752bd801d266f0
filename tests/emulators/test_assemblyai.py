"""The emulator of AssemblyAI: it answers in the shapes of the official document, and goes wrong when told to."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest
from aiohttp import web
from openapi_schema_validator import OAS31Validator, oas31_format_checker

from tests.conftest import SHARED, missing
from tests.emulators.assemblyai import AssemblyAI
from tests.emulators.faults import Fault
from tests.emulators.provider import Provider, as_json, serving
from tests.laws import ROOT
from tests.waiting import until

SOUND = b"not a recording, so ten seconds long"
ORDER = {"speech_models": ["universal-2"], "language_detection": True}


class Listener(Provider):
    """Somebody who is called back."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.got: list[tuple[dict[str, str], str | None]] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/hook", self._hook, name="hook")]

    def refusal(self, request: web.Request) -> web.Response | None:
        return None

    def error(self, status: int, message: str) -> web.Response:
        return web.Response(status=status, text=message)

    async def _hook(self, request: web.Request) -> web.Response:
        self.got.append((await request.json(), request.headers.get("X-Proof")))
        return web.Response()


@pytest.fixture
def provider() -> Iterator[AssemblyAI]:
    with serving(AssemblyAI()) as emulator:
        yield emulator


@pytest.fixture
def client(provider: AssemblyAI) -> Iterator[httpx.Client]:
    with caller(provider.url) as client:
        yield client


def caller(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": "emulator-key"}, trust_env=False, timeout=10)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    path = SHARED / "specs" / "assemblyai-openapi.json"
    if not path.exists():
        missing("AssemblyAI's OpenAPI document")
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def assert_valid(document: dict[str, Any], shape: str, answer: httpx.Response) -> None:
    schema = {"$ref": f"#/components/schemas/{shape}", "components": document["components"]}
    faults = list(OAS31Validator(schema, format_checker=oas31_format_checker).iter_errors(answer.json()))
    assert [f"{list(fault.path)}: {fault.message}" for fault in faults] == []


def uploaded(client: httpx.Client, data: bytes = SOUND) -> str:
    return str(client.post("/v2/upload", content=data).json()["upload_url"])


def ordered(client: httpx.Client, **wishes: Any) -> str:
    return str(client.post("/v2/transcript", json={**ORDER, "audio_url": uploaded(client), **wishes}).json()["id"])


@pytest.mark.parametrize(
    "wishes", [{}, {"speaker_labels": True}, {"multichannel": True}, {"language_code": "fa", "keyterms_prompt": ["a"]}]
)
def test_every_answer_about_a_job_has_the_documents_shape(
    provider: AssemblyAI, client: httpx.Client, document: dict[str, Any], wishes: dict[str, Any]
) -> None:
    upload = client.post("/v2/upload", content=SOUND)
    assert_valid(document, "UploadedFile", upload)
    provider.seconds = (3600, 3600)
    order = client.post("/v2/transcript", json={**ORDER, "audio_url": upload.json()["upload_url"], **wishes})
    assert_valid(document, "Transcript", order)
    path = f"/v2/transcript/{order.json()['id']}"
    assert_valid(document, "Transcript", client.get(path))
    provider.finish()
    completed = client.get(path)
    assert (order.json()["status"], completed.json()["status"]) == ("queued", "completed")
    assert completed.json()["words"]
    for answer in (completed, client.delete(path), client.get(path)):
        assert_valid(document, "Transcript", answer)


def test_failures_lists_and_errors_have_the_documents_shape(
    provider: AssemblyAI, client: httpx.Client, document: dict[str, Any]
) -> None:
    provider.fail(on="job", calls=1, error="Audio duration is too short.")
    failed, _ = ordered(client), ordered(client)
    assert_valid(document, "Transcript", client.get(f"/v2/transcript/{failed}"))
    page = client.get("/v2/transcript", params={"limit": 1})
    assert_valid(document, "TranscriptList", page)
    older = client.get(page.json()["page_details"]["prev_url"])
    assert_valid(document, "TranscriptList", older)
    assert [item["id"] for item in older.json()["transcripts"]] == [failed]
    for answer in (
        client.get("/v2/transcript/unknown"),
        client.post("/v2/transcript", json={}),
        client.delete("/v2/transcript/x"),
    ):
        assert answer.status_code == 400
        assert_valid(document, "Error", answer)


def test_the_document_would_notice(document: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        assert_valid(document, "Transcript", httpx.Response(200, json={"id": 5}))


def test_who_has_not_the_key_is_refused(provider: AssemblyAI, client: httpx.Client, document: dict[str, Any]) -> None:
    answer = client.post("/v2/upload", content=SOUND, headers={"Authorization": "Bearer emulator-key"})
    assert_valid(document, "Error", answer)
    assert (answer.status_code, provider.uploads) == (401, {})


def test_the_same_bytes_are_always_heard_alike(client: httpx.Client) -> None:
    texts = [client.get(f"/v2/transcript/{ordered(client)}").json()["text"] for _ in range(2)]
    assert texts[0] == texts[1]
    assert texts[0].lower().startswith(sha256(SOUND).hexdigest()[:8])


def test_faults_end_after_their_calls_or_seconds_or_when_mended(provider: AssemblyAI, client: httpx.Client) -> None:
    id_ = ordered(client)

    def status() -> int:
        return client.get(f"/v2/transcript/{id_}").status_code

    provider.fail(on="check", calls=2, status=503)
    assert [status() for _ in range(3)] == [503, 503, 200]
    provider.fail(on=["check"], seconds=0.3, status=429, retry_after=5)
    assert status() == 429
    until(lambda: status() == 200, "the fault's time is over", seconds=5)
    provider.fail(status=500)
    assert status() == 500
    provider.mend()
    assert status() == 200


def test_an_answer_may_be_late_or_lost_though_the_work_is_done(provider: AssemblyAI, client: httpx.Client) -> None:
    provider.fail(on="upload", calls=1, delay=0.2)
    began = time.monotonic()
    url = uploaded(client)
    assert time.monotonic() - began >= 0.2
    provider.fail(on="submit", calls=1, reset=True, is_done_first=True)
    with pytest.raises(httpx.TransportError):
        client.post("/v2/transcript", json={**ORDER, "audio_url": url})
    client.post("/v2/transcript", json={**ORDER, "audio_url": url})
    assert provider.statistics()["doubled"] == {sha256(SOUND).hexdigest(): 2}
    assert [call.status for call in provider.calls] == [200, 0, 200]


def test_a_callback_is_repeated_until_it_is_taken(provider: AssemblyAI, client: httpx.Client, document: dict[str, Any]) -> None:
    provider.webhook_pause_seconds = 0.01
    with serving(Listener()) as listener:
        listener.fail(calls=2, status=500)
        id_ = ordered(
            client, webhook_url=f"{listener.url}/hook", webhook_auth_header_name="X-Proof", webhook_auth_header_value="mine"
        )
        until(lambda: listener.got, "the callback is taken", seconds=10)
    news, proof = listener.got[0]
    assert_valid(document, "TranscriptReadyNotification", httpx.Response(200, json=news))
    assert (news, proof) == ({"transcript_id": id_, "status": "completed"}, "mine")
    assert [call.status for call in provider.calls if call.kind == "webhook"] == [500, 500, 200]
    assert client.get(f"/v2/transcript/{id_}").json()["webhook_status_code"] == 200


def test_a_callback_ends_with_a_4xx_and_may_get_lost(provider: AssemblyAI, client: httpx.Client) -> None:
    provider.webhook_pause_seconds = 0.01
    with serving(Listener()) as listener:
        listener.fail(status=410)
        provider.fail(on="webhook", calls=1)
        for _ in range(2):
            ordered(client, webhook_url=f"{listener.url}/hook")
        until(lambda: provider.count("webhook") == 2, "both callbacks are over", seconds=10)
    assert sorted(call.status for call in provider.calls if call.kind == "webhook") == [0, 410]


def test_a_job_ended_early_calls_back_at_once(provider: AssemblyAI, client: httpx.Client) -> None:
    provider.seconds = (3600, 3600)
    with serving(Listener()) as listener:
        ordered(client, webhook_url=f"{listener.url}/hook")
        assert provider.in_flight == 1
        provider.finish()
        until(lambda: listener.got, "the callback came", seconds=10)
    assert provider.in_flight == 0


def test_a_process_of_its_own_is_told_by_http() -> None:
    command = [sys.executable, "-m", "tests.emulators.assemblyai", "--seconds", "0:0.1"]
    faults = f"[{as_json(Fault(on='list', status=503))}]"
    process = subprocess.Popen([*command, "--faults", faults], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    with process, caller(process.stdout.readline().strip()) as client:
        assert client.get("/v2/transcript").status_code == 503
        client.delete("/_faults")
        assert client.get("/v2/transcript").status_code == 200
        client.post("/_faults", content=as_json(Fault(on="upload", calls=1, status=500)))
        assert client.post("/v2/upload", content=SOUND).status_code == 500
        ordered(client)
        stats = client.get("/_stats").json()
        assert (stats["jobs"], stats["calls"]) == (1, {"list": 2, "upload": 2, "submit": 1})
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
