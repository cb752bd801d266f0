"""The service about itself."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from textor import settings as settings_module
from textor.app import create_app
from textor.job_queue.tickets import QUEUES, Ticket
from textor.toolbox import Toolbox

UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def workers(tools: Toolbox) -> Iterator[list[Worker]]:
    """One for each queue, as Redis knows them."""
    options: dict[str, Any] = {"connection": tools.redis, "serializer": JSONSerializer, "job_class": Ticket}
    found = [Worker([Queue(name, **options)], **options) for name in QUEUES]
    for worker in found:
        worker.register_birth()  # type: ignore[no-untyped-call]  # RQ's
    yield found
    for worker in found:
        worker.register_death()  # type: ignore[no-untyped-call]  # RQ's


@pytest.fixture
def cut_off(environ: dict[str, str], tmp_path: Path) -> FlaskClient:
    """Textor whose Redis and database are away."""
    environ |= {"REDIS_URL": f"unix://{tmp_path}/nobody.sock", "DATABASE_URL": f"sqlite:///{tmp_path}/no/such/folder.db"}
    return create_app(settings_module.load(environ)).test_client()


def test_alive_says_so_and_when(client: FlaskClient) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json is not None
    assert set(answer.json) == {"status", "timestamp"}
    assert answer.json["status"] == "ok"
    assert UTC_TIME.fullmatch(answer.json["timestamp"])


def test_alive_whatever_is_away(cut_off: FlaskClient) -> None:
    assert cut_off.get("/health").status_code == 200


def test_all_parts_are_well(client: FlaskClient, workers: list[Worker]) -> None:
    answer = client.get("/health/")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["parts"] == {"db": "ok", "cache": "ok", "storage": "ok", "workers": "ok"}


@pytest.mark.parametrize("part", ["db", "cache", "storage", "workers"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_each_part_answers_for_itself_with_and_without_a_slash(
    client: FlaskClient, workers: list[Worker], part: str, slash: str
) -> None:
    answer = client.get(f"/health/{part}{slash}")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["parts"] == {part: "ok"}


@pytest.mark.both_databases
def test_the_database_answers(client: FlaskClient) -> None:
    assert client.get("/health/db/").status_code == 200


def test_what_is_away_is_named_without_its_address(cut_off: FlaskClient, tmp_path: Path) -> None:
    answer = cut_off.get("/health/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json is not None
    assert set(answer.json["details"]) == {"db", "cache", "workers"}
    assert answer.json["error"].startswith("Failing: db, cache, workers.")
    assert str(tmp_path) not in answer.text
    assert "nobody" not in answer.text


@pytest.mark.parametrize(("part", "status"), [("db", 503), ("cache", 503), ("workers", 503), ("storage", 200)])
def test_one_part_away_does_not_fail_another(cut_off: FlaskClient, part: str, status: int) -> None:
    assert cut_off.get(f"/health/{part}/").status_code == status


def test_storage_that_cannot_be_written_is_named(client: FlaskClient, tools: Toolbox) -> None:
    tools.settings.recordings_dir.write_bytes(b"a file where the folder should be")
    answer = client.get("/health/storage/")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["details"] == {"storage": "The folder for recordings can't be written to."}


def test_a_queue_nobody_serves_is_named(client: FlaskClient, workers: list[Worker]) -> None:
    workers[0].register_death()  # type: ignore[no-untyped-call]  # RQ's
    answer = client.get("/health/workers/")
    assert answer.status_code == 503
    assert answer.json is not None
    assert "No worker serves speech:" in answer.json["error"]


def test_an_unknown_part_is_not_found(client: FlaskClient) -> None:
    assert client.get("/health/moon/").status_code == 404


def test_health_may_be_asked_from_inside_by_any_name(environ: dict[str, str]) -> None:
    environ |= {"ALLOWED_HOSTS": "textor.example", "SECURE_SSL_REDIRECT": "true"}
    client = create_app(settings_module.load(environ)).test_client()
    assert client.get("/health", headers={"Host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/login", headers={"Host": "10.0.0.7:8000"}).status_code == 400


def test_the_document_names_the_calls_and_no_host(app: APIFlask) -> None:
    client = app.test_client()
    document = client.get("/openapi.json", headers={"Host": "evil.example"}).json
    assert document is not None
    assert document["openapi"] == "3.1.0"
    assert {"/health", "/health/", "/health/{part}/"} <= set(document["paths"])
    assert "evil" not in str(document)
    assert client.get("/openapi.json/").json == document
