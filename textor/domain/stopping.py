"""How long a stop may take: whoever waits for another gives it a little more, and all end before their host ends them."""

HOST_SECONDS = 30
"""From SIGTERM to SIGKILL on a Heroku dyno. `docker stop` gives ten unless told otherwise, systemd ninety."""
DRAIN_SECONDS = 18
"""How long a shift waits for calls to providers that are under way."""

WRITING_SECONDS = 6  # what was answered last goes into the database, and Redis hears of the end, on a machine that is busy
FAREWELL_SECONDS = 3

LONGEST_DRAIN_SECONDS = HOST_SECONDS - WRITING_SECONDS - FAREWELL_SECONDS
"""On such a dyno."""


def shift_seconds(drain_seconds: int) -> int:
    """What a worker with a shift gets from its keeper."""
    return drain_seconds + WRITING_SECONDS


def workers_seconds(drain_seconds: int) -> int:
    """What the keeper of all workers gets from whoever keeps it."""
    return shift_seconds(drain_seconds) + FAREWELL_SECONDS
