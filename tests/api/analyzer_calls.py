"""Image-prompt tasks in tests: Alice's program, a task of hers, a worker's turn."""

from typing import Any

import pytest
from sqlalchemy import func, select

from tests.api.conftest import Api, CallerOf
from textor import jobs
from textor.extensions import db
from textor.models import Job, User

ROOT = "/api/v1/analyzer-task"
NEW = f"{ROOT}/new-task"
FIELDS = [
    "id",
    "name",
    "status",
    "error",
    "audio_file_url",
    "audio_file_language",
    "task_text",
    "helper_instruction",
    "user_id",
    "created_at",
    "updated_at",
    "prompts",
]
"""As clients know them; ours follow."""


@pytest.fixture
def api(caller: CallerOf, alice: User) -> Api:
    return caller(alice)


def made(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.post(NEW, json={"name": "The sea", "task_text": "A ship in a storm."} | fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def view(task_id: int) -> str:
    return f"{ROOT}/view-task/{task_id}"


def work() -> None:
    """A worker's turn at whatever waits."""
    for job_id, token in db.session.execute(select(Job.id, Job.run_token).where(Job.state == "queued")).all():
        jobs.run("prompts", job_id, token)


def count(kind: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(kind)) or 0
