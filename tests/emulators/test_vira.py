"""The emulator of Vira. Nobody publishes what it answers: its shapes are those that the programs which use it read."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.emulators.provider import serving
from tests.emulators.vira import Vira

SOUND = b"not a recording, so ten seconds long"
REQUEST, RESULT = "/avanegar/v2/avanegar/request", "/avanegar/v2/avanegar-large/getResult"


@pytest.fixture
def provider() -> Iterator[Vira]:
    with serving(Vira()) as emulator:
        yield emulator


@pytest.fixture
def client(provider: Vira) -> Iterator[httpx.Client]:
    headers = {"gateway-token": "emulator-key"}
    with httpx.Client(base_url=provider.url, headers=headers, trust_env=False, timeout=10) as client:
        yield client


def sent(client: httpx.Client, data: bytes = SOUND, **fields: str) -> httpx.Response:
    return client.post(REQUEST, data=fields, files={"audio": ("audio.mp3", data)})


def response(answer: httpx.Response) -> Any:
    return answer.json()["data"]["data"]["aiResponse"]


def test_a_short_job_is_answered_at_once(provider: Vira, client: httpx.Client) -> None:
    answer = sent(client, model="telephony")
    (job,) = provider.jobs.values()
    assert response(answer)["result"]["text"] == " ".join(word.text for word in job.words)
    assert (job.asked, job.filename) == ({"model": ["telephony"]}, "audio.mp3")


def test_a_long_job_is_to_be_asked_after(provider: Vira, client: httpx.Client) -> None:
    provider.seconds = 3600
    data = sent(client).json()["data"]
    assert data["status"] == "processing"
    assert client.get(RESULT, params={"id": data["id"]}).json()["data"]["status"] == "processing"
    provider.finish(data["id"])
    assert response(client.get(RESULT, params={"id": data["id"]}))["result"]["text"]
    provider.lose(data["id"])
    assert client.get(RESULT, params={"id": data["id"]}).status_code == 404


def test_a_recording_that_is_too_long_is_refused_and_costs_nothing(provider: Vira, client: httpx.Client) -> None:
    provider.longest_seconds, before = 9, provider.credit_seconds
    answer = sent(client)
    checked = answer.json()["data"]["additionalInfo"]["additionalInfo"]["validationResults"]
    assert (answer.status_code, checked[-1]["field"], checked[-1]["passed"]) == (400, "duration", False)
    assert (provider.credit_seconds, provider.refused_seconds) == (before, [10])


def test_speakers_and_times_come_where_they_are_wanted(provider: Vira, client: httpx.Client) -> None:
    told = response(sent(client, diarize="true"))["segments"]
    assert {one["speaker"] for one in told} == {0, 1}
    assert told[0]["start"] == 0
    provider.tells_times = False
    assert set(response(sent(client))["segments"][0]) == {"text"}


def test_errors_are_told_in_words(provider: Vira, client: httpx.Client) -> None:
    assert sent(client, b"").json()["message"] == "Empty Audio file"
    assert (
        client.post(REQUEST, data={"audio": "text"}, files={"other": b"x"}).json()["message"]
        == "Input file content is unexpected"
    )
    assert client.get(RESULT, headers={"gateway-token": "another"}).status_code == 401
    provider.credit_seconds = 5
    assert "balanceError" in sent(client).json()["message"]
