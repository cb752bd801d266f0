"""Quotas at the door: right over several processes, behind a proxy, without Redis; every answer says how they stand."""

import io
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.api.conftest import Api, CallerOf, KeyOf
from tests.conftest import FIXTURES
from tests.laws import ROOT
from tests.waiting import until
from textor import bootstrap, toolbox
from textor.api import auth
from textor.extensions import db
from textor.models import Transcription, User
from textor.toolbox import Toolbox

UPLOAD = "/api/transcribe/upload/"
SOUND = (FIXTURES / "sample.flac").read_bytes()
AT_ONCE = 100


@pytest.fixture
def three(
    environ: dict[str, str], alice: User, key_of: KeyOf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A program of Alice's, and a server of three processes."""
    path = tmp_path_factory.mktemp("g") / "s"
    command = [sys.executable, "-m", "gunicorn", "--bind", f"unix:{path}", "--workers", "3", "--threads", "16", "wsgi:app"]
    transport = httpx.HTTPTransport(uds=str(path), limits=httpx.Limits(max_connections=AT_ONCE))
    headers = {"Authorization": f"Bearer {key_of(alice)}"}
    with (
        subprocess.Popen(command, cwd=ROOT, env={"PATH": os.environ["PATH"], **environ}, stderr=subprocess.DEVNULL) as process,
        httpx.Client(transport=transport, base_url="http://textor.example", headers=headers, timeout=60) as client,
    ):
        until(lambda: is_up(client, path), "the server answers")
        yield client
        process.terminate()


def is_up(client: httpx.Client, path: Path) -> bool:
    try:
        return path.exists() and client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def at_once(client: httpx.Client, count: int, headers: dict[str, str] | None = None) -> list[httpx.Response]:
    def send(_n: int) -> httpx.Response:
        return client.post(UPLOAD, files={"file": ("talk.flac", SOUND)}, headers=headers or {})

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(send, range(count)))


def test_of_a_hundred_at_once_over_three_processes_exactly_the_days_twenty_five_pass(three: httpx.Client) -> None:
    again = at_once(three, 8, {"Idempotency-Key": "one"})
    assert {answer.status_code for answer in again} <= {200, 409}
    assert len({answer.json()["transcript_id"] for answer in again if answer.status_code == 200}) == 1

    answers = at_once(three, AT_ONCE)
    assert Counter(answer.status_code for answer in answers) == {200: 24, 429: 76}
    assert db.session.scalar(select(func.count()).select_from(Transcription)) == 25
    assert {answer.headers["X-RateLimit-Remaining"] for answer in answers if answer.status_code == 429} == {"0"}


def send(api: Api, headers: dict[str, str] | None = None) -> int:
    file = (io.BytesIO(SOUND), "talk.flac")
    return api.post(UPLOAD, data={"file": file}, content_type="multipart/form-data", headers=headers or {}).status_code


def test_without_redis_reading_goes_on_and_no_work_is_taken_uncounted(
    caller: CallerOf, alice: User, client: FlaskClient, tools: Toolbox, tmp_path: Path
) -> None:
    api = caller(alice)
    away = replace(tools, redis=toolbox.connect_redis(f"unix://{tmp_path / 'nobody.sock'}"))
    client.application.extensions[bootstrap.EXTENSION] = away
    assert api.get("/api/transcribe/").status_code == 200
    file = (io.BytesIO(SOUND), "talk.flac")
    answer = api.post(UPLOAD, data={"file": file}, content_type="multipart/form-data")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert db.session.scalar(select(func.count()).select_from(Transcription)) == 0


def test_guests_behind_a_proxy_are_counted_by_their_own_addresses(
    environ: dict[str, str], request: pytest.FixtureRequest
) -> None:
    environ |= {"TRUSTED_PROXIES": "1", "QUOTA_GUEST": "1/day"}
    gina: Api = request.getfixturevalue("gina")
    told = [send(gina, {"X-Forwarded-For": address}) for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2")]
    assert told == [200, 429, 200]


def test_without_a_trusted_proxy_nobody_chooses_their_address(environ: dict[str, str], request: pytest.FixtureRequest) -> None:
    environ |= {"QUOTA_GUEST": "1/day"}
    gina: Api = request.getfixturevalue("gina")
    assert [send(gina, {"X-Forwarded-For": address}) for address in ("192.0.2.1", "192.0.2.2")] == [200, 429]


def test_where_reads_count_every_call_of_the_family_does(environ: dict[str, str], request: pytest.FixtureRequest) -> None:
    environ |= {"QUOTA_COUNTS_READS": "true", "QUOTA_USER": "2/day"}
    api: Api = request.getfixturevalue("caller")(request.getfixturevalue("alice"))
    assert [api.get("/api/transcribe/jobs").status_code for _ in range(3)] == [200, 200, 429]


def test_all_keys_of_a_user_share_one_quota(environ: dict[str, str], request: pytest.FixtureRequest) -> None:
    environ |= {"QUOTA_USER": "1/day"}
    caller, alice = request.getfixturevalue("caller"), request.getfixturevalue("alice")
    assert [send(caller(alice)), send(caller(alice))] == [200, 429]


def test_an_admin_sets_somebodys_own_quota(caller: CallerOf, alice: User) -> None:
    alice.quota = "3/day"
    db.session.commit()
    assert caller(alice).get("/api/transcribe/").headers["X-RateLimit-Limit"] == "3"


@pytest.mark.parametrize("path", ["/api/transcribe/", "/api/nothing/here", "/api/transcribe/models", "/v1/models"])
def test_every_answer_of_the_api_says_how_the_quota_stands(caller: CallerOf, alice: User, path: str) -> None:
    headers = caller(alice).get(path).headers
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("25", "25")
    assert int(headers["X-RateLimit-Reset"]) % 86_400 == 0


def test_an_answer_to_a_bad_credential_says_what_stands_for_strangers(stranger: Api) -> None:
    answer = stranger.get("/api/transcribe/", headers={"Authorization": "Bearer tx_wrong"})
    assert (answer.status_code, answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == (401, "5", "5")


def test_a_bad_credential_costs_nobody_anything(stranger: Api) -> None:
    assert send(stranger, {"Authorization": "Bearer tx_wrong"}) == 401
    assert stranger.get("/api/transcribe/").headers["X-RateLimit-Remaining"] == "5"


@pytest.mark.parametrize(("path", "status"), [("/api/transcribe/", 401), ("/api/nothing", 404), ("/api/auth/login", 405)])
def test_whoever_guesses_keys_has_to_wait_wherever_they_try(stranger: Api, path: str, status: int) -> None:
    allowed = int(auth.GUESSES.partition("/")[0])
    told = Counter(stranger.get(path, headers={"X-API-Key": f"tx_{n}"}).status_code for n in range(allowed + 2))
    assert told == {status: allowed, 429: 2}
    assert stranger.get("/api/transcribe/").status_code == 200
