"""Questions that come as one request each, with their whole history: begun once, answered by a worker, kept for a day.

The same request again finds the same work until its answer was delivered; after that it is a new question.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from textor.adapters.text_models.port import Message
from textor.errors import NotFound
from textor.extensions import db
from textor.features.insights import choosing, conversations, turns
from textor.features.insights.conversations import KIND
from textor.features.insights.questions import Question
from textor.job_queue import background
from textor.job_queue.background import Run
from textor.models import Job
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

REQUEST = "messages"
"""Stands in the payload of a request's job; that of a conversation's has none."""


@dataclass(frozen=True, slots=True)
class Request:
    """Messages are {role, content}, the last one the user's. `about`: see Question."""

    messages: Sequence[Mapping[str, str]]
    about: Mapping[str, Any]
    model_name: str = ""
    temperature: float = 0.7
    max_tokens: int = 500


@dataclass(frozen=True, slots=True)
class Begun:
    """The job that answers; `is_new`: it was begun just now."""

    job_id: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a request stands. `result` has content, model, usage, citations and read once it `is_over` and didn't fail; `status` is
    the HTTP status that fits a failure."""

    job_id: str
    is_over: bool
    result: Mapping[str, Any]
    error: str | None = None
    status: int = 500
    retry_after: int | None = None


def begin(tools: Toolbox, user_id: int, request: Request) -> Begun:
    """Have it answered, unless that is on its way or waits to be fetched. Raises InvalidInput for a model that can't be, NotFound
    or WrongState for the transcript."""
    if transcription_id := request.about.get("transcription_id"):
        conversations.readable(user_id, transcription_id)
    payload = {
        REQUEST: list(request.messages),
        "about": dict(request.about),
        "model": choosing.choose(tools, request.model_name).name,
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
    }
    key = f"{KIND}:{user_id}:{hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()}"
    if known := _known(key):
        return Begun(known, is_new=False)
    try:
        job = background.begin(tools, KIND, user_id, payload, job_id=str(uuid.uuid4()), dedupe_key=key)
        db.session.commit()
    except IntegrityError:  # somebody has begun the same at this moment
        db.session.rollback()
        return begin(tools, user_id, request)
    background.hand_out(tools, job.id)
    return Begun(job.id, is_new=True)


def look(user_id: int, job_id: str) -> Standing:
    """How one's own request stands. Raises NotFound; also where a transcript that the answer was made of was deleted since."""
    job = background.find(user_id, job_id, KIND)
    if job is None or REQUEST not in job.payload:
        raise NotFound("There is no such job.")
    read = job.result.get("read") or {}
    if turns.is_withdrawn(read, turns.standing(user_id, [read])):
        raise NotFound("There is no such job.")
    is_over = job.state not in background.OPEN
    error = job.error or background.SORRY if is_over and job.state != JobState.COMPLETED else None
    return Standing(job.id, is_over, job.result, error, job.result.get("status", 500), job.result.get("retry_after"))


def is_over(job_id: str) -> bool:
    """Whether there is nothing to wait for any more; cheap, for whoever looks again and again."""
    state = db.session.scalar(select(Job.state).where(Job.id == job_id))
    return state not in background.OPEN


def close(job_id: str) -> None:
    """It was answered, or can't be: what it brought along is forgotten. In the caller's transaction."""
    db.session.execute(update(Job).where(Job.id == job_id).values(payload={REQUEST: []}))


def delivered(user_id: int, job_id: str) -> None:
    """Whoever asked has their answer: the same request is a new question from now on."""
    mine = (Job.id == job_id, Job.user_id == user_id, Job.kind == KIND)
    db.session.execute(update(Job).where(*mine).values(dedupe_key=None))
    db.session.commit()


def question(tools: Toolbox, run: Run) -> Question:
    """What a worker is to ask."""
    told = run.payload
    return Question(
        user_id=run.user_id,
        model=choosing.known(tools, told["model"]),
        messages=[Message("user" if one["role"] == "user" else "assistant", one["content"]) for one in told[REQUEST]],
        about=told["about"],
        max_tokens=told["max_tokens"],
        temperature=told["temperature"],
    )


def _known(key: str) -> str | None:
    return db.session.scalar(select(Job.id).where(Job.dedupe_key == key))
