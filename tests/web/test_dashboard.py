"""The list: what it shows, what htmx gets, and what a hand on a row does, with and without script."""

import json
import re

from apiflask import APIFlask
from sqlalchemy import event

from tests import factories
from tests.fakes import FakeClock
from tests.web.conftest import HTMX, Browser
from textor.extensions import db
from textor.models import Transcription, User


def state(row: Transcription) -> str:
    db.session.expire_all()
    return row.status


def etag(browser: Browser, path: str = "/transcripts") -> str:
    return str(browser.get(path, headers=HTMX).headers["ETag"])


def test_an_empty_dashboard_offers_the_sample(alices: Browser) -> None:
    page = alices.get("/transcripts").text
    assert "No transcripts yet" in page
    assert 'action="/transcripts/sample"' in page


def test_waiting_ones_know_their_place_and_failed_ones_their_reason(alices: Browser, alice: User) -> None:
    factories.transcription(alice, status="processing", active_for=alice.id, progress=42.0, message="Reading the recording")
    factories.transcription(alice)
    factories.transcription(alice)
    factories.transcription(alice, status="failed", error="The file has no sound track.")
    page = alices.get("/transcripts").text
    for words in (
        "Transcribing, 42%",
        "Next in queue",
        "Number 2 in queue",
        "The file has no sound track.",
        "1 running, 2 queued",
    ):
        assert words in page


def test_it_polls_only_while_something_runs(alices: Browser, alice: User) -> None:
    row = factories.transcription(alice)
    assert 'hx-trigger="every 2s, jobs:changed from:body"' in alices.get("/transcripts").text
    row.status = "cancelled"
    db.session.commit()
    assert 'hx-trigger="jobs:changed from:body"' in alices.get("/transcripts").text


def test_htmx_gets_the_rows_and_the_counts_alone(alices: Browser, finished: Transcription) -> None:
    answer = alices.get("/transcripts", headers=HTMX)
    assert answer.text.lstrip().startswith('<tbody id="jobs"')
    assert "<html" not in answer.text
    for target in ("#queue-chip", "#counts", "#pager"):
        assert f'<hx-partial hx-target="{target}"' in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_walking_back_in_the_history_gets_the_whole_page(alices: Browser) -> None:
    assert "<html" in alices.get("/transcripts", headers={**HTMX, "HX-History-Restore-Request": "true"}).text


def test_what_did_not_change_is_not_sent_again(alices: Browser, finished: Transcription) -> None:
    tag = etag(alices)
    again = alices.get("/transcripts", headers={**HTMX, "If-None-Match": tag})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == tag


def test_every_change_of_a_row_filter_or_language_changes_the_tag(
    alices: Browser, alice: User, finished: Transcription, clock: FakeClock
) -> None:
    tags = {etag(alices), etag(alices, "/transcripts?status=done"), etag(alices, "/transcripts?q=x")}
    clock.advance(1)
    alices.send(f"/transcripts/{finished.id}/rename", {"title": "Another"})
    tags.add(etag(alices))
    alices.send("/language", {"language": "fa"})
    tags.add(etag(alices))
    factories.transcription(alice)
    tags.add(etag(alices))
    assert len(tags) == 6


def test_titles_are_text_and_never_markup(alices: Browser, alice: User) -> None:
    evil = '<img src=x onerror="alert(1)">%s{{ 7*7 }}'
    factories.transcription(alice, factories.recording(alice, title=evil), status="completed")
    for page in (alices.get("/transcripts").text, alices.get("/transcripts?q=<script>", headers=HTMX).text):
        assert "<img src=x" not in page
        assert "<script>" not in page
    assert "{{ 7*7 }}" in alices.get("/transcripts").text


def test_states_words_engines_and_languages_filter(alices: Browser, alice: User) -> None:
    keep = factories.transcription(
        alice, factories.recording(alice, title="Keep me"), status="failed", engine="sphinx", language="fa"
    )
    factories.spoken(keep, "needle here")
    factories.transcription(alice, factories.recording(alice, title="Other"), status="completed", engine="whisper", language="en")
    for query in ("status=failed", "q=keep", "q=needle", "engine=sphinx", "language=fa", "status=failed&q=KEEP&engine=sphinx"):
        page = alices.get(f"/transcripts?{query}", headers=HTMX).text
        assert f"t-{keep.id}" in page
        assert page.count("<tr ") == 1
    assert "Nothing matches this filter." in alices.get("/transcripts?q=nothing").text


