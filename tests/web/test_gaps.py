"""A transcript with holes: they are listed, marked in their places, and one click asks for them alone."""

import re

import pytest
from sqlalchemy import select

from tests import factories
from tests.web.conftest import HTMX, Browser
from textor.domain.transcript import Gap, Segment
from textor.extensions import db
from textor.models import SegmentRow, Slice, Transcription, User
from textor.web import reading

SENTENCE = "2 parts of 7 could not be transcribed. What is missing is marked in the text; it can be tried again."
GAPS = [
    {"start": 60.0, "end": 120.0, "channel": None, "error": "The provider was away."},
    {"start": 180.0, "end": 240.0, "channel": 1, "error": "<b>Too loud.</b>"},
]


@pytest.fixture
def partial(alice: User) -> Transcription:
    """Alice's transcript of four minutes, the second and the fourth of which are missing."""
    row = factories.transcription(
        alice,
        factories.recording(alice, title="Hearing", seconds=240.0),
        status="partial",
        engine="sphinx",
        error=SENTENCE,
        text="first\nthird",
        details={"gaps": GAPS},
    )
    for n, (text, start) in enumerate((("first words", 0.0), ("third words", 121.0))):
        db.session.add(SegmentRow(transcription_seq=row.seq, n=n, start=start, end=start + 5, text=text, words=[]))
    db.session.commit()
    return row


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_gaps_are_listed_with_their_times_and_reasons(alices: Browser, partial: Transcription) -> None:
    page = alices.get(f"/transcripts/{partial.id}").text
    assert SENTENCE in page
    assert 'href="#gap-1"' in page
    assert "1:00 to 2:00 : The provider was away." in words(page)
    assert "3:00 to 4:00 · side 2 of the call: &lt;b&gt;Too loud.&lt;/b&gt;" in words(page)
    assert "<b>Too loud" not in page


def test_each_gap_is_marked_between_what_was_said_before_and_after(alices: Browser, partial: Transcription) -> None:
    page = alices.get(f"/transcripts/{partial.id}").text
    places = [page.index(text) for text in ("first words", 'id="gap-1"', "third words", 'id="gap-2"')]
    assert places == sorted(places)


def test_one_click_asks_for_the_missing_parts_alone_and_the_old_text_stays(alices: Browser, partial: Transcription) -> None:
    for n, state in enumerate(("completed", "failed")):
        db.session.add(Slice(transcription_seq=partial.seq, n=n, start=60.0 * n, end=60.0 * n + 60, state=state, engine="sphinx"))
    db.session.commit()
    page = alices.get(f"/transcripts/{partial.id}").text
    form = re.search(
        r'<form method="post"\s+action="([^"]+/retry)">(?:(?!</form>).)*Try the missing parts again', page, re.DOTALL
    )
    assert form
    alices.send(form[1])
    db.session.expire_all()
    assert partial.status in {"pending", "queued"}
    assert db.session.scalars(select(Slice.state).order_by(Slice.n)).all() == ["completed", "waiting"]
    again = alices.get(f"/transcripts/{partial.id}").text
    assert "first words" in again
    assert 'id="gap-1"' in again
    assert "The missing parts are being tried again." in again
    assert "Try the missing parts again" not in again


def test_another_engine_begins_the_whole_anew(alices: Browser, partial: Transcription) -> None:
    db.session.add(Slice(transcription_seq=partial.seq, n=0, start=0.0, end=60.0, state="completed", engine="sphinx"))
    db.session.commit()
    alices.send(f"/transcripts/{partial.id}/retry", {"engine": "whisper:base"})
    db.session.expire_all()
    assert (partial.engine, partial.model, partial.details, partial.text) == ("whisper", "base", {}, None)
    assert db.session.scalars(select(Slice.id)).all() == []


def test_what_is_polled_carries_the_marks_too(alices: Browser, partial: Transcription) -> None:
    assert 'id="gap-1"' in alices.get(f"/transcripts/{partial.id}", headers=HTMX).text


def test_the_sentences_with_figures_are_told_in_persian(alices: Browser, alice: User, partial: Transcription) -> None:
    alices.send("/language", {"language": "fa"})
    page = alices.get(f"/transcripts/{partial.id}").text
    assert "could not be transcribed" not in page
    assert "۲ بخش از ۷ بخش" in page
    partial.status, partial.active_for, partial.message = "processing", alice.id, "3 of 7 parts are done"
    db.session.commit()
    assert "۳ بخش از ۷ بخش انجام شده است" in alices.get(f"/transcripts/{partial.id}").text


def test_who_took_over_from_whom_is_told_with_the_reason(alices: Browser, alice: User) -> None:
    note = {"from": "sphinx", "to": "whisper", "reason": "It was out of breath."}
    row = factories.transcription(alice, status="completed", engine="whisper", details={"failover": [note]})
    assert "Whisper took over from PocketSphinx: It was out of breath." in words(alices.get(f"/transcripts/{row.id}").text)


def test_a_speaker_is_named_again_after_a_gap() -> None:
    said = [Segment(n, n + 1, "words", speaker="Ann") for n in (0, 1, 2)]
    items = reading.script(said, [Gap(1.5, 2, "Away.")], "en")
    assert [getattr(item, "is_same", None) for item in items] == [False, True, None, False]
    assert [item.number for item in items] == [1, 2, 1, 3]


def test_the_list_offers_the_missing_parts_by_name(alices: Browser, partial: Transcription) -> None:
    assert "Try the missing parts again" in alices.get("/transcripts").text
    partial.details = {}
    db.session.commit()
    assert "Try the missing parts again" not in alices.get("/transcripts").text
