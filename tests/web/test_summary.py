"""A transcript's summary on its page: asked for, watched while it is written, read, made again; and its templates."""

import re

import pytest
from sqlalchemy import select

from tests import factories, fakes
from tests.fakes import FakeClock, FakeTextModel
from tests.features.insights.summaries import work
from tests.web.conftest import HTMX, Browser
from textor.errors import TextModelError
from textor.extensions import db
from textor.features.insights import analyzer, templates
from textor.features.insights.analyzer import NewTask
from textor.features.recordings import editing
from textor.features.recordings.editing import Correction
from textor.job_queue import background, pieces
from textor.models import Job, Transcription, User
from textor.toolbox import Toolbox

ORDER = {"model": "fake-text", "format": "paragraph", "words": "50"}


@pytest.fixture
def model() -> FakeTextModel:
    return FakeTextModel()


@pytest.fixture
def tools(tools: Toolbox, model: FakeTextModel) -> Toolbox:
    return fakes.with_text_models(tools, model)


def path(row: Transcription) -> str:
    return f"/transcripts/{row.id}/summary"


def begun(client: Browser, row: Transcription, **told: str) -> str:
    """Order one with the page's form; its id."""
    answer = client.send(path(row), ORDER | told)
    assert (answer.status_code, answer.location) == (303, f"/transcripts/{row.id}?panel=summary#panel")
    return job().id


def job() -> Job:
    """The newest."""
    newest = select(Job).where(Job.kind == "summary").order_by(Job.created_at.desc()).limit(1)
    return db.session.scalars(newest.execution_options(populate_existing=True)).one()


