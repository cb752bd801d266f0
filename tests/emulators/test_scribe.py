"""The emulator of MetisAI. Nobody publishes what it answers: its shapes are those that the programs which use it read."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.provider import serving
from tests.emulators.scribe import Scribe

SOUND = b"not a recording, so ten seconds long"
JOBS = "/api/v2/generate"


@pytest.fixture
def provider() -> Iterator[Scribe]:
    with serving(Scribe()) as emulator:
        yield emulator


@pytest.fixture
def client(provider: Scribe) -> Iterator[httpx.Client]:
    headers = {"Authorization": "Bearer emulator-key"}
    with httpx.Client(base_url=provider.url, headers=headers, trust_env=False, timeout=10) as client:
        yield client


def uploaded(client: httpx.Client) -> str:
    return str(client.post("/api/v1/storage", files={"files": ("a.mp3", SOUND)}).json()["files"][0]["url"])


def ordered(client: httpx.Client, **args: Any) -> httpx.Response:
    model = {"name": "elevenlabs", "model": "scribe_v1"}
    return client.post(JOBS, json={"model": model, "operation": "STT", "args": args})


@pytest.mark.parametrize("name", ["url", "audio_url", "file", "audio", "source", "file_url"])
def test_a_recording_is_found_under_any_of_its_names(client: httpx.Client, name: str) -> None:
    order = ordered(client, **{name: uploaded(client)}).json()
    done = client.get(f"{JOBS}/{order['id']}").json()
    assert (order["status"], done["status"], done["usage"]) == ("WAITING", "COMPLETED", {"cost": 0.25})
    assert done["generations"][0]["content"]


def test_a_job_waits_runs_and_may_fail_or_be_cancelled(provider: Scribe, client: httpx.Client) -> None:
    provider.seconds = 3600
    provider.fail(on="job", calls=1, error="The file is no audio")
    ids = [ordered(client, url=uploaded(client)).json()["id"] for _ in range(2)]
    assert client.get(f"{JOBS}/{ids[0]}").json() == {"id": ids[0], "status": "QUEUE", "generations": []}
    provider.finish(ids[0])
    provider.jobs[ids[1]].is_cancelled = True
    failed, cancelled = (client.get(f"{JOBS}/{id_}").json() for id_ in ids)
    assert (failed["status"], failed["error"], cancelled["status"]) == (
        "ERROR",
        {"message": "The file is no audio"},
        "CANCELLED",
    )


def test_a_text_that_is_elsewhere_is_for_whoever_knows_where(provider: Scribe, client: httpx.Client) -> None:
    provider.delivers = "quoted"
    done = client.get(f"{JOBS}/{ordered(client, url=uploaded(client)).json()['id']}").json()
    answer = httpx.get(done["generations"][0]["url"], trust_env=False)
    assert (answer.status_code, answer.text[0], answer.text[-1]) == (200, '"', '"')


def test_errors_carry_a_message_and_a_code(provider: Scribe, client: httpx.Client) -> None:
    provider.balance = 0.1
    refused = ordered(client, url=uploaded(client))
    assert (refused.status_code, refused.json()) == (
        402,
        {"message": "Insufficient credits", "errorCode": "INSUFFICIENT_CREDITS"},
    )
    unknown = client.get(f"{JOBS}/1")
    assert (unknown.status_code, unknown.json()["errorCode"]) == (404, "RESOURCE_NOT_FOUND")
    assert client.get("/api/v1/credit/statement", headers={"Authorization": "emulator-key"}).status_code == 401
    assert client.post("/api/v1/storage", data={"a": "b"}).status_code == 400
    assert ordered(client, url="https://elsewhere.example/1").status_code == 400
    assert client.post(JOBS, json={"model": {"name": "openai"}, "operation": "STT", "args": {}}).status_code == 400
