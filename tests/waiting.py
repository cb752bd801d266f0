"""Waiting for another process: look again and again until it is so, and fail with a sentence when it never is."""

import time
from collections.abc import Callable

from sqlalchemy import text

from textor.extensions import db

PAUSE_SECONDS = 0.05


def until(condition: Callable[[], object], what: str, seconds: float = 60, pause: float = PAUSE_SECONDS) -> None:
    """Return as soon as `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(pause)


def is_waited_for() -> bool:
    """Whether somebody waits for rows that others hold; SQLite, which locks the whole file, tells nobody."""
    if db.engine.dialect.name == "sqlite":
        return True
    return bool(db.session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
