"""The page on which engines are compared: side by side, with the better words taken over."""

import re
from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from tests.fakes import remote_engine
from tests.web.conftest import HTMX, Browser
from textor.domain.transcript import Segment
from textor.extensions import db
from textor.features.transcription import comparing, segments
from textor.models import Transcription, User
from textor.toolbox import Toolbox


@pytest.fixture
def other(finished: Transcription, alice: User) -> Transcription:
    """What a second engine heard of Alice's recording."""
    row = factories.transcription(
        alice, finished.recording, engine="fake_remote", model="large", status="completed", cost_usd=0.0012, heard_seconds=9.0
    )
    texts = ("Hello <i>their</i>.", "And <b>whom</b> are you?", "I am the second one.")
    segments.replace_all(row.seq, [Segment(n * 3, n * 3 + 2, text) for n, text in enumerate(texts)])
    db.session.commit()
    return row


def path(row: Transcription) -> str:
    return f"/recordings/{row.recording_id}/compare"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def form(page: str, action: str) -> dict[str, Any]:
    """The hidden fields of the form with that action."""
    found = re.search(rf'<form[^>]*action="[^"]*{action}">(.*?)</form>', page, re.DOTALL)
    assert found
    fields: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', found[1]):
        fields.setdefault(name, []).append(value)
    return fields


def test_engines_that_do_not_understand_the_language_can_not_be_chosen(
    alices: Browser, tools: Toolbox, finished: Transcription
) -> None:
    tools.engines["picky"] = remote_engine("picky", languages=frozenset({"fa", "pt"}))  # type: ignore[index]  # the dictionary itself
    choices = re.compile(r'<option value="(?:fake_remote|picky)".*?</option>')
    for asked, can in (("de", "disabled>Fake remote · not in German"), ("pt_br", ">Fake remote"), (None, ">Fake remote")):
        finished.requested_language = asked
        db.session.commit()
        for page in (path(finished), f"/transcripts/{finished.id}"):
            told = choices.findall(alices.get(page).text)
            assert any("picky" in one and f"{can}</option>" in one for one in told)
            assert not any("fake_remote" in one and "disabled" in one for one in told)


def test_what_differs_is_marked_for_eyes_and_for_ears(alices: Browser, finished: Transcription, other: Transcription) -> None:
    page = alices.get(path(finished)).text
    assert '<del><bdi class="sr">only in the base: </bdi>there.<span class="sr">;</span></del>' in page
    assert '<ins><bdi class="sr">only here: </bdi>&lt;i&gt;their&lt;/i&gt;.<span class="sr">;</span></ins>' in page
    assert "And &lt;b&gt;who&lt;/b&gt; are you?" in page
    assert "<b>" not in page and "<i>" not in page
    assert "Fake remote large" in page
    assert "Less than $0.01" in page


def test_the_transcripts_page_leads_there(alices: Browser, finished: Transcription, other: Transcription) -> None:
    page = alices.get(f"/transcripts/{finished.id}").text
    assert f'action="{path(finished)}"' in page
    assert f'href="{path(finished)}?base={finished.id}"' in page
    assert "The audio stays for the others." in page
    other.deleted_at = other.updated_at
    db.session.commit()
    page = alices.get(f"/transcripts/{finished.id}").text
    assert "Show the comparison" not in page
    assert "Delete transcript and audio" in page


def test_words_that_a_retry_would_take_back_are_announced(alices: Browser, finished: Transcription, other: Transcription) -> None:
    assert "tried again" not in alices.get(path(finished)).text
    finished.status = "partial"
    db.session.commit()
    assert "tried again" in alices.get(path(finished)).text


def test_more_engines_are_asked_from_the_form(alices: Browser, finished: Transcription) -> None:
    answer = alices.send(path(finished), {"base": finished.id, "engine": ["fake_remote", ""]})
    assert (answer.status_code, answer.location) == (303, f"{path(finished)}?base={finished.id}")
    known = comparing.rows(finished.user_id, finished.recording_id)
    assert [row.engine for row in known] == ["fake", "fake_remote"]
    assert alices.send(path(finished), {"base": finished.id}).status_code == 400
    assert alices.send(path(finished), {"base": finished.id, "engine": "nobody"}).status_code == 400


