"""A person corrects a transcript on its page, names the speakers and goes back: with htmx in place, and without it."""

import re

from sqlalchemy import select

from tests.web.conftest import HTMX, Browser
from textor.extensions import db
from textor.models import Speaker, Transcription


def base(row: Transcription) -> str:
    return f"/transcripts/{row.id}"


def said(row: Transcription, browser: Browser) -> list[str]:
    """The turns as they can be read."""
    texts = re.findall(r'<p class="said".*?</p>', browser.get(base(row)).text, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", text).strip() for text in texts]


def test_each_turn_leads_to_a_form_that_needs_no_script(alices: Browser, finished: Transcription) -> None:
    form = f"{base(finished)}/segments/1/edit"
    assert f'href="{form}"' in alices.get(base(finished)).text
    page = alices.get(form).text
    assert "<html" in page
    assert "And &lt;b&gt;who&lt;/b&gt; are you?</textarea>" in page
    assert f'action="{base(finished)}/segments/1">' in page  # and nothing for htmx, which has nothing to put in its place
    values = {"text": "And <i>who</i>?\nYou?", "speaker": "Speaker 1", "was": "Speaker 2", "version": "0", "new_speaker": ""}
    answer = alices.send(f"{base(finished)}/segments/1", values)
    assert (answer.status_code, answer.location) == (303, f"{base(finished)}#g2")
    assert said(finished, alices)[1] == "And &lt;i&gt;who&lt;/i&gt;? You?"


def test_with_htmx_the_form_and_the_turn_take_each_others_place(alices: Browser, finished: Transcription) -> None:
    turn = f"{base(finished)}/segments/0"
    form = alices.get(f"{turn}/edit", headers=HTMX).text
    assert (form.lstrip().startswith("<article"), f'hx-post="{turn}"' in form) == (True, True)
    assert alices.get(turn, headers=HTMX).text.strip().startswith('<article class="turn"')
    assert alices.get(turn).location == f"{base(finished)}#g1"
    values = {"text": "Hello, there!", "speaker": "Speaker 1", "was": "Speaker 1", "version": "0"}
    answer = alices.send(turn, values, headers=HTMX)
    assert answer.text.strip().startswith('<article class="turn"')
    assert ('data-s="0.0">Hello,</span>' in answer.text, answer.headers.get("HX-Retarget")) == (True, None)


def test_another_speaker_or_no_text_at_all_shows_the_whole_text_anew(alices: Browser, finished: Transcription) -> None:
    turn = f"{base(finished)}/segments/1"
    values = {"text": "And who?", "speaker": "Speaker 2", "was": "Speaker 2", "new_speaker": "Gina", "version": "0"}
    answer = alices.send(turn, values, headers=HTMX)
    assert (answer.headers["HX-Retarget"], "Gina" in answer.text, "The transcript is ready" in answer.text) == (
        "#script",
        True,
        False,
    )
    answer = alices.send(turn, {"text": "", "speaker": "Gina", "was": "Gina", "version": "1"}, headers=HTMX)
    assert answer.headers["HX-Retarget"] == "#script"
    assert said(finished, alices) == ["Hello there.", "I am the second one."]


def test_who_comes_too_late_keeps_what_they_wrote_and_sees_what_stands_there(alices: Browser, finished: Transcription) -> None:
    turn = f"{base(finished)}/segments/0"
    alices.send(turn, {"text": "First come", "speaker": "Speaker 1", "version": "0"})
    for headers in ({}, HTMX):
        answer = alices.send(turn, {"text": "Second <come>", "speaker": "Speaker 1", "version": "0"}, headers=headers)
        assert answer.status_code == 409
        assert "Second &lt;come&gt;</textarea>" in answer.text
        assert '<q dir="auto">First come</q>' in answer.text
        assert re.search(r'name="version"\s+value="1"', answer.text)
    assert said(finished, alices)[0] == "First come"
    assert alices.send(turn, {"text": "x", "version": "one"}).status_code == 409


def test_speakers_are_named_and_the_history_leads_back(alices: Browser, finished: Transcription) -> None:
    names = {"label": ["Speaker 1", "Speaker 2"], "name": ["Ann <3", ""], "version": "0"}
    assert alices.send(f"{base(finished)}/speakers", names).location == base(finished)
    assert "<bdi>Ann &lt;3</bdi>" in alices.get(base(finished)).text
    alices.send(f"{base(finished)}/segments/0", {"text": "Changed & done", "speaker": "Speaker 1", "version": "1"})
    page = alices.get(f"{base(finished)}/edits").text
    for told in ("Changed &amp; done", "Speakers named:", "As the engine heard it", "Alice", 'value="Ann &lt;3"'):
        assert told in page
    assert page.count("Bring back") == 2
    assert alices.send(f"{base(finished)}/restore/0", {"version": "2"}).status_code == 303
    assert said(finished, alices)[0] == "Hello there."
    assert db.session.scalars(select(Speaker.name)).all() == [None, None]
    assert "Version 0 brought back" in alices.get(f"{base(finished)}/edits").text
    assert alices.send(f"{base(finished)}/restore/1", {"version": "2"}).status_code == 409


def test_bob_sees_and_changes_nothing_of_it(bobs: Browser, alices: Browser, finished: Transcription) -> None:
    for path in ("/segments/0", "/segments/0/edit", "/edits"):
        assert bobs.get(f"{base(finished)}{path}", headers=HTMX).status_code == 404
    for path, values in (
        ("/segments/0", {"text": "Mine"}),
        ("/speakers", {"label": "Speaker 1", "name": "Bob"}),
        ("/restore/0", {}),
    ):
        assert bobs.send(f"{base(finished)}{path}", values | {"version": "0"}).status_code == 404
    assert alices.get(f"{base(finished)}/segments/7/edit").status_code == 404


def test_a_running_transcription_has_nothing_to_correct_yet(alices: Browser, finished: Transcription) -> None:
    finished.status, finished.active_for = "processing", finished.user_id
    db.session.commit()
    assert "/edit" not in alices.get(base(finished)).text
    assert alices.get(f"{base(finished)}/segments/0/edit").status_code == 409
    assert alices.get(f"{base(finished)}/edits").status_code == 409
