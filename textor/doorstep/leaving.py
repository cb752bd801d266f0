"""Whether this web process is about to end: whatever holds a connection open for long asks now and then, and lets go."""

from collections.abc import Callable
from dataclasses import dataclass


def _never() -> bool:
    return False


@dataclass(slots=True)
class Process:
    """This one. The server says how it is told (gunicorn.conf.py); without one nothing ends before its time."""

    is_ending: Callable[[], bool] = _never


process = Process()
