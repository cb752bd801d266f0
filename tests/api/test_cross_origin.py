"""Pages of other origins call the API: on answers and on errors alike, and never with a cookie."""

import pytest
from flask.testing import FlaskClient

ORIGIN = "https://app.example"
ALLOWED, METHODS = "Access-Control-Allow-Origin", "Access-Control-Allow-Methods"


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"CORS_ALLOWED_ORIGINS": f"{ORIGIN},https://other.example"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/transcribe/models", 200),
        ("GET", "/api/nothing/at/all", 404),
        ("GET", "/api", 404),
        ("PUT", "/api/transcribe/upload/", 405),
        ("POST", "/api/transcribe/upload", 400),
        ("GET", "/v1/audio/transcriptions", 405),
        ("GET", "/v1/nothing", 404),
        ("GET", "/health", 200),
        ("GET", "/openapi.json", 200),
    ],
)
def test_every_answer_is_json_that_the_page_may_read(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers[ALLOWED]) == (status, ORIGIN)
    assert answer.is_json
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_bad_credential_is_told_to_the_page_too(client: FlaskClient) -> None:
    answer = client.get("/api/transcribe/", headers={"Origin": ORIGIN, "Authorization": "Bearer tx_wrong"})
    assert (answer.status_code, answer.headers[ALLOWED], answer.headers["WWW-Authenticate"]) == (401, ORIGIN, "Bearer")


def test_a_browser_asks_first_and_is_told_what_it_may_send(client: FlaskClient) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }
    answer = client.options("/api/transcribe/upload/", headers=asked)
    assert (answer.status_code, answer.headers[ALLOWED]) == (200, ORIGIN)
    assert "POST" in answer.headers[METHODS]
    assert {"authorization", "idempotency-key"} <= {
        word.strip().lower() for word in answer.headers["Access-Control-Allow-Headers"].split(",")
    }


@pytest.mark.parametrize("path", ["/api/transcribe/models", "/login"])
def test_another_origin_reads_nothing_and_pages_are_for_nobody_elses(client: FlaskClient, path: str) -> None:
    assert ALLOWED not in client.get(path, headers={"Origin": "https://evil.example"}).headers
    if path == "/login":
        assert ALLOWED not in client.get(path, headers={"Origin": ORIGIN}).headers


def test_unset_there_is_none(environ: dict[str, str], request: pytest.FixtureRequest) -> None:
    environ["CORS_ALLOWED_ORIGINS"] = ""
    client: FlaskClient = request.getfixturevalue("client")
    assert ALLOWED not in client.get("/api/transcribe/models", headers={"Origin": ORIGIN}).headers