def test_words_are_taken_over_and_given_back(alices: Browser, finished: Transcription, other: Transcription) -> None:
    page = alices.get(path(finished)).text
    fields = form(page, "/pick")
    wish = {**fields, "pick": f"0:{other.id}"}
    for _ in range(2):  # a double click
        assert alices.send(f"{path(finished)}/pick", wish).location.endswith("#stretch-0")
    page = alices.get(path(finished)).text
    assert "Hello &lt;i&gt;their" in text_of(alices.get(f"/transcripts/{finished.id}").text)
    assert alices.send(f"{path(finished)}/pick", {**fields, "pick": f"1:{other.id}"}).status_code == 409
    assert alices.send(f"{path(finished)}/undo", form(page, "/undo")).status_code == 303
    assert "Hello there." in text_of(alices.get(f"/transcripts/{finished.id}").text)


@pytest.mark.parametrize("pick", ["", "x:y", "-1:y", "99:y", "٣:y", "0:"])
def test_what_nobody_showed_is_not_found(alices: Browser, finished: Transcription, other: Transcription, pick: str) -> None:
    fields = form(alices.get(path(finished)).text, "/pick")
    assert alices.send(f"{path(finished)}/pick", {**fields, "pick": pick}).status_code == 404


def test_bob_finds_nothing(bobs: Browser, finished: Transcription, other: Transcription) -> None:
    assert bobs.get(path(finished)).status_code == 404
    for action, data in (
        ("", {"base": finished.id, "engine": "fake_remote"}),
        ("/pick", {"pick": f"0:{other.id}"}),
        ("/undo", {}),
    ):
        assert bobs.send(path(finished) + action, data).status_code == 404
    assert len(comparing.rows(finished.user_id, finished.recording_id)) == 2


def looks(page: str) -> str:
    """The address that the page asks while something runs."""
    found = re.search(r'id="comparison" hx-get="([^"]+)" hx-trigger="every 2s"', page)
    assert found
    return found[1].replace("&amp;", "&")


def test_while_one_runs_it_is_asked_for_again_and_told_only_once(alices: Browser, finished: Transcription, alice: User) -> None:
    running = factories.transcription(
        alice, finished.recording, engine="fake_remote", status="processing", active_for=alice.id, progress=40.0
    )
    page = alices.get(path(finished)).text
    assert "Transcribing, 40%" in page
    first = alices.get(looks(page), headers=HTMX)
    known = {**HTMX, "If-None-Match": first.headers["ETag"]}
    assert alices.get(looks(page), headers=known).status_code == 304
    running.progress = 60.0
    db.session.commit()
    answer = alices.get(looks(page), headers=known).text
    assert f'hx-target="#state-{running.id}"' in answer
    assert "Transcribing, 60%" in answer
    assert "has finished" not in answer and "Word by word" not in answer
    running.status, running.active_for = "completed", None
    db.session.commit()
    assert "An engine has finished." in alices.get(looks(page), headers=known).text


def test_words_can_be_taken_while_a_third_still_works(
    alices: Browser, finished: Transcription, other: Transcription, alice: User
) -> None:
    third = factories.transcription(alice, finished.recording, engine="sphinx", status="processing", active_for=alice.id)
    fields = form(alices.get(path(finished)).text, "/pick")
    third.progress, third.updated_at = 50.0, third.updated_at + timedelta(seconds=9)
    db.session.commit()
    assert alices.send(f"{path(finished)}/pick", {**fields, "pick": f"0:{other.id}"}).status_code == 303


def test_what_is_over_is_not_polled(alices: Browser, finished: Transcription, other: Transcription) -> None:
    assert "every 2s" not in alices.get(path(finished)).text


def test_only_what_differs_can_be_shown(alices: Browser, finished: Transcription, other: Transcription) -> None:
    assert len(re.findall('class="stretch"', alices.get(path(finished)).text)) == 3
    page = alices.get(path(finished) + "?only=1").text
    assert len(re.findall('class="stretch"', page)) == 2
    assert form(page, "/pick")["only"] == ["1"]


def test_a_long_one_comes_in_pages(alices: Browser, alice: User) -> None:
    base = factories.transcription(alice, status="completed")
    other = factories.transcription(alice, base.recording, status="completed")
    for row in (base, other):
        segments.replace_all(row.seq, [Segment(n * 3, n * 3 + 2, f"number {n}") for n in range(130)])
    db.session.commit()
    last = alices.get(path(base) + "?page=99").text
    assert len(re.findall('class="stretch"', last)) == 10
    assert "Page 3 of 3" in last
    assert "number 129" in last


def test_in_persian_figures_and_directions_are_persian(alices: Browser, finished: Transcription, other: Transcription) -> None:
    page = alices.get(path(finished), headers={"Accept-Language": "fa"}).text
    assert 'dir="rtl"' in page
    assert "٪" in page
    assert "مقایسهٔ موتورها" in page
    assert "Take these words" not in page
