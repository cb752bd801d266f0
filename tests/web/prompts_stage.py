"""A stage for the pages of image prompts: Alice's task of three scenes, a worker's turn, and what the pages' forms send."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from tests.features.insights.analyzer_stage import count, model, said, the, tools, work
from textor.extensions import db
from textor.features.insights import analyzer, prompts
from textor.features.insights.analyzer import NewTask
from textor.models import AnalyzerPrompt, User
from textor.toolbox import Toolbox

__all__ = ["count", "model", "said", "the", "tools", "work"]

TEXT = "The ship left at dawn.\nA storm rose <b>at sea</b>.\nThey came home."
HOSTILE = '</textarea><script>alert("x")</script> --ar 16:9 --style raw'


@pytest.fixture
def task(tools: Toolbox, alice: User) -> int:
    """Alice's, three scenes, done."""
    task_id = a_task(tools, "The sea")
    work(task_id)
    for row, content in zip(rows(task_id), ("a ship at dawn", "a <b>storm</b> at sea", "a ship, home"), strict=True):
        row.content = content
    db.session.commit()
    return task_id


def a_task(tools: Toolbox, name: str, owner: str = "Alice", **values: Any) -> int:
    """Of a text; users' rows are gone from the session after a worker's turn."""
    user_id = db.session.scalars(select(User.id).where(User.username == owner)).one()
    return analyzer.create(tools, user_id, NewTask(name=name, **{"text": TEXT, **values})).id


def rows(task_id: int) -> Sequence[AnalyzerPrompt]:
    return prompts.listed(the(task_id))


def fields(page: str) -> dict[str, Any]:
    """What the form of the scenes would send as it stands."""
    was = dict(re.findall(r'name="(was-\d+)" value="([0-9a-f]{12})"', page))
    texts = {f"text-{n}": text for n, text in re.findall(r'<textarea[^>]*name="text-(\d+)"[^>]*>\n([^<]*)</textarea>', page)}
    return was | {name: text.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"') for name, text in texts.items()}