def test_senseless_queries_show_the_first_page(alices: Browser, finished: Transcription) -> None:
    for query in (
        "page=-1",
        "page=0",
        "page=99999999999999",
        "page=x",
        "status=odd",
        "page=٣",
        "q=%00",
        "engine=%00",
        "language=%00",
    ):
        assert alices.get(f"/transcripts?{query}").status_code == 200


def test_pages_hold_twelve_and_keep_the_filter(alices: Browser, alice: User) -> None:
    for n in range(13):
        tape = factories.recording(alice, title=f"Tape {n:02}")
        factories.spoken(factories.transcription(alice, tape, status="completed"))
    first, second = (alices.get(f"/transcripts?q=tape&page={n}").text for n in (1, 2))
    assert first.count('id="t-') == 12
    assert second.count('id="t-') == 1
    assert "1–12 of 13" in first
    assert "/transcripts?q=tape&amp;page=2" in first


def test_cancel_retry_delete_and_undo_work_as_plain_forms(alices: Browser, alice: User) -> None:
    row = factories.transcription(alice)
    assert alices.send(f"/transcripts/{row.id}/cancel").location == "/transcripts"
    assert state(row) == "cancelled"
    alices.send(f"/transcripts/{row.id}/retry")
    assert state(row) in {"pending", "queued"}
    alices.send(f"/transcripts/{row.id}/delete")
    page = alices.get("/transcripts").text
    assert f't-{row.id}"' not in page
    assert 'action="/transcripts/bulk/undo"' in page
    assert f'value="{row.id}"' in page
    alices.send("/transcripts/bulk/undo", {"ids": [row.id]})
    assert f't-{row.id}"' in alices.get("/transcripts").text


def test_htmx_gets_a_note_and_the_rows_are_told_to_look_again(alices: Browser, finished: Transcription) -> None:
    answer = alices.send(f"/transcripts/{finished.id}/delete", headers=HTMX)
    assert answer.status_code == 200
    assert json.loads(answer.headers["HX-Trigger"]) == {"jobs:changed": {"target": "body"}}
    assert answer.headers["HX-Reswap"] == "none"
    assert "Deleted." in answer.text
    assert "Undo" in answer.text


def test_a_refusal_is_told_in_words_with_its_status(alices: Browser, finished: Transcription) -> None:
    page = alices.send(f"/transcripts/{finished.id}/cancel")
    note = alices.send(f"/transcripts/{finished.id}/cancel", headers=HTMX)
    assert page.status_code == note.status_code == 409
    assert "nothing to cancel" in page.text
    assert "nothing to cancel" in note.text
    assert "<html" not in note.text


def test_several_are_deleted_at_once_and_come_back_at_once(alices: Browser, alice: User) -> None:
    rows = [factories.transcription(alice, status="completed") for _ in range(3)]
    chosen = [row.id for row in rows[:2]]
    answer = alices.send("/transcripts/bulk/delete", {"ids": chosen}, headers=HTMX)
    assert "Deleted 2 transcripts." in answer.text
    assert alices.get("/transcripts").text.count('id="t-') == 1
    alices.send("/transcripts/bulk/undo", {"ids": chosen})
    assert alices.get("/transcripts").text.count('id="t-') == 3


def test_of_several_those_that_can_are_done(alices: Browser, alice: User, finished: Transcription) -> None:
    waiting = factories.transcription(alice)
    answer = alices.send("/transcripts/bulk/cancel", {"ids": [waiting.id, finished.id]}, headers=HTMX)
    assert answer.status_code == 200
    assert state(waiting) == "cancelled"
    assert state(finished) == "completed"


def test_nothing_ticked_is_no_request(alices: Browser) -> None:
    assert alices.send("/transcripts/bulk/delete").status_code == 400


def test_a_stranger_is_sent_to_the_login_and_htmx_is_told_to_go_there(gina: Browser) -> None:
    assert gina.get("/transcripts?status=done").location == "/login?next=/transcripts?status%3Ddone"
    answer = gina.get("/transcripts", headers={**HTMX, "HX-Current-URL": "http://localhost/transcripts?page=2"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?next=/transcripts?page%3D2"


def test_the_list_takes_the_same_number_of_statements_for_any_length(app: APIFlask, alices: Browser, alice: User) -> None:
    counted: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    factories.transcription(alice, status="completed")
    counted.clear()
    alices.get("/transcripts")
    few = len(counted)
    for _ in range(10):
        factories.transcription(alice, status="completed")
    counted.clear()
    alices.get("/transcripts")
    assert len(counted) == few


def test_no_token_is_inside_what_is_polled(alices: Browser, alice: User) -> None:
    factories.transcription(alice)
    assert not re.search("csrf", alices.get("/transcripts", headers=HTMX).text)
