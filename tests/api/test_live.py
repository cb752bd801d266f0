"""A transcription followed live, through a real gunicorn: who is told what, once, and that nobody is kept from anything by it."""

import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import delete
from websockets.exceptions import InvalidStatus

from tests import factories
from tests.api.conftest import KeyOf
from tests.conftest import FIXTURES
from tests.viewers import Server, Viewer, serving
from tests.waiting import until
from textor.domain.transcript import Segment
from textor.extensions import db
from textor.features.accounts import guests
from textor.features.transcription import segments
from textor.models import Transcription, User
from textor.toolbox import Toolbox

MOST = 17
"""More than the threads that pages have."""
FRIEND = "https://friend.example"


@pytest.fixture(scope="module")
def environ(sqlite_template: Path, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One database for the module: starting a server takes longer than all the tests."""
    folder = tmp_path_factory.mktemp("live")
    shutil.copyfile(sqlite_template, folder / "textor.db")
    return {
        "DATA_DIR": str(folder / "data"),
        "DATABASE_URL": f"sqlite:///{folder / 'textor.db'}",
        "REDIS_URL": redis_url,
        "SECRET_KEY": "the suite's own secret, never used elsewhere",
        "WHISPER_MODELS_DIR": str(FIXTURES / "tiny_whisper"),
        "LIVE_SOCKETS": str(MOST),
        "CORS_ALLOWED_ORIGINS": f"{FRIEND},*",
    }


@pytest.fixture(scope="module")
def running(environ: dict[str, str]) -> Iterator[Server]:
    with serving(environ) as running:
        yield running


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    with ExitStack() as viewers:
        yield replace(running, viewers=viewers)


@pytest.fixture(autouse=True)
def empty(app: APIFlask) -> Iterator[None]:
    yield
    db.session.rollback()
    db.session.execute(delete(User))
    db.session.commit()


@pytest.fixture
def key(alice: User, key_of: KeyOf) -> str:
    return key_of(alice)


@pytest.fixture
def row(alice: User) -> Transcription:
    """It runs."""
    return factories.transcription(alice, factories.recording(alice, seconds=20.0), status="processing", active_for=alice.id)


def said(*lines: str, start: float = 0.0) -> list[Segment]:
    return [Segment(start + 2 * n, start + 2 * n + 1.5, line, speaker="A") for n, line in enumerate(lines)]


def change(row: Transcription, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.updated_at = row.updated_at.replace(microsecond=(row.updated_at.microsecond + 1))
    db.session.commit()


def write(row: Transcription, spoken: Sequence[Segment], **values: Any) -> segments.Writer:
    """The text, in the place of whatever was there."""
    writer = segments.replace_all(row.seq, spoken)
    change(row, **values)
    return writer


def finish(row: Transcription, **values: Any) -> None:
    change(row, **{"status": "completed", "active_for": None, "progress": 100.0, "message": None} | values)


def test_a_late_joiner_is_told_what_was_said_so_far_then_what_is_heard_then_the_end(
    server: Server, key: str, row: Transcription
) -> None:
    writer = write(row, said("one", "two"), progress=20.0)
    viewer = server.open(row.id, Authorization=f"Bearer {key}")

    assert viewer.next() == {
        "type": "status",
        "status": "processing",
        "message": "Transcription in progress",
        "progress": 20.0,
        "chunk_info": {"current_chunk": 1, "total_chunks": 1, "chunk_progress": 20.0},
    }
    assert viewer.next() == {
        "type": "segment",
        "n": 0,
        "start": 0.0,
        "end": 1.5,
        "text": "one",
        "speaker": "A",
        "speaker_confidence": None,
        "start_display": "00:00:00.000",
        "end_display": "00:00:01.500",
    }
    assert viewer.next()["text"] == "two"
    writer.add(said("three", start=4.0))
    change(row, progress=30.0)
    viewer.hear(3)
    finish(row)

    assert viewer.end() == 1000
    assert [segment["n"] for segment in viewer.segments] == [0, 1, 2]
    assert [(status["status"], status["progress"]) for status in viewer.statuses] == [
        ("processing", 20.0),
        ("processing", 30.0),
        ("completed", 100.0),
    ]


def test_two_who_follow_are_told_the_same(server: Server, key: str, row: Transcription) -> None:
    writer = write(row, said("one"))
    first = server.open(row.id, f"?api_key={key}").hear(1)
    writer.add(said("two", start=2.0))
    db.session.commit()
    second = server.open(row.id, f"?api_key={key}").hear(2)
    writer.add(said("three", start=4.0))
    finish(row)

    assert (first.end(), second.end()) == (1000, 1000)
    assert first.segments == second.segments
    assert first.texts == ["one", "two", "three"]


def test_a_run_that_takes_over_from_a_killed_one_tells_nothing_twice(server: Server, key: str, row: Transcription) -> None:
    write(row, said("one", "two", "three", "four"), progress=40.0)
    viewer = server.open(row.id, f"?api_key={key}").hear(4)

    change(row, status="queued", progress=0.0)  # its worker is dead
    writer = write(row, said("one", "two"), status="processing")  # what was kept
    until(lambda: viewer.next()["progress"] == 0.0, "the viewer has seen it", pause=0)
    writer.add([Segment(4.0, 7.5, "three four", speaker="A"), *said("five", start=8.0)])  # the same, cut elsewhere
    change(row, progress=50.0)
    viewer.hear(5)
    finish(row)

    assert viewer.end() == 1000
    assert viewer.texts == ["one", "two", "three", "four", "five"]


def test_whoever_comes_after_the_end_gets_the_text_and_then_how_it_ended(server: Server, key: str, row: Transcription) -> None:
    write(row, said("one", "two"))
    finish(row)
    viewer = server.open(row.id, f"?api_key={key}")
    assert (viewer.end(), viewer.texts, [status["status"] for status in viewer.statuses]) == (1000, ["one", "two"], ["completed"])


def test_a_failure_says_why(server: Server, key: str, row: Transcription) -> None:
    finish(row, status="failed", error="The recording is damaged.", progress=0.0)
    viewer = server.open(row.id, f"?api_key={key}")
    assert viewer.end() == 1000
    assert (viewer.statuses[-1]["status"], viewer.statuses[-1]["message"]) == ("failed", "The recording is damaged.")


def test_a_text_that_is_deleted_meanwhile_is_not_found(server: Server, key: str, row: Transcription) -> None:
    viewer = server.open(row.id, f"?api_key={key}")
    viewer.next()
    change(row, deleted_at=factories.NOW)
    assert (viewer.end(), viewer.statuses[-1]["status"]) == (1000, "not_found")


@pytest.mark.parametrize("job_id", ["", "0f0e0d0c-0000-4000-8000-000000000000", "no-id", "%00"])
def test_somebody_elses_is_as_unknown_as_an_unknown_one(
    server: Server, row: Transcription, bob: User, key_of: KeyOf, job_id: str
) -> None:
    viewer = server.open(job_id or row.id, f"?api_key={key_of(bob)}")
    assert (viewer.end(), viewer.segments) == (1000, [])
    assert [status["status"] for status in viewer.statuses] == ["not_found"]


def test_a_bad_key_is_refused_before_anything_is_opened(server: Server, row: Transcription) -> None:
    for shown in ({"query": "?api_key=tx_unknown"}, {"Authorization": "Bearer tx_unknown"}, {"X-API-Key": "tx_unknown"}):
        status, headers = server.refusal(row.id, **shown)
        assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_guest_follows_by_the_cookie_alone(server: Server, tools: Toolbox) -> None:
    gina = guests.admit(tools)
    owner = db.session.get_one(User, gina.caller.user_id)
    row = factories.transcription(owner, status="processing", active_for=owner.id)
    viewer = server.open(row.id, Cookie=f"textor_guest={gina.token}", Origin=f"http://127.0.0.1:{server.port}")
    assert viewer.next()["status"] == "processing"


def test_a_page_of_another_origin_opens_nothing_by_a_login_of_ours(
    server: Server, client: FlaskClient, alice: User, row: Transcription, key: str
) -> None:
    with client.session_transaction() as session:
        session.update(_user_id=alice.session_token, _fresh=True)
    cookie = client.get_cookie("textor_session")
    assert cookie
    login = f"textor_session={cookie.value}"
    for origin in ("https://evil.example", f"http://127.0.0.1:{server.port + 1}", "null", "http://["):
        assert server.refusal(row.id, Cookie=login, Origin=origin)[0] == 403
    allowed = [
        server.open(row.id, Cookie=login, Origin=FRIEND),
        server.open(row.id, Cookie=login),
        server.open(row.id, f"?api_key={key}", Origin="https://evil.example"),  # who shows a key needs no cookie
    ]
    for viewer in allowed:
        assert viewer.next()["status"] == "processing"


def test_with_all_sockets_taken_pages_answer_and_whoever_vanishes_makes_room(
    server: Server, key: str, row: Transcription, bob: User, key_of: KeyOf
) -> None:
    shares: dict[str, list[Viewer]] = {}

    def fill(share: int, row_id: str, text: str) -> None:
        mine = shares.setdefault(text, [])

        def is_full() -> bool:  # places of the tests before may still be taken
            with suppress(InvalidStatus):
                mine.append(server.open(row_id, f"?api_key={text}"))
            return len(mine) == share

        until(is_full, "the share is taken")
        status, headers = server.refusal(row_id, f"?api_key={text}")
        assert (status, headers["Retry-After"]) == (503, "10")

    bobs, bobs_key = factories.transcription(bob).id, key_of(bob)
    fill(MOST // 2 + 1, row.id, key)  # Alice gets no more than half of them, and Bob the rest
    fill(MOST // 2, bobs, bobs_key)
    assert [server.get("/") for _ in range(20)] == [200] * 20
    shares[bobs_key].pop().vanish()
    fill(MOST // 2, bobs, bobs_key)
    for viewer in shares[key] + shares[bobs_key]:
        assert viewer.next()["status"] == "processing"


def test_a_stop_closes_sockets_and_waits_for_none(environ: dict[str, str], key: str, row: Transcription) -> None:
    with serving(environ) as server:
        viewer = server.open(row.id, f"?api_key={key}")
        viewer.next()
        server.process.send_signal(signal.SIGTERM)
        assert viewer.end() == 1001
        assert server.process.wait(10) == 0
