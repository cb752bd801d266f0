"""The states of a transcription, and which may follow which."""

from enum import StrEnum


class Status(StrEnum):
    """Where a transcription stands. The database holds these words."""

    PENDING = "pending"
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = frozenset({Status.QUEUED, Status.PROCESSING})
"""States in which a transcription occupies its user's lane."""

OPEN = ACTIVE | {Status.PENDING}
"""States that still need work."""

DONE = frozenset({Status.COMPLETED, Status.PARTIAL})
"""States that have a transcript to read."""

FINAL = frozenset(Status) - OPEN

_NEXT: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.QUEUED, Status.CANCELLED, Status.PARTIAL}),
    Status.QUEUED: frozenset({Status.PROCESSING, Status.PENDING, Status.CANCELLED, Status.PARTIAL}),
    Status.PROCESSING: FINAL | {Status.PENDING, Status.QUEUED},
    Status.COMPLETED: frozenset({Status.PENDING}),
    Status.PARTIAL: frozenset({Status.PENDING}),
    Status.FAILED: frozenset({Status.PENDING}),
    Status.CANCELLED: frozenset({Status.PENDING}),
}


def may_follow(before: Status, after: Status) -> bool:
    """Whether a transcription may go from `before` to `after`."""
    return after in _NEXT[before]
