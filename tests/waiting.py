"""Waiting for another process: look again and again until it is so, and fail with a sentence when it never is."""

import time
from collections.abc import Callable

PAUSE_SECONDS = 0.05


def until(condition: Callable[[], object], what: str, seconds: float = 60, pause: float = PAUSE_SECONDS) -> None:
    """Return as soon as `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(pause)
