"""The transcribe family: jobs, as those see them who poll."""

import time
import uuid
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from textor import bootstrap
from textor.api import auth, counting, written
from textor.api.schemas.job_status import (
    DebugOut,
    JobOut,
    JobsIn,
    JobsOut,
    NotYetOut,
    ResultOut,
    SegmentOut,
    SliceOut,
    StatusOut,
)
from textor.domain import scopes, status_words, timecode
from textor.domain.job_states import DONE
from textor.domain.transcript import Segment
from textor.extensions import csrf
from textor.features.accounts import guests
from textor.features.recordings import library, listing
from textor.features.recordings.listing import JobState
from textor.features.transcription import diagnostics
from textor.features.transcription.diagnostics import Diagnosis

GONE = "Transcription job not found or expired"
MESSAGES = {"processing": "Transcription in progress", "completed": "Transcription completed", "failed": "Transcription failed"}
STATUS_NOTE = (
    "An unknown job is no error here: its status is `not_found`. Instead of asking again and again a program can open the "
    'WebSocket `/api/transcribe/live/{job_id}`, with the same credentials: it sends `{"type": "status", status, message, '
    'progress, chunk_info}` at first and whenever that changes, `{"type": "segment", n, start, end, text, ...}` for what was '
    "said so far and as it is heard, and closes (1000) after the final status. Closed with another code: open it again."
)
UNKNOWN: dict[int, Any] = {404: "There is no such job, or it is somebody else's."}
NOT_YET = {
    409: {
        "description": "Not yet, or it failed: the status, and an error beside it.",
        "content": {"application/json": {"schema": NotYetOut.model_json_schema()}},
    }
}

calls = APIBlueprint("job_status", __name__, url_prefix="/api/transcribe", tag="Transcribe")
csrf.exempt(calls)


@calls.get("/jobs")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.input(JobsIn, location="query", arg_name="asked")
@calls.doc(
    summary="List jobs", description="Newest first. A guest sees the latest five.", responses={400: "A parameter is wrong."}
)
@calls.output(JobsOut)
def index(asked: JobsIn) -> JobsOut:
    me = auth.me()
    limit = min(asked.limit, guests.MOST_SEEN) if me.is_guest else asked.limit
    jobs = [JobOut.model_validate(standing(job)) for job in listing.jobs(me.user_id, limit)]
    return JobsOut(jobs=jobs, count=len(jobs))


@calls.get("/status/<job_id>")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.doc(summary="How does it stand?", description=STATUS_NOTE)
@calls.output(StatusOut)
def status(job_id: str) -> StatusOut:
    job = _mine(job_id)
    return StatusOut.model_validate(standing(job)) if job else _unknown(job_id)


@calls.get("/result/<uuid:job_id>")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.doc(summary="What was heard?", responses=UNKNOWN | NOT_YET)
@calls.output(ResultOut)
def result(job_id: object) -> Response:
    row = library.find(auth.me().user_id, str(job_id))
    return written.out(_result(row, library.segments(row))) if row.status in DONE else _not_yet(row)


@calls.get("/debug/<uuid:job_id>")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.doc(summary="What goes on inside?", description="For the owner, or an admin.", responses=UNKNOWN)
@calls.output(DebugOut)
def debug(job_id: object) -> DebugOut:
    me = auth.me()
    is_admin = me.is_admin and scopes.ADMIN in me.scopes
    return _diagnosis(diagnostics.of(bootstrap.tools(), me.user_id, str(job_id), is_admin=is_admin))


def known(job_id: str) -> str:
    """The id as the database writes it; "" for what is none."""
    try:
        return str(uuid.UUID(job_id))
    except ValueError:
        return ""


def _mine(job_id: str) -> JobState | None:
    return listing.job(auth.me().user_id, known(job_id))


def _unknown(job_id: str) -> StatusOut:
    return StatusOut(job_id=job_id, status="not_found", message=GONE, progress=0, updated_at=time.time())


def standing(job: Any) -> dict[str, Any]:
    """Of a job as a list has it, or of a whole row."""
    word = status_words.of_job(job.status)
    told = job.error if word == status_words.FAILED else job.message
    return {
        "job_id": job.id,
        "status": word,
        "message": told or MESSAGES[word],
        "progress": 100.0 if word == status_words.COMPLETED else job.progress,
        "updated_at": job.updated_at.timestamp(),
    }


def _not_yet(row: Any) -> Response:
    """The status, and beside it what every error says."""
    status = standing(row)
    body = NotYetOut.model_validate(status | {"error": f"There is no result: {status['message']}."})
    return written.out(body, 409)


def _result(row: Any, segments: list[Segment]) -> ResultOut:
    return ResultOut(
        segments=[spoken(segment) for segment in segments],
        text=row.text or "",
        language=row.language or row.requested_language,
        audio_duration=row.recording.seconds,
    )


def spoken(segment: Segment) -> SegmentOut:
    """A segment as programs are told of it."""
    return SegmentOut(
        start=segment.start,
        end=segment.end,
        text=segment.text,
        speaker=segment.speaker,
        speaker_confidence=segment.speaker_confidence,
        start_display=timecode.precise(segment.start),
        end_display=timecode.precise(segment.end),
    )


def _diagnosis(found: Diagnosis) -> DebugOut:
    row = found.row
    return DebugOut(
        job_id=row.id,
        status=row.status,
        attempts=row.attempts,
        run_token=row.run_token,
        engine=row.engine,
        model=row.model,
        provider_reference=row.remote_id,
        is_with_provider=row.is_with_shift,
        created_at=timecode.utc(row.created_at),
        queued_at=timecode.utc_or_none(row.queued_at),
        started_at=timecode.utc_or_none(row.started_at),
        finished_at=timecode.utc_or_none(row.finished_at),
        updated_at=timecode.utc(row.updated_at),
        heartbeat_at=timecode.utc_or_none(row.heartbeat_at),
        waited_seconds=(row.started_at - row.created_at).total_seconds() if row.started_at else None,
        lease=found.lease,
        cached_segments=found.segment_count,
        latest_segment_seconds=found.latest_segment_seconds,
        slices=[_slice(one) for one in found.slices],
        error=row.error,
    )


def _slice(one: Any) -> SliceOut:
    return SliceOut(
        n=one.n,
        channel=one.channel,
        start=one.start,
        end=one.end,
        state=one.state,
        engine=one.engine,
        attempts=one.attempts,
        provider_reference=one.remote_id,
        due_at=timecode.utc_or_none(one.due_at),
        error=one.error,
    )
