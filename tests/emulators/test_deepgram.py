"""The emulator of Deepgram: it answers in the shapes of the official document."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]  # it has no types of its own
from openapi_schema_validator import OAS31Validator, oas31_format_checker

from tests.conftest import SHARED, missing
from tests.emulators.deepgram import PROJECT, Deepgram
from tests.emulators.provider import serving

SOUND = b"not a recording, so ten seconds long"
USUAL = {"model": "nova-3", "utterances": "true"}


@pytest.fixture
def provider() -> Iterator[Deepgram]:
    with serving(Deepgram()) as emulator:
        yield emulator


@pytest.fixture
def client(provider: Deepgram) -> Iterator[httpx.Client]:
    headers = {"Authorization": "Token emulator-key"}
    with httpx.Client(base_url=provider.url, headers=headers, trust_env=False, timeout=10) as client:
        yield client


@cache
def read_document() -> dict[str, Any]:
    """Seven thousand lines of YAML: read once."""
    path = SHARED / "specs" / "deepgram-openapi.yml"
    if not path.exists():
        missing("Deepgram's OpenAPI document")
    read: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return read


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return read_document()


def assert_valid(document: dict[str, Any], shape: str, answer: httpx.Response) -> None:
    schema = {"$ref": f"#/components/schemas/{shape}", "components": document["components"]}
    faults = list(OAS31Validator(schema, format_checker=oas31_format_checker).iter_errors(answer.json()))
    assert [f"{list(fault.path)}: {fault.message}" for fault in faults] == []


@pytest.mark.parametrize(
    "wishes", [{}, {"diarize_model": "latest"}, {"multichannel": "true"}, {"detect_language": "true"}, {"language": "multi"}]
)
def test_every_transcript_has_the_documents_shape(client: httpx.Client, document: dict[str, Any], wishes: dict[str, str]) -> None:
    answer = client.post("/v1/listen", content=SOUND, params=USUAL | wishes)
    assert answer.status_code == 200
    assert_valid(document, "ListenV1Response", answer)
    assert answer.json()["results"]["utterances"]


def test_errors_projects_and_balances_have_the_documents_shape(client: httpx.Client, document: dict[str, Any]) -> None:
    assert_valid(document, "ListProjectsV1Response", client.get("/v1/projects"))
    assert_valid(document, "ListProjectBalancesV1Response", client.get(f"/v1/projects/{PROJECT}/balances"))
    for answer in (
        client.post("/v1/listen", content=b""),
        client.get("/v1/projects/another/balances"),
        client.get("/v1/projects", headers={"Authorization": "Bearer emulator-key"}),
    ):
        assert answer.status_code in {400, 401, 404}
        assert_valid(document, "ErrorResponseLegacyError", answer)


def test_the_document_would_notice(document: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        assert_valid(document, "ListenV1Response", httpx.Response(200, json={"results": {}}))


def test_who_has_not_the_key_is_refused(provider: Deepgram, client: httpx.Client) -> None:
    answer = client.post("/v1/listen", content=SOUND, headers={"Authorization": "Token another"})
    assert (answer.status_code, answer.json()["err_code"], provider.requests) == (401, "INVALID_AUTH", [])


def test_a_recording_costs_and_an_empty_account_hears_nothing(provider: Deepgram, client: httpx.Client) -> None:
    provider.usd = 0.001
    assert client.post("/v1/listen", content=SOUND).status_code == 200  # ten seconds
    answer = client.post("/v1/listen", content=SOUND)
    assert (answer.status_code, answer.json()["err_code"]) == (402, "ASR_PAYMENT_REQUIRED")
    assert len(provider.requests) == 1


def test_the_same_bytes_are_always_heard_alike(provider: Deepgram, client: httpx.Client) -> None:
    texts = [client.post("/v1/listen", content=SOUND).json()["results"]["channels"] for _ in range(2)]
    assert texts[0] == texts[1]
    assert list(provider.statistics()["doubled"].values()) == [2]
