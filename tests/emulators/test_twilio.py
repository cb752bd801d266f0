"""The emulator of Twilio: it answers in the shapes of the official document."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS30Validator

from tests.conftest import SHARED, missing
from tests.emulators.provider import serving
from tests.emulators.twilio import ACCOUNT, BASE, TOKEN, TwilioHost


@pytest.fixture
def provider() -> Iterator[TwilioHost]:
    with serving(TwilioHost()) as emulator:
        yield emulator


@pytest.fixture
def client(provider: TwilioHost) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=provider.url, auth=(ACCOUNT, TOKEN), trust_env=False, timeout=10) as client:
        yield client


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    path = SHARED / "specs" / "twilio-recordings.slice.json"
    if not path.exists():
        missing("Twilio's OpenAPI document")
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def answer_schema(document: dict[str, Any], path: str) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return found


def faults(document: dict[str, Any], path: str, answer: httpx.Response) -> list[str]:
    schema = answer_schema(document, path) | {"components": document["components"]}
    return [f"{list(fault.path)}: {fault.message}" for fault in OAS30Validator(schema).iter_errors(answer.json())]


LIST = "/2010-04-01/Accounts/{AccountSid}/Recordings.json"
ONE = "/2010-04-01/Accounts/{AccountSid}/Recordings/{Sid}.json"


def test_lists_and_recordings_have_the_documents_shape(provider: TwilioHost, client: httpx.Client, document: Any) -> None:
    first, *_ = provider.add(3)
    provider.add(1, status="absent", error_code=16102, channels=1)
    assert faults(document, LIST, client.get(f"{BASE}/Recordings.json", params={"PageSize": "2"})) == []
    assert faults(document, ONE, client.get(f"{BASE}/Recordings/{first.sid}.json")) == []


def test_the_document_would_notice(document: Any) -> None:
    assert faults(document, ONE, httpx.Response(200, json={"sid": 7, "channels": "two"}))


def test_pages_lead_to_each_other(provider: TwilioHost, client: httpx.Client) -> None:
    made = provider.add(5)
    found, uri = [], f"{BASE}/Recordings.json?PageSize=2"
    while uri:
        page = client.get(uri).json()
        found += [one["sid"] for one in page["recordings"]]
        uri = page["next_page_uri"]
    assert found == [one.sid for one in made]


def test_who_has_not_the_token_is_refused(provider: TwilioHost, client: httpx.Client) -> None:
    answer = client.get(f"{BASE}/Recordings.json", auth=(ACCOUNT, "another"))
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
