"""What tests of chats share: a worker's turn, and questions put and answered in one go."""

from typing import Any

from flask import current_app
from sqlalchemy import select

from tests import factories
from textor import jobs
from textor.extensions import db
from textor.features.insights import conversations
from textor.features.insights.conversations import Said
from textor.models import Job, Recording, Transcription, User
from textor.toolbox import Toolbox

LINES = (
    "Good morning, everybody.",
    "The garden needs water every evening.",
    "Our new printer costs 400 dollars.",
    "Paul will buy the printer on Monday.",
    "Let us talk about lunch now.",
)


def finished(owner: User, *lines: str, title: str = "A recording", **values: Any) -> Transcription:
    """A transcript of these lines."""
    recording: Recording = factories.recording(owner, title=title)
    row = factories.transcription(owner, recording, **({"status": "completed"} | values))
    return factories.spoken(row, *(lines or LINES))


def work() -> None:
    """A worker does all that waits, with a session of its own."""
    waiting = db.session.execute(select(Job.id, Job.run_token).where(Job.kind == "chat", Job.state == "queued")).all()
    db.session.rollback()
    for job_id, token in waiting:
        with current_app.app_context():
            jobs.run("chat", job_id, token)
    db.session.expire_all()


def answered(tools: Toolbox, owner: User, question: str, **of: Any) -> Said:
    """Ask, let a worker answer, and look."""
    conversation_id = conversations.ask(tools, owner.id, question, **of)
    work()
    return conversations.thread(tools, owner.id, conversation_id).messages[-1]
