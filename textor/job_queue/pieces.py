"""What a model has written so far, for those who watch: in Redis, gone an hour later. The database gets the whole."""

import json
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from redis.exceptions import RedisError

from textor.toolbox import Toolbox

KEPT_SECONDS = 3600
SHOWN_EVERY_SECONDS = 0.25
LEFT_ALONE_SECONDS = 30.0
"""A Redis that gave no answer: the model writes on, and doesn't wait for it again and again."""


def so_far(tools: Toolbox, job_id: str) -> str:
    """The text as far as it is written; empty where nothing is, or Redis is away."""
    with suppress(RedisError):
        found = tools.redis.get(_key(job_id))
        return str(json.loads(found)) if isinstance(found, bytes | str) else ""
    return ""


def writer(tools: Toolbox, job_id: str, seconds: Callable[[], float] = monotonic) -> Callable[[str], None]:
    """Hears the pieces of a text, and shows the whole of them a few times a second. What was there before gives way."""
    heard: list[str] = []
    due_at = float("-inf")

    def hear(piece: str) -> None:
        nonlocal due_at
        heard.append(piece)
        if seconds() >= due_at:
            is_shown = _show(tools, job_id, "".join(heard))
            due_at = seconds() + (SHOWN_EVERY_SECONDS if is_shown else LEFT_ALONE_SECONDS)

    return hear


def _show(tools: Toolbox, job_id: str, text: str) -> bool:
    try:
        tools.redis.set(_key(job_id), json.dumps(text), ex=KEPT_SECONDS)
    except RedisError:
        return False
    return True


def _key(job_id: str) -> str:
    return f"textor:pieces:{job_id}"
