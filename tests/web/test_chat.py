"""Questions on the pages: about one transcript beside it, about all of them on a page of their own."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests import fakes
from tests.fakes import FakeClock, FakeTextModel
from tests.features.insights import chats
from tests.web.conftest import HTMX, Browser
from textor.errors import TextModelError
from textor.extensions import db
from textor.features.insights import conversations
from textor.features.recordings import search_index
from textor.job_queue import background, pieces
from textor.models import ChatMessage, Conversation, Job, Transcription, User
from textor.toolbox import Toolbox

NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def model() -> FakeTextModel:
    return FakeTextModel(says="A second one.", cites=lambda passages: [(passages[-1].id,)])


@pytest.fixture
def tools(tools: Toolbox, model: FakeTextModel) -> Toolbox:
    return fakes.with_text_models(tools, model)


@pytest.fixture
def indexed(finished: Transcription) -> Transcription:
    """Found by its words, too."""
    search_index.put([finished.seq])
    db.session.commit()
    return finished


def path(row: Transcription) -> str:
    return f"/transcripts/{row.id}/chat"


def conversation() -> str:
    """The one there is."""
    return db.session.scalars(select(Conversation.id)).one()


def flat(page: str) -> str:
    return re.sub(r"\s+", " ", page)


def words(page: str) -> str:
    return flat(re.sub(r"<[^>]+>", " ", page))


def test_a_question_is_asked_watched_and_answered(alices: Browser, finished: Transcription) -> None:
    asked = alices.send(path(finished), {"question": "Who <b>are</b> you?"})
    assert (asked.status_code, asked.location) == (
        303,
        f"/transcripts/{finished.id}?panel=chat&conversation={conversation()}#panel",
    )
    page = alices.get(asked.location).text
    assert "You asked: Who &lt;b&gt;are&lt;/b&gt; you? Answer: Waiting for its turn" in words(page)
    watched = f"{path(finished)}?conversation={conversation()}&amp;watched=1"
    assert f'hx-get="{watched}" hx-trigger="every 1s"' in page
    watched = watched.replace("&amp;", "&")
    first = alices.get(watched, headers=HTMX)
    assert alices.get(watched, headers=HTMX | {"If-None-Match": first.headers["ETag"]}).status_code == 304
    chats.work()
    ended = alices.get(watched, headers=HTMX | {"If-None-Match": first.headers["ETag"]})
    assert ended.status_code == 200
    assert "every 1s" not in ended.text
    assert '<a class="cite" href="#g3" data-seek="6.0" title="I am the second one." aria-label="Play from 0:06">' in flat(
        ended.text
    )
    assert "Written by: Fake text . Read 3 of 3 segments." in words(ended.text)
    assert '<hx-partial hx-target="#live" hx-swap="textContent">Answer: A second one.</hx-partial>' in ended.text


def test_the_whole_library_is_asked_and_answers_lead_to_its_transcripts(alices: Browser, indexed: Transcription) -> None:
    indexed.recording.title = "<i>Interview</i>"
    db.session.commit()
    asked = alices.send("/ask", {"question": "Who is the second one?"})
    assert asked.location == f"/ask?conversation={conversation()}"
    chats.work()
    page = flat(alices.get(asked.location).text)
    link = f'<a class="cite" href="/transcripts/{indexed.id}#t=6" title="I am the second one."><bdi class="trunc">'
    assert link + "&lt;i&gt;Interview&lt;/i&gt;</bdi>" in page
    assert 'aria-current="page">Ask</a>' in page
    assert "<i>" not in page


def test_what_a_model_answers_is_text_and_nothing_else(alices: Browser, finished: Transcription, model: FakeTextModel) -> None:
    model.says = "</p><script>alert(1)</script> [so](javascript:alert(2))\n- <img src=x onerror=alert(3)>"
    alices.send(path(finished), {"question": "<script>alert(4)</script>"})
    chats.work()
    whole = alices.get(f"/transcripts/{finished.id}?panel=chat").text
    page = whole + alices.get(path(finished) + "?watched=1", headers=HTMX).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [so](javascript:alert(2))" in page
    assert re.findall(r"<script>|<img|(?:href|src)=\"javascript:", page) == []


def test_an_answer_is_shown_as_it_grows_and_can_be_stopped(alices: Browser, finished: Transcription, tools: Toolbox) -> None:
    alices.send(path(finished), {"suggestion": "What was decided?"})
    job = db.session.scalars(select(Job)).one()
    background.claim(tools, job.id, job.run_token)
    pieces.writer(tools, job.id)("Half of")
    page = alices.get(path(finished), headers=HTMX).text
    assert '<p dir="auto">Half of</p>' in page
    assert "Answering" in page
    assert re.search(r'aria-label="Ask" disabled', flat(page))
    again = alices.send(path(finished), {"question": "And?", "conversation": conversation()}, headers=HTMX)
    assert (again.status_code, again.headers["HX-Reswap"]) == (409, "none")
    stopped = alices.send(path(finished) + "/stop", {"conversation": conversation()}, headers=HTMX)
    assert "What was decided? Answer: Half of Stopped." in words(stopped.text)
    assert "every 1s" not in stopped.text


def test_what_went_wrong_and_what_was_not_found_is_said(alices: Browser, finished: Transcription, model: FakeTextModel) -> None:
    model.error = TextModelError("The model <b>refused</b>.")
    alices.send(path(finished), {"question": "Who?"})
    chats.work()
    assert "The model &lt;b&gt;refused&lt;/b&gt;." in alices.get(path(finished), headers=HTMX).text
    asked = {"question": "Elephants?", "model": "textor-extractive", "conversation": conversation()}
    assert alices.send(path(finished), asked, headers=HTMX).status_code == 200
    chats.work()
    page = words(alices.get(path(finished), headers=HTMX).text)
    assert "Elephants? Answer: Nothing that was said here answers this. Written by: Textor, extractive ." in page


def test_conversations_are_kept_begun_anew_and_deleted(alices: Browser, finished: Transcription, clock: FakeClock) -> None:
    for question in ("The first?", "The second?"):
        alices.send(path(finished), {"question": question, "conversation": "new"})
        chats.work()
        clock.advance(60)
    newest, oldest = db.session.scalars(select(Conversation.id).order_by(Conversation.updated_at.desc())).all()
    page = words(alices.get(f"/transcripts/{finished.id}?panel=chat").text)
    assert "You asked: The second?" in page
    assert "You asked: The first?" not in page
    assert "You asked: The first?" in words(alices.get(f"{path(finished)}?conversation={oldest}", headers=HTMX).text)
    assert "You asked:" not in words(alices.get(f"{path(finished)}?conversation=new", headers=HTMX).text)
    left = alices.send(path(finished) + "/forget", {"conversation": newest}, headers=HTMX)
    assert "You asked: The first?" in words(left.text)
    assert db.session.scalars(select(Conversation.id)).all() == [oldest]


def test_a_conversation_is_found_only_where_it_belongs(alices: Browser, finished: Transcription, bob: User) -> None:
    alices.send(path(finished), {"question": "Who?"})
    assert alices.get(f"/ask?conversation={conversation()}").status_code == 404
    assert "Who?" not in alices.get("/ask").text


def test_bob_gets_nowhere_with_alices_conversations(
    bobs: Browser, bob: User, alice: User, finished: Transcription, tools: Toolbox
) -> None:
    hers = [conversations.ask(tools, alice.id, "Who?", transcription_id=one) for one in (None, finished.id)]
    own = chats.finished(bob)
    token = bobs.token()
    for place in ("/ask", path(own)):
        for wanted in (*hers, NOBODYS):
            told = {"conversation": wanted, "question": "Bob was here", "csrf_token": token}
            got = [bobs.get(place, query_string=told, headers=HTMX), bobs.post(place, data=told)]
            got += [bobs.post(f"{place}/{action}", data=told) for action in ("stop", "forget")]
            assert [one.status_code for one in got] == [404] * 4
            assert not any("Who?" in one.text for one in got)
    assert db.session.scalars(select(ChatMessage.text).where(ChatMessage.role == "user")).all() == ["Who?"] * 2


@pytest.mark.parametrize(
    ("told", "reason"),
    [({"question": " \n\0"}, "Write a question."), ({"question": "Who?", "model": "gpt-9"}, "There is no model")],
)
def test_questions_that_can_not_be_are_refused_aloud(
    alices: Browser, finished: Transcription, told: dict[str, str], reason: str
) -> None:
    for place in (path(finished), "/ask"):
        answer = alices.send(place, told, headers=HTMX)
        assert answer.status_code == 400
        assert reason in answer.text


def test_guests_are_asked_who_they_are(browser: Callable[[], Browser], finished: Transcription) -> None:
    gina = browser()
    for place in ("/ask", path(finished), f"/transcripts/{finished.id}/summary"):
        assert gina.get(place).location.startswith("/login")
        assert gina.get(place, headers=HTMX).status_code == 401
    assert "/ask" not in gina.get("/", headers={"Accept": "text/html"}).text


def test_the_page_is_persian_too(alices: Browser) -> None:
    alices.send("/language", {"language": "fa"})
    page = alices.get("/ask").text
    assert "پرسش از همهٔ متن‌ها" in page
    assert ">چه تصمیمی گرفته شد؟</button>" in page
