"""What tests of summaries share: a model that does as it is told, a finished transcript, a worker's turn."""

from dataclasses import replace
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import update

from tests import factories, fakes
from tests.fakes import FakeClock, FakeTextModel
from textor import jobs, toolbox
from textor.extensions import db
from textor.features.insights import summary
from textor.features.insights.summary import Order, View
from textor.models import Job, Transcription, User
from textor.settings import Settings
from textor.toolbox import Toolbox

LINES = ("Good morning, everybody.", "The harbour needs a new crane.", "We buy it on Monday.")
SHORT_WINDOW = 3072
LONG = tuple(f"Number {n} says that the harbour needs a new crane on that day." for n in range(120))
"""More than a model with a short window reads at once."""


@pytest.fixture
def model() -> FakeTextModel:
    return FakeTextModel()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def tools(settings: Settings, model: FakeTextModel, clock: FakeClock) -> Toolbox:
    real = toolbox.build(settings)
    real.redis.flushdb()
    return fakes.with_text_models(replace(real, clock=clock), model)


def finished(owner: User, *lines: str, **values: Any) -> Transcription:
    row = factories.transcription(owner, **{"status": "completed", "language": "en", "finished_at": factories.NOW, **values})
    return factories.spoken(row, *(lines or LINES))


def work(*summary_ids: str) -> None:
    """A worker's turn at each, with a session of its own."""
    for summary_id in summary_ids:
        token = db.session.get_one(Job, summary_id, populate_existing=True).run_token
        db.session.rollback()
        with current_app.app_context():
            jobs.run("summary", summary_id, token)
    db.session.expire_all()


def made(tools: Toolbox, owner: User, row: Transcription, order: Order | None = None) -> View:
    """One that was ordered and written."""
    summary_id = summary.begin(tools, owner.id, row.id, order or Order())
    work(summary_id)
    return summary.find(tools, owner.id, summary_id)


def edit(row: Transcription) -> None:
    """As a correction does."""
    db.session.execute(update(Transcription).where(Transcription.seq == row.seq).values(version=Transcription.version + 1))
    db.session.commit()
