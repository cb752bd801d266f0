"""The admin's page of the queue and a transcript with holes, as people meet them; nothing for axe to find."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apiflask import APIFlask
from playwright.sync_api import expect
from sqlalchemy import select

from tests import factories
from tests.browser.conftest import Visits
from tests.browser.test_pages import LOOKS, faults
from tests.conftest import FIXTURES
from textor import bootstrap
from textor import settings as settings_module
from textor.app import create_app
from textor.extensions import db
from textor.features.accounts import members
from textor.job_queue import breakers
from textor.models import SegmentRow, Slice, Transcription, User

GAPS = [
    {"start": 2.0, "end": 4.0, "channel": None, "error": "The provider was away."},
    {"start": 9.0, "end": 10.0, "channel": 1, "error": "The provider did not finish within a day."},
]
SILENCE: dict[str, object] = {"language": "en", "language_confidence": None, "details": {}, "segments": []}
SENTENCE = "2 parts of 4 could not be transcribed. What is missing is marked in the text; it can be tried again."


@pytest.fixture
def behind(data: Path, textor: str) -> Iterator[APIFlask]:
    """The instance's own database, for rows that no upload makes."""
    app = create_app(settings_module.load({"DATA_DIR": str(data), "WHISPER_MODELS_DIR": str(FIXTURES)}))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def user(name: str) -> User:
    return db.session.scalars(select(User).where(User.username == name)).one()


def partial(owner: User) -> Transcription:
    """A transcript of which two of four parts are missing; its sound is real."""
    recording = factories.stored_recording(bootstrap.tools(), owner, FIXTURES / "sample.flac", title="Hearing", seconds=10.0)
    recording.peaks = bytes(range(0, 200, 2))
    row = factories.transcription(
        owner, recording, status="partial", engine="sphinx", error=SENTENCE, text="one", details={"gaps": GAPS}
    )
    for n, (text, start) in enumerate((("Before it was lost.", 0.0), ("After it was found.", 4.5))):
        db.session.add(SegmentRow(transcription_seq=row.seq, n=n, start=start, end=start + 2, text=text, words=[]))
    for n, state in enumerate(("completed", "failed")):
        db.session.add(Slice(transcription_seq=row.seq, n=n, start=n, end=n + 1, state=state, engine="sphinx", result=SILENCE))
    db.session.commit()
    return row


def troubled(owner: User) -> None:
    """A provider that is away, and a failure."""
    now = datetime.now(UTC)
    factories.transcription(owner, status="failed", error="AssemblyAI refused the key.", finished_at=now, engine="assemblyai")
    factories.transcription(owner, status="failed", error="Long ago.", finished_at=now - timedelta(days=1))
    breakers.failed(bootstrap.tools(), "assemblyai", 2, 20.0, "AssemblyAI does not answer.")


@pytest.mark.parametrize("look", LOOKS)
def test_the_queue_and_a_partial_transcript_are_in_order(visit: Visits, behind: APIFlask, look: str) -> None:
    window = visit(**LOOKS[look])
    owner = user(window.sign_up())
    members.promote(owner.username)
    troubled(owner)
    row = partial(owner)
    found = {path: faults(window, path) for path in ("/admin/queue", f"/transcripts/{row.id}", "/transcripts")}
    assert {path: told for path, told in found.items() if told} == {}


def test_an_admin_heals_the_queue_and_is_told(visit: Visits, behind: APIFlask) -> None:
    window = visit()
    members.promote(window.sign_up())
    page = window.go("/transcripts")
    page.get_by_role("link", name="Queue").click()
    expect(page.get_by_role("heading", name="Queues and workers")).to_be_visible()
    page.get_by_role("button", name="Heal now").click()
    expect(page.locator("#toast")).to_contain_text("eal")


def test_one_click_asks_for_the_missing_parts_and_the_old_text_stays(visit: Visits, behind: APIFlask) -> None:
    window = visit()
    row = partial(user(window.sign_up()))
    page = window.go(f"/transcripts/{row.id}")
    page.get_by_role("link", name="0:02 to 0:04").click()
    expect(page.locator("#gap-1")).to_be_in_viewport()
    page.get_by_role("button", name="Transcribe again with another engine").click()
    expect(page.locator("#again")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Try the missing parts again").click()
    expect(page.get_by_text("Before it was lost.")).to_be_visible()
    expect(page.get_by_role("button", name="Try the missing parts again")).to_have_count(0)
