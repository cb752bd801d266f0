"""What every response carries, and what no log line may."""

import logging
import os
import subprocess
import sys

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.laws import ROOT
from textor import tracing


@pytest.mark.parametrize("path", ["/", "/health", "/nothing", "/api/nothing", "/static/app.css"])
def test_every_response_carries_an_id_and_its_time(client: FlaskClient, path: str) -> None:
    with client.get(path) as first, client.get(path) as second:
        pass
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert float(first.headers["X-Process-Time-Ms"]) >= 0


def test_a_broken_page_carries_them_too(app: APIFlask) -> None:
    app.add_url_rule("/broken", "broken", lambda: str(1 // 0))
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"]


def test_a_sane_id_of_the_client_comes_back(client: FlaskClient) -> None:
    sane = "A-z.0_9" * 18
    assert client.get("/health", headers={"X-Request-ID": sane}).headers["X-Request-ID"] == sane


@pytest.mark.parametrize("given", ["", "x" * 129, "two words", "a/b", "é", "a;b"])
def test_any_other_id_is_replaced(client: FlaskClient, given: str) -> None:
    assert client.get("/health", headers={"X-Request-ID": given}).headers["X-Request-ID"] != given


def test_a_request_is_logged_without_its_query(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "textor.tracing"):
        client.get("/api/nothing?api_key=tx_verysecretkey", headers={"X-Request-ID": "mine"})
    assert [record.getMessage().split(" in ")[0] for record in caplog.records if record.name == "textor.tracing"] == [
        "GET /api/nothing 404"
    ]


def test_polling_and_health_do_not_fill_the_log(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "textor.tracing"):
        client.get("/health")
        client.get("/static/app.css").close()
    assert caplog.records == []


def test_a_newline_in_a_path_does_not_forge_a_line(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "textor.tracing"):
        client.get("/api/x%0aERROR%20forged")
    assert "\n" not in caplog.records[-1].getMessage()


@pytest.mark.parametrize(
    ("line", "scrubbed"),
    [
        ("GET /api/x?api_key=abc123&page=2", "GET /api/x?api_key=[hidden]&page=2"),
        ("GET /api/x?page=2&API_KEY=abc", "GET /api/x?page=2&API_KEY=[hidden]"),
        ("url=%2Fx%3Fapi_key%3Dabc", "url=%2Fx%3Fapi_key%3D[hidden]"),
        ("Authorization: Bearer tx_abcdefgh1234", "Authorization: Bearer tx_[hidden]"),
        ("POST /hooks/12/0a1b2c 204", "POST /hooks/12/[hidden] 204"),
        ("nothing to hide, tx_1", "nothing to hide, tx_1"),
    ],
)
def test_keys_never_reach_the_log(line: str, scrubbed: str) -> None:
    assert tracing.scrub(line) == scrubbed


def test_the_formatter_hides_keys_in_tracebacks_and_names_the_request() -> None:
    error = ValueError("bad url https://textor.example/?api_key=abc123")
    record = logging.LogRecord("textor", logging.ERROR, __file__, 1, "broke", None, (ValueError, error, None))
    tracing._request_id.set("r-1")
    line = tracing.Formatter().format(record)
    tracing._request_id.set("")
    assert "abc123" not in line
    assert line.endswith("api_key=[hidden] [r-1]")
    assert tracing.Formatter().format(record).endswith("api_key=[hidden]")


def test_a_call_to_a_provider_is_no_line_in_the_log(app: APIFlask) -> None:
    assert not any(logging.getLogger(name).isEnabledFor(logging.INFO) for name in tracing.CHATTERERS)


@pytest.mark.parametrize("command", [["flask", "--app", "wsgi", "routes"], ["gunicorn", "wsgi:app"]])
def test_a_wrong_setting_is_one_sentence_for_every_server(command: list[str]) -> None:
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"TEXTOR_ENV": "production"}
    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode != 0 and "Traceback" not in ended.stderr
    assert "Textor can't start: SECRET_KEY is required when TEXTOR_ENV=production" in ended.stderr
