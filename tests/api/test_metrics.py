"""Figures for Prometheus: what they say, and who may read them."""

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from tests import factories
from textor.models import User


def figures(text: str) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_how_the_instance_stands_is_told_in_prometheus_format(client: FlaskClient) -> None:
    alice = factories.user("Alice")
    factories.transcription(alice)
    answer = client.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=")
    told = figures(answer.text)
    assert told["textor_transcriptions", "pending"] == 1
    assert (told["textor_recordings",], told["textor_recordings_bytes",], told["textor_accounts", "user"]) == (1, 100, 1)
    assert told["textor_queue_tickets", "exports"] == 0
    assert "Alice" not in answer.text


@pytest.mark.parametrize(
    ("headers", "remote", "status"),
    [
        ({}, "192.0.2.7", 401),
        ({"Authorization": "Bearer wrong"}, "192.0.2.7", 401),
        ({"Authorization": "Bearer figures"}, "192.0.2.7", 200),
        ({}, "127.0.0.1", 200),
        ({"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", 401),
    ],
)
def test_figures_are_for_this_machine_and_for_the_token(
    environ: dict[str, str], request: pytest.FixtureRequest, headers: dict[str, str], remote: str, status: int
) -> None:
    environ["METRICS_TOKEN"] = "figures"
    client: FlaskClient = request.getfixturevalue("client")
    assert client.get("/metrics/", headers=headers, environ_base={"REMOTE_ADDR": remote}).status_code == status


def test_an_unset_token_opens_nothing(client: FlaskClient, alice: User) -> None:
    answer = client.get("/metrics", headers={"Authorization": "Bearer "}, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert answer.status_code == 401
