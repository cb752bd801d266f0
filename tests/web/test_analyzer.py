"""Image prompts in the browser: a task is made of a text, a recording or a transcript, watched, edited, taken along."""

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tests import factories
from tests.fakes import FakeTextModel, with_text_models
from tests.web.conftest import HTML, HTMX, Browser
from textor import jobs
from textor.adapters.text_models.port import Passage
from textor.errors import TextModelError
from textor.extensions import db
from textor.features.insights import analyzer, prompts
from textor.features.insights.analyzer import NewTask
from textor.features.recordings import sample
from textor.models import AnalyzerPrompt, AnalyzerTask, Job, Transcription, User
from textor.toolbox import Toolbox

SOUND = sample.FILE.read_bytes()
TEXT = "The ship left at dawn.\nA storm rose <b>at sea</b>.\nThey came home."
HOSTILE = '</textarea><script>alert("x")</script> --ar 16:9 --style raw'


@pytest.fixture
def model() -> FakeTextModel:
    return FakeTextModel(says=_pictured, cites=lambda passages: [(one.id,) for one in passages])


def _pictured(passages: Sequence[Passage], _brief: Any) -> str:
    return f"a picture of {passages[0].text}"


@pytest.fixture
def tools(tools: Toolbox, model: FakeTextModel) -> Toolbox:
    return with_text_models(tools, model)


@pytest.fixture
def task(tools: Toolbox, alice: User) -> int:
    """Alice's, three scenes, done."""
    task_id = analyzer.create(tools, alice.id, NewTask(name="The sea", text=TEXT)).id
    work(task_id)
    return task_id


def the(task_id: int) -> AnalyzerTask:
    db.session.rollback()
    return db.session.get_one(AnalyzerTask, task_id, populate_existing=True)


def work(task_id: int) -> None:
    """A worker's turn."""
    job = db.session.get_one(Job, the(task_id).job_id, populate_existing=True)
    jobs.run("prompts", job.id, job.run_token)


def rows(task_id: int) -> Sequence[AnalyzerPrompt]:
    return prompts.listed(the(task_id))


def said(task_id: int) -> list[str]:
    return [one.content for one in rows(task_id)]


def count(kind: type[Any]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(kind)) or 0


def fields(page: str) -> dict[str, Any]:
    """What the form of the scenes would send as it stands."""
    was = dict(re.findall(r'name="(was-\d+)" value="([0-9a-f]{12})"', page))
    texts = {f"text-{n}": text for n, text in re.findall(r'<textarea[^>]*name="text-(\d+)"[^>]*>\n([^<]*)</textarea>', page)}
    return was | {name: text.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"') for name, text in texts.items()}


def of_text(**values: str) -> dict[str, Any]:
    wish = {"generator": "flux", "look": "oil", "max_scenes": "2", "instruction": "", "model_name": "fake-text"}
    return {"source": "text", "text": TEXT, "name": "", **wish, **values}


def test_nobody_has_prompts_at_first(alices: Browser, gina: Browser) -> None:
    page = alices.get("/prompts", headers=HTML).text
    assert ("No image prompts yet" in page, 'href="/prompts/new"' in page) == (True, True)
    assert '<a href="/prompts" aria-current="page">' in page
    assert gina.get("/prompts", headers=HTML).location.startswith("/login")


def test_a_task_of_a_text_is_written_by_a_worker(alices: Browser) -> None:
    answer = alices.send("/prompts", of_text())
    assert answer.status_code == 303
    task_id = int(answer.location.rsplit("/", 1)[1])
    task = the(task_id)
    assert (task.name, task.generator, task.look, task.max_scenes) == ("The ship left at dawn.", "flux", "oil", 2)
    page = alices.get(answer.location).text
    assert ("Waiting for its turn" in page, 'hx-trigger="every 2s"' in page, "Stop" in page) == (True, True, True)
    assert "&lt;b&gt;at sea&lt;/b&gt;" in page
    work(task_id)
    page = alices.get(answer.location).text
    assert (page.count("<textarea"), "every 2s" in page) == (2 + 3, False)
