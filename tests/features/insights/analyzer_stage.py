"""A stage for image-prompt tasks: a model that pictures each line, tasks of Alice's, and a worker's turn."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tests import factories
from tests.fakes import FakeTextModel, with_text_models
from textor import jobs
from textor.adapters.text_models.port import Passage
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.insights import analyzer, prompts
from textor.features.insights.analyzer import NewTask
from textor.models import AnalyzerTask, Job, Transcription, User
from textor.toolbox import Toolbox


def pictured(passages: Sequence[Passage], _brief: Any) -> str:
    return f"a picture of {passages[0].text}"


@pytest.fixture
def model() -> FakeTextModel:
    return FakeTextModel(says=pictured, cites=lambda passages: [(one.id,) for one in passages])


@pytest.fixture
def tools(tools: Toolbox, model: FakeTextModel) -> Toolbox:
    return with_text_models(tools, model)


def a_task(tools: Toolbox, owner: User, text: str = "A ship.\nA storm.", **values: Any) -> int:
    return analyzer.create(tools, owner.id, NewTask(name="The sea", text=text, **values)).id


def a_waiting_one(tools: Toolbox, owner: User, **values: Any) -> tuple[int, Transcription]:
    row = factories.transcription(owner, **values)
    return analyzer.create_from_sound(tools, owner.id, NewTask(name="The sea", language="en"), row).id, row


def the(task_id: int) -> AnalyzerTask:
    db.session.rollback()
    return db.session.get_one(AnalyzerTask, task_id, populate_existing=True)


def job(task_id: int) -> Job:
    return db.session.get_one(Job, the(task_id).job_id, populate_existing=True)


def work(task_id: int) -> AnalyzerTask:
    """A worker's turn."""
    jobs.run("prompts", job(task_id).id, job(task_id).run_token)
    return the(task_id)


def said(task_id: int) -> list[str]:
    return [one.content for one in prompts.listed(the(task_id))]


def end(row: Transcription, status: Status, **values: Any) -> None:
    changed = {"status": status, "active_for": None, **values}
    db.session.execute(update(Transcription).where(Transcription.seq == row.seq).values(changed))
    db.session.commit()


def count(kind: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(kind)) or 0
