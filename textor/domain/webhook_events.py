"""What other people's servers are told: the events, the shape of a message (Standard Webhooks), and when one is sent again."""

from collections.abc import Mapping
from datetime import datetime

from textor.domain import status_words, timecode
from textor.domain.job_states import DONE, Status

TRANSCRIPTION_COMPLETED = "transcription.completed"
TRANSCRIPTION_FAILED = "transcription.failed"
SUMMARY_COMPLETED = "summary.completed"
ANALYZER_TASK_COMPLETED = "analyzer_task.completed"
TEST = "webhook.test"
"""Sent by a button of the account page, to see whether one's server hears it."""

PAUSES_SECONDS = (5, 300, 1800, 7200, 18_000, 28_800, 28_800)
"""Before the second, the third … attempt: the last one is made a day after the first, less half an hour."""
MOST_ATTEMPTS = len(PAUSES_SECONDS) + 1
LONGEST_RETRY_AFTER_SECONDS = 28_800.0


def message(event: str, moment: datetime, data: Mapping[str, object]) -> dict[str, object]:
    """The body of a message. What it is about is told by `data`, thin: the text itself stays behind an address."""
    return {"type": event, "timestamp": timecode.utc(moment), "data": dict(data)}


def of_end(status: str) -> str:
    """The event of a transcription that has ended so: what has a text to read is completed, also with parts missing."""
    return TRANSCRIPTION_COMPLETED if status in DONE else TRANSCRIPTION_FAILED


def end_word(status: str) -> str:
    """How it ended: completed, partial or error; one that was cancelled is `error`, as everywhere for programs."""
    return Status.PARTIAL.value if status == Status.PARTIAL else status_words.of_transcript(status)


def pause_seconds(attempts: int, retry_after: float | None = None) -> float | None:
    """How long to wait after so many attempts that failed, at least as long as the server asked for; None: it was the last."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return max(PAUSES_SECONDS[max(attempts, 1) - 1], min(retry_after or 0.0, LONGEST_RETRY_AFTER_SECONDS))
