"""The admin's page of the queue: facts for admins only, healing, and nobody's content."""

import json
from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import event

from tests import factories
from tests.fakes import FakeClock
from tests.web.conftest import HTMX, Browser
from textor.extensions import db
from textor.features.accounts import usage
from textor.features.accounts.usage import Call
from textor.job_queue import breakers, tickets
from textor.models import Slice, Transcription, User
from textor.toolbox import Toolbox

PAGE = "/admin/queue"
USAGE = "/admin/usage"


@pytest.fixture
def failed(alice: User) -> Transcription:
    recording = factories.recording(alice, title="My secret title")
    return factories.transcription(
        alice, recording, status="failed", error="Out of breath.", finished_at=factories.NOW, text="My secret text"
    )


def test_only_admins_see_it_and_find_the_link(alices: Browser, adas: Browser, gina: Browser) -> None:
    assert alices.get(PAGE).status_code == 403
    assert alices.send(f"{PAGE}/heal").status_code == 403
    assert gina.get(PAGE).location == "/login?next=/admin/queue"
    assert f'href="{PAGE}"' in adas.get("/transcripts").text
    assert f'href="{PAGE}"' not in alices.get("/transcripts").text


def test_it_tells_depths_providers_breakers_and_failures(
    adas: Browser, tools: Toolbox, alice: User, failed: Transcription
) -> None:
    row = factories.transcription(
        alice, status="processing", active_for=alice.id, started_at=factories.NOW - timedelta(minutes=7)
    )
    for n in range(3):
        db.session.add(Slice(transcription_seq=row.seq, n=n, start=n, end=n + 1, state="remote", engine="fake_remote"))
    db.session.commit()
    breakers.failed(tools, "fake_remote", 2, 60.0, "The provider asked to wait.")
    tickets.enqueue(tools, "text", "transcribe", "x", 1)
    page = adas.get(PAGE).text
    for words in (
        "the oldest for 7 min",
        "Fake remote is not called for now.",
        "The provider asked to wait.",
        "tried again in 1 min",
    ):
        assert words in page
    assert "No worker serves speech, remote, shift, text, exports, downloads, webhooks: such work waits." in page
    assert "Out of breath." in page
    assert failed.id in page


def test_it_shows_nobodys_titles_texts_or_names(adas: Browser, failed: Transcription) -> None:
    page = adas.get(PAGE).text
    for secret in ("My secret title", "My secret text", "Alice", "a recording.wav"):
        assert secret not in page


def test_what_reads_as_before_is_not_sent_again(adas: Browser, alice: User, clock: FakeClock) -> None:
    factories.transcription(alice)
    clock.advance(180)
    first = adas.get(PAGE, headers=HTMX)
    assert first.text.lstrip().startswith("<div")
    assert "csrf" not in first.text
    clock.advance(5)
    again = {**HTMX, "If-None-Match": first.headers["ETag"]}
    assert adas.get(PAGE, headers=again).status_code == 304
    clock.advance(60)
    assert adas.get(PAGE, headers=again).status_code == 200
    factories.transcription(alice)
    assert adas.get(PAGE, headers=again).status_code == 200


def test_heal_now_heals_and_says_what_it_did_with_and_without_script(adas: Browser, alice: User) -> None:
    assert adas.send(f"{PAGE}/heal").location == PAGE
    assert "there was nothing to heal" in adas.get(PAGE).text
    row = factories.transcription(alice)
    note = adas.send(f"{PAGE}/heal", headers=HTMX)
    assert "Healed: 0 taken back from silent workers, 0 given a new ticket, 1 started, 0 downloads looked after." in note.text
    assert json.loads(note.headers["HX-Trigger"]) == {"queue:changed": {"target": "body"}}
    db.session.refresh(row)
    assert row.status == "queued"


def test_healing_needs_the_forms_token(adas: Browser) -> None:
    assert adas.post(f"{PAGE}/heal").status_code == 400


def test_it_takes_the_same_number_of_statements_for_any_backlog(app: APIFlask, adas: Browser, alice: User) -> None:
    counted: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    adas.get(PAGE)
    few = len(counted)
    for _ in range(10):
        row = factories.transcription(alice, status="failed", error="x", finished_at=factories.NOW)
        db.session.add(Slice(transcription_seq=row.seq, n=0, start=0, end=1, state="remote", engine="fake_remote"))
    db.session.commit()
    counted.clear()
    adas.get(PAGE)
    assert len(counted) == few


def test_only_admins_see_who_calls_the_api(alices: Browser, adas: Browser, gina: Browser) -> None:
    assert alices.get(USAGE).status_code == 403
    assert gina.get(USAGE).location == "/login?next=/admin/usage"
    assert f'href="{USAGE}"' in adas.get("/transcripts").text
    assert f'href="{USAGE}"' not in alices.get("/transcripts").text


def test_the_usage_page_tells_calls_sums_and_costs(adas: Browser, alice: User, bob: User, tools: Toolbox) -> None:
    row = factories.transcription(alice, status="completed", finished_at=factories.NOW, cost_usd=0.42)
    assert "No call was noted this month." in adas.get(USAGE).text
    usage.note(tools, Call(alice.id, None, "key", "POST /api/transcribe/upload", 200, 87, row.id))
    usage.note(tools, Call(bob.id, None, "token", "DELETE /api/notes", 429, 3))
    page = adas.get(USAGE).text
    for words in ("POST /api/transcribe/upload", "with a key", row.id, "About $0.42", "87", "DELETE /api/notes", "429"):
        assert words in page


@pytest.mark.parametrize(
    ("query", "is_shown"),
    [
        ("user=ALICE", True),
        ("user=bob", False),
        ("day=2026-11-20", True),
        ("day=2026-11-19", False),
        ("day=9999-12-31&page=x&user=%00", True),
        ("page=2", False),
    ],
)
def test_calls_are_filtered_by_user_and_day(adas: Browser, alice: User, tools: Toolbox, query: str, is_shown: bool) -> None:
    usage.note(tools, Call(alice.id, None, "key", "POST /api/chat", 200, 1))
    assert ("POST /api/chat" in adas.get(f"{USAGE}?{query}").text) is is_shown


def test_older_calls_are_a_page_further_with_the_same_filters(adas: Browser, alice: User, tools: Toolbox) -> None:
    for _ in range(51):
        usage.note(tools, Call(alice.id, None, "key", "POST /api/chat", 200, 1))
    assert 'href="/admin/usage?page=2&amp;user=alice"' in adas.get(f"{USAGE}?user=alice").text
    page = adas.get(f"{USAGE}?user=alice&page=2").text
    assert page.count("POST /api/chat") == 1
    assert 'href="/admin/usage?page=1&amp;user=alice"' in page
