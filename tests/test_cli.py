"""The commands of whoever runs Textor."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from apiflask import APIFlask
from click.testing import Result
from redis import Redis
from sqlalchemy import inspect

from tests import factories
from tests.conftest import FIXTURES
from textor import settings as settings_module
from textor.app import create_app
from textor.extensions import db
from textor.job_queue import breakers
from textor.models.users import Role
from textor.toolbox import Toolbox

Run = Callable[..., Result]

SENTENCE = "hello and welcome it is good to hear from you"


@pytest.fixture
def run(app: APIFlask) -> Run:
    runner = app.test_cli_runner()
    return lambda *arguments, **more: runner.invoke(args=[str(argument) for argument in arguments], **more)


def test_the_first_account_is_an_admins(run: Run) -> None:
    first = run("user", "create", "ada_lovelace", "ada@textor.example", "--password", "Analytical-1")
    second = run("user", "create", "alice_liddell", "alice@textor.example", input="Wonderland-1\nWonderland-1\n")
    assert first.output == "Created ada_lovelace, admin.\n"
    assert second.output.endswith("Created alice_liddell, user.\n")
    assert "Wonderland" not in second.output


def test_another_admin_may_be_created(run: Run) -> None:
    factories.user("Ada", Role.ADMIN)
    made = run("user", "create", "bob_the_builder", "bob@textor.example", "--admin", "--password", "Builder-123")
    assert made.output == "Created bob_the_builder, admin.\n"


def test_a_weak_password_is_refused_in_a_sentence(run: Run) -> None:
    made = run("user", "create", "bob_the_builder", "bob@textor.example", "--password", "short")
    assert (made.exit_code, made.output) == (1, "Error: A password needs at least 8 characters.\n")


def test_somebody_is_promoted(run: Run) -> None:
    factories.user("Alice")
    assert run("user", "promote", "alice").output == "Alice is an admin now.\n"
    missing = run("user", "promote", "nobody")
    assert (missing.exit_code, missing.output) == (1, "Error: There is no account named nobody.\n")


def test_accounts_are_listed_without_guests(run: Run) -> None:
    for name, role in (("Ada", Role.ADMIN), ("Bob", Role.USER), ("Gina", Role.GUEST)):
        factories.user(name, role)
    assert run("user", "list").output.splitlines() == [
        "NAME  EMAIL               ROLE   SINCE       THIS MONTH  BUDGET",
        "Ada   ada@textor.example  admin  2026-11-20  $0.00",
        "Bob   bob@textor.example  user   2026-11-20  $0.00",
    ]


def test_models_are_listed_with_those_that_are_here(run: Run) -> None:
    rows = run("models", "list").output.splitlines()
    assert rows[0].split() == ["MODEL", "ENGINE", "SIZE", "DOWNLOADED"]
    assert any(row.split() == ["tiny.en", "whisper", "75", "MB"] for row in rows)


@pytest.mark.parametrize("command", ["download", "delete"])
def test_an_unknown_model_is_refused(run: Run, command: str) -> None:
    answer = run("models", command, "gigantic")
    assert answer.exit_code == 1
    assert "There is no model 'gigantic'." in answer.output


def test_a_downloaded_model_is_deleted(environ: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> None:
    environ["WHISPER_MODELS_DIR"] = str(tmp_path / "models")
    half = tmp_path / "models" / "models--Systran--faster-whisper-tiny" / "blobs"
    half.mkdir(parents=True)
    run: Run = request.getfixturevalue("run")
    assert run("models", "delete", "tiny").output == "tiny is deleted.\n"
    assert not half.parent.exists()
    assert run("models", "delete", "tiny").output == (
        "Error: Model tiny was not downloaded by Textor: there is nothing to delete.\n"
    )


def test_the_queue_tells_what_waits_who_works_and_what_failed(run: Run, tools: Toolbox) -> None:
    alice = factories.user("Alice")
    for _ in range(2):
        factories.transcription(alice)
    failed = factories.transcription(alice, status="failed", error="Out of breath.", finished_at=factories.NOW)
    breakers.failed(tools, "assemblyai", 2, None, "AssemblyAI is away.")
    output = run("queue", "status").output
    lines = [line.split() for line in output.splitlines()]
    assert any(line[:2] == ["pending", "2"] for line in lines)
    assert ["speech", "0", "0"] in lines
    assert any(line[:2] == ["assemblyai", "0"] for line in lines)
    assert "open, tries in" in output
    assert "AssemblyAI is away." in output
    assert any(line[:3] == [failed.id, "failed", "fake"] and line[-3:] == ["Out", "of", "breath."] for line in lines)
    assert "Shifts at work: 0. Jobs that providers are to delete: 0." in output


def test_the_queue_tells_programs_the_same(run: Run) -> None:
    factories.transcription(factories.user("Alice"))
    found = json.loads(run("queue", "status", "--json").output)
    assert [(row["status"], row["count"]) for row in found["rows"]] == [("pending", 1)]
    assert datetime.fromisoformat(found["rows"][0]["oldest_at"]) == factories.NOW
    assert {"queues", "workers", "providers", "failures", "last_hour", "shifts", "discards"} <= set(found)


def test_the_queue_is_healed_by_hand(run: Run) -> None:
    alice = factories.user("Alice")
    silent_since = factories.NOW - timedelta(days=900)
    row = factories.transcription(alice, status="processing", active_for=alice.id, heartbeat_at=silent_since)
    answer = run("queue", "heal")
    assert answer.exit_code == 0
    assert answer.output.splitlines()[0] == "Taken back from silent workers: 1"
    assert "Downloads looked after: 0" in answer.output
    db.session.refresh(row)
    assert row.status == "queued"


@pytest.mark.parametrize("command", ["status", "heal"])
def test_the_queue_without_redis_says_so(
    environ: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest, command: str
) -> None:
    del environ["REDIS_URL"]
    app = create_app(settings_module.load(environ))
    with app.app_context():
        db.create_all()
        answer = app.test_cli_runner().invoke(args=["queue", command])
        db.engine.dispose()
    assert (answer.exit_code, answer.output) == (
        1,
        "Error: Redis does not answer: nothing moves until it does. Is Textor running?\n",
    )


@pytest.mark.parametrize("command", ["status", "heal"])
def test_the_queue_without_the_database_says_so(environ: dict[str, str], tmp_path: Path, command: str) -> None:
    app = create_app(settings_module.load(environ | {"DATABASE_URL": f"sqlite:///{tmp_path / 'gone' / 'textor.db'}"}))
    answer = app.test_cli_runner().invoke(args=["queue", command])
    assert (answer.exit_code, answer.output) == (1, "Error: The database does not answer: nothing moves until it does.\n")


def test_a_file_is_transcribed_here_and_now(run: Run, redis: Redis) -> None:
    answer = run("transcribe", FIXTURES / "sample.flac", "--engine", "sphinx")
    assert answer.exit_code == 0
    assert SENTENCE in answer.stdout


def test_a_transcript_comes_in_any_format(run: Run) -> None:
    answer = run("transcribe", FIXTURES / "sample.flac", "--engine", "sphinx", "--language", "en", "--format", "json")
    found = json.loads(answer.stdout)
    assert SENTENCE in found["segments"][0]["text"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--format", "papyrus"), "There is no format 'papyrus'."),
        (("--engine", "ear"), "There is no engine 'ear'."),
        (("--engine", "sphinx", "--language", "fa"), "does not understand this language"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    answer = run("transcribe", FIXTURES / "sample.flac", *arguments)
    assert answer.exit_code == 1
    assert sentence in answer.output


def test_a_file_that_is_no_sound_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.mp3").write_text("Dear Sir", encoding="utf-8")
    answer = run("transcribe", tmp_path / "letter.mp3")
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: Invalid file format.")


def test_prepare_makes_the_tables_and_says_how_to_get_in(environ: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(settings_module.load(environ))
    with app.app_context():
        runner = app.test_cli_runner()
        fresh = runner.invoke(args=["prepare"])
        assert inspect(db.engine).has_table("transcriptions")
        factories.user("Ada", Role.ADMIN)
        later = runner.invoke(args=["prepare"])
        db.session.remove()
        db.engine.dispose()
    assert fresh.stdout.splitlines()[-1] == "Open http://127.0.0.1:8000 and create the first account: it becomes the admin."
    assert later.stdout.splitlines()[-1] == "Open http://127.0.0.1:8000 and log in."
