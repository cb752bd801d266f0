"""The words in which programs are told how a transcription stands: one vocabulary for transcripts, one for jobs."""

from textor.domain.job_states import Status

QUEUED, PROCESSING, COMPLETED, ERROR, FAILED = "queued", "processing", "completed", "error", "failed"

OF_TRANSCRIPT: dict[str, frozenset[Status]] = {
    QUEUED: frozenset({Status.PENDING, Status.QUEUED}),
    PROCESSING: frozenset({Status.PROCESSING}),
    COMPLETED: frozenset({Status.COMPLETED, Status.PARTIAL}),
    ERROR: frozenset({Status.FAILED, Status.CANCELLED}),
}
"""Which states each word of the lists stands for."""

_TRANSCRIPT = {state: word for word, states in OF_TRANSCRIPT.items() for state in states}
_JOB = {QUEUED: PROCESSING, PROCESSING: PROCESSING, COMPLETED: COMPLETED, ERROR: FAILED}


def of_transcript(status: str) -> str:
    """queued, processing, completed or error."""
    return _TRANSCRIPT[Status(status)]


def of_job(status: str) -> str:
    """processing, completed or failed."""
    return _JOB[of_transcript(status)]
