"""Bob and Alice's things: each route that names one answers Bob as if there were nothing, and changes nothing."""

import pytest

from tests import factories
from tests.web.conftest import HTMX, Browser
from textor.extensions import db
from textor.models import Transcription, User

READS = ["", "/audio", "/download/txt", "/download/pdf", "/segments/0", "/segments/0/edit", "/edits", "/summary", "/chat"]
ASKING = ["summary", "summary/stop", "summary/templates", "summary/templates/forget", "chat", "chat/stop", "chat/forget"]
WRITES = ["cancel", "retry", "delete", "undo", "rename", "speakers", *ASKING, "segments/0", "restore/0"]


@pytest.mark.parametrize("path", READS)
def test_bob_cannot_read_alices_transcript(bobs: Browser, alices: Browser, finished: Transcription, path: str) -> None:
    for headers in ({}, HTMX):
        answer = bobs.get(f"/transcripts/{finished.id}{path}", headers=headers)
        assert answer.status_code == 404
        assert "Interview" not in answer.text
        assert "Hello there" not in answer.text
    unknown = bobs.get(f"/transcripts/00000000-0000-4000-8000-000000000000{path}")
    assert unknown.status_code == 404


@pytest.mark.parametrize("action", WRITES)
def test_bob_cannot_touch_alices_transcript(bobs: Browser, alice: User, finished: Transcription, action: str) -> None:
    waiting = factories.transcription(alice)
    for row in (finished, waiting):
        assert bobs.send(f"/transcripts/{row.id}/{action}", {"title": "Bob was here"}).status_code == 404
    db.session.expire_all()
    assert (finished.status, waiting.status) == ("completed", "pending")
    assert finished.deleted_at is None
    assert finished.recording.title == "Interview"


@pytest.mark.parametrize("action", ["cancel", "retry", "delete", "undo"])
def test_bob_cannot_touch_alices_transcripts_in_bulk(bobs: Browser, finished: Transcription, action: str) -> None:
    assert bobs.send(f"/transcripts/bulk/{action}", {"ids": [finished.id, f"{finished.id}\0"]}).status_code == 404
    db.session.expire_all()
    assert finished.status == "completed"
    assert finished.deleted_at is None


def test_bob_sees_nothing_of_alice_in_his_list(bobs: Browser, finished: Transcription) -> None:
    page = bobs.get("/transcripts").text
    assert "Interview" not in page
    assert "No transcripts yet" in page


def test_the_routes_tested_here_are_all_there_are(bobs: Browser) -> None:
    rules = [rule.rule for rule in bobs.application.url_map.iter_rules() if rule.rule.startswith("/transcripts/<uuid")]
    ends = {rule.split(">", 1)[1].removeprefix("/") for rule in rules}
    tested = {
        *WRITES[:-2],
        "segments/<int:n>",
        "restore/<int:wanted>",
        "",
        "audio",
        "download/<name>",
        "segments/<int:n>/edit",
        "edits",
    }
    assert ends == tested