def made(client: Browser, row: Transcription, **told: str) -> str:
    """Order one and have it written; the part of the page with it."""
    work(begun(client, row, **told))
    return client.get(path(row), headers=HTMX).text


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_summary_is_asked_for_watched_and_read(alices: Browser, finished: Transcription, model: FakeTextModel) -> None:
    model.cites = lambda passages: [(1,)]
    summary_id = begun(alices, finished, words="77", format="key_points", instruction="Be brief.")
    page = alices.get(f"/transcripts/{finished.id}?panel=summary").text
    assert "Waiting for its turn" in page
    assert 'hx-trigger="every 1s"' in page
    first = alices.get(path(finished), headers=HTMX)
    again = alices.get(path(finished), headers=HTMX | {"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    work(summary_id)
    ended = alices.get(path(finished) + "?watched=1", headers=HTMX | {"If-None-Match": first.headers["ETag"]})
    assert ended.status_code == 200
    assert "every 1s" not in ended.text
    told = words(ended.text)
    assert "What was said. Said at 0:03 Topics the sea a ship Read all 3 segments. Written by: Fake text ." in told
    assert '<a class="cite" href="#g2" data-seek="3.0"' in re.sub(r"\s+", " ", ended.text)
    assert '<hx-partial hx-target="#live" hx-swap="textContent">The summary is ready.</hx-partial>' in ended.text
    _verb, _passages, wanted = model.calls[-1]
    assert (wanted.max_words, wanted.format, wanted.instruction) == (77, "key_points", "Be brief.")


def test_what_a_model_writes_is_text_and_nothing_else(alices: Browser, finished: Transcription, model: FakeTextModel) -> None:
    model.says = "<script>alert(1)</script> and [here](javascript:alert(2))\n<img src=x onerror=alert(3)>"
    model.topics = ("<svg onload=alert(4)>", "javascript:alert(5)")
    page = made(alices, finished) + alices.get(f"/transcripts/{finished.id}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; and [here](javascript:alert(2))" in page
    assert re.findall(r"<script>|<img|<svg on|(?:href|src)=\"javascript:", page) == []


def test_a_quote_has_its_time_behind_it(alices: Browser, finished: Transcription) -> None:
    page = made(alices, finished, model="textor-extractive")
    assert "And &lt;b&gt;who&lt;/b&gt; are you? 0:03" in words(page)


def test_what_is_written_so_far_is_shown_and_can_be_stopped(alices: Browser, finished: Transcription, tools: Toolbox) -> None:
    summary_id = begun(alices, finished)
    run = background.claim(tools, summary_id, job().run_token)
    assert run
    background.report(tools, run, progress=40, message="Reading part 2 of 6")
    pieces.writer(tools, summary_id)("Half of")
    page = alices.get(path(finished), headers=HTMX).text
    assert "Reading part 2 of 6 Stop" in words(page).replace(" Look again", "")
    assert 'value="40"' in page
    assert '<p dir="auto">Half of</p>' in page
    assert "Make a summary" not in page
    stopped = alices.send(path(finished) + "/stop", headers=HTMX)
    assert "Stopped." in stopped.text
    assert "Make a summary" in stopped.text
    assert job().state == "cancelled"


def test_a_failure_says_why_and_the_earlier_summary_stays(
    alices: Browser, finished: Transcription, model: FakeTextModel, clock: FakeClock
) -> None:
    made(alices, finished)
    clock.advance(60)
    model.error = TextModelError("The model <b>refused</b>.")
    page = made(alices, finished, words="60")
    assert "The model &lt;b&gt;refused&lt;/b&gt;." in page
    assert "What was said. Said at 0:00 Topics the sea a ship Read all 3 segments." in words(page)
    assert "Make another summary" in page


def test_a_summary_of_a_text_that_was_changed_since_is_stale(
    alices: Browser, alice: User, finished: Transcription, tools: Toolbox, clock: FakeClock
) -> None:
    assert "was changed since" not in made(alices, finished, format="bullet_points", words="60")
    editing.correct(tools, alice.id, finished.id, 0, Correction("Good bye."), 0)
    page = alices.get(f"/transcripts/{finished.id}").text
    assert "The transcript was changed since this was written." in page
    form = re.search(r'<div class="note warn">.*?</form>', page, re.DOTALL)
    assert form
    sent = dict(re.findall(r'name="(\w+)"\s+value="([^"]*)"', form[0]))
    assert sent | ORDER | {"format": "bullet_points", "words": "60", "instruction": ""} == sent
    clock.advance(60)
    again = alices.send(path(finished), sent, headers=HTMX)
    assert "Waiting for its turn" in again.text
    work(job().id)
    assert "was changed since" not in alices.get(path(finished), headers=HTMX).text


def test_templates_are_kept_picked_and_deleted(
    alices: Browser, alice: User, bob: User, finished: Transcription, tools: Toolbox
) -> None:
    wish = {"instruction": "Who does <what>?", "format": "bullet_points", "words": "90", "template_name": "Minutes"}
    kept = alices.send(path(finished) + "/templates", ORDER | wish)
    template = templates.listed(alice.id)[0]
    assert kept.location == f"/transcripts/{finished.id}?panel=summary&template={template.id}#panel"
    page = alices.get(kept.location).text
    assert ">Who does &lt;what&gt;?</textarea>" in page
    assert '<option value="bullet_points" selected>' in page
    assert 'value="90"' in page
    others = templates.save(tools, bob.id, "Bob's", "Rhyme.")
    assert alices.send(path(finished) + "/templates/forget", {"template": str(others.id)}).status_code == 404
    assert "Rhyme." not in alices.get(path(finished) + f"?template={others.id}", headers=HTMX).text
    gone = alices.send(path(finished) + "/templates/forget", {"template": str(template.id)}, headers=HTMX)
    assert "The template is deleted." in gone.text
    assert [len(templates.listed(owner.id)) for owner in (alice, bob)] == [0, 1]


def test_a_template_with_a_wish_picks_a_model_that_follows_it(
    alices: Browser, alice: User, finished: Transcription, tools: Toolbox
) -> None:
    made(alices, finished, model="textor-extractive")
    wish = templates.save(tools, alice.id, "Rhymes", "Rhyme.")
    plain = templates.save(tools, alice.id, "Short", "", "key_points", 20)
    for template, chosen in ((wish, "fake-text"), (plain, "textor-extractive")):
        page = alices.get(f"{path(finished)}?template={template.id}", headers=HTMX).text
        assert f'<option value="{chosen}" selected' in page


def test_what_can_not_be_honoured_is_refused_aloud(alices: Browser, finished: Transcription) -> None:
    refusals = {
        "follows no instructions": {"model": "textor-extractive", "instruction": "Rhyme."},
        "There is no model": {"model": "gpt-9"},
        "between 1 and": {"words": "many"},
        "There is no such format": {"format": "sonnet"},
    }
    for reason, told in refusals.items():
        answer = alices.send(path(finished), ORDER | told, headers=HTMX)
        assert (answer.status_code, answer.headers["HX-Reswap"]) == (400, "none")
        assert reason in answer.text
    assert db.session.scalars(select(Job)).all() == []


def test_models_say_where_they_read(alices: Browser, finished: Transcription, model: FakeTextModel) -> None:
    page = alices.get(f"/transcripts/{finished.id}").text
    assert ">Fake text · sent to its provider</option>" in page
    assert "data-plain>Textor, extractive · on this machine</option>" in page
    model.is_ready = False
    page = alices.get(f"/transcripts/{finished.id}").text
    assert "Fake text" not in page
    assert "No key, nothing leaves this machine." in page
    assert "What it should be like" not in page


def test_before_there_is_a_text_there_is_nothing_to_ask_for(alices: Browser, alice: User) -> None:
    row = factories.transcription(alice)
    page = alices.get(f"/transcripts/{row.id}").text
    assert opened(page) == "details"
    assert page.count("This can be used once the transcript is ready.") == 3
    assert 'id="summary-form"' not in page
    assert 'id="question"' not in page
    assert alices.send(path(row), ORDER).status_code == 409


def test_tabs_are_links_without_script(alices: Browser, finished: Transcription) -> None:
    for asked, shown in (("", "summary"), ("chat", "chat"), ("prompts", "prompts"), ("<b>", "summary")):
        page = alices.get(f"/transcripts/{finished.id}?panel={asked}").text
        assert opened(page) == shown
        assert [name for name in ("summary", "chat", "prompts", "details") if f'id="pane-{name}">' in page] == [shown]
        assert "Delete transcript and audio" in page


def test_the_image_prompts_of_a_transcript_are_listed_and_made(
    alices: Browser, alice: User, finished: Transcription, tools: Toolbox
) -> None:
    finished.text = "Hello there."
    task = analyzer.create_from_transcript(tools, alice.id, finished.id, NewTask(name="<Storyboard>"))
    page = alices.get(f"/transcripts/{finished.id}?panel=prompts").text
    assert f'href="/prompts/{task.id}">&lt;Storyboard&gt;</a>' in page
    assert "In progress" in page
    assert f'href="/prompts/new?transcript={finished.id}"' in page


def opened(page: str) -> str:
    found = re.search(r'data-pane="pane-(\w+)" aria-current="true"', page)
    assert found
    return found[1]


def test_the_page_is_persian_too(alices: Browser, finished: Transcription) -> None:
    made(alices, finished)
    alices.send("/language", {"language": "fa"})
    page = words(alices.get(f"/transcripts/{finished.id}").text)
    assert "همهٔ ۳ بخش خوانده شد." in page
    assert "۰:۰۰" in page


def test_what_it_has_cost_is_told(alices: Browser, finished: Transcription, clock: FakeClock) -> None:
    assert "Cost: Not known ." in words(made(alices, finished))
    clock.advance(60)
    free = words(made(alices, finished, model="textor-extractive"))
    assert "Written by: Textor, extractive" in free
    assert "Cost:" not in free
