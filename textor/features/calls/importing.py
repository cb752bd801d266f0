"""A worker fetches the sound of a recorded call and takes it in like any recording: it is transcribed in its owner's turn."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import update

from textor.adapters.guarded_http import GuardedHttp, Limits
from textor.adapters.telephony.twilio import Twilio
from textor.domain import timecode
from textor.domain.calls import CallRecording
from textor.errors import InvalidInput, NotFound, TextorError, Unreachable
from textor.extensions import db
from textor.features.calls import access, transcripts
from textor.features.insights import working
from textor.features.recordings import intake
from textor.features.recordings.intake import Choice, Spool
from textor.job_queue import background
from textor.job_queue.background import Run
from textor.models import CallTranscript, Job, Transcription
from textor.toolbox import Toolbox

FETCH_SECONDS = 600.0
FETCH_FAILED = "Failed to fetch recording details: {}"
NOT_COMPLETED = "Recording not completed (status={})"


class NotFetched(InvalidInput):
    """Twilio doesn't know the recording, or doesn't tell of it."""


def carry(tools: Toolbox, run: Run) -> None:
    """Fetch the sound, take it in, and note whose transcription it became: all of that, or nothing."""
    row = db.session.get(CallTranscript, run.payload["call"], populate_existing=True)
    if row is None or row.job_id != run.id:  # begun anew meanwhile, or its owner is gone
        background.finish(tools, run, {})
        db.session.commit()
        return
    sid, audio_url, user_id = row.sid, row.audio_url, row.user_id
    title, fetch = _of_twilio(tools, run, sid) if sid else _of_address(tools, audio_url or "")
    with intake.spool(tools) as spool:
        name = fetch(spool)
        background.report(tools, run, progress=50.0)
        choice = Choice(run.payload["engine"], run.payload["model"], diarize=True, title=title, is_remembered=False)
        intake.accept(tools, user_id, spool, name, choice, _noted(tools, run))


def failed(tools: Toolbox, job: Job, reason: str) -> None:
    """What is said to whoever waits. In the caller's transaction."""
    values = {"error": reason, "updated_at": tools.clock.now()}
    db.session.execute(update(CallTranscript).where(CallTranscript.job_id == job.id).values(values))


HANDLER = working.handler(carry, failed)

Fetch = Callable[[Spool], str]
"""Writes the sound, and returns the name of its file."""


def _of_twilio(tools: Toolbox, run: Run, sid: str) -> tuple[str, Fetch]:
    twilio = access.twilio(tools)
    recording = _told(tools, run, twilio, sid)
    if recording.state != "completed":
        raise InvalidInput(NOT_COMPLETED.format(recording.status))

    def fetch(spool: Spool) -> str:
        twilio.media.download(sid, spool.write, seconds=FETCH_SECONDS, max_bytes=spool.limit_bytes)
        return f"{sid}.wav"

    return _title(twilio, recording), fetch


def _told(tools: Toolbox, run: Run, twilio: Twilio, sid: str) -> CallRecording:
    """What Twilio tells of it, kept with the transcript."""
    try:
        recording = twilio.recording(sid)
    except NotFound as error:
        _keep(tools, run, {transcripts.FAILED_AT: transcripts.FETCH})
        raise NotFetched(FETCH_FAILED.format(error.message)) from error
    told: dict[str, Any] = {
        "status": recording.state,
        "duration": recording.duration,
        "date_created": timecode.utc_or_none(recording.date_created),
        "call_sid": recording.call_sid,
    }
    _keep(tools, run, told | {transcripts.FAILED_AT: transcripts.HEAR}, audio_url=recording.media_url)
    return recording


def _keep(tools: Toolbox, run: Run, details: dict[str, Any], **values: str) -> None:
    db.session.execute(update(CallTranscript).where(CallTranscript.job_id == run.id).values(details=details, **values))
    background.report(tools, run, progress=5.0)


def _title(twilio: Twilio, recording: CallRecording) -> str:
    """Who called whom, and when; that Twilio doesn't tell is no reason to have no transcript."""
    at = f"{recording.date_created:%Y-%m-%d %H:%M}" if recording.date_created else recording.sid
    try:
        leg = twilio.leg(recording.call_sid)
    except TextorError:
        return f"Call {at}"
    return f"{leg.caller} → {leg.called}, {at}"


def _of_address(tools: Toolbox, url: str) -> tuple[str, Fetch]:
    http = GuardedHttp(private=tools.settings.allow_private_addresses)

    def fetch(spool: Spool) -> str:
        try:
            found = http.download(url, spool.write, Limits(FETCH_SECONDS, spool.limit_bytes))
        except Unreachable as error:
            raise InvalidInput(f"The recording could not be fetched. {error.message}", field="audio_url") from error
        return found.url.partition("?")[0].rpartition("/")[2] or "recording"

    return "", fetch


def _noted(tools: Toolbox, run: Run) -> Callable[[Transcription], None]:
    def note(transcription: Transcription) -> None:
        now = tools.clock.now()
        background.finish(tools, run, {"transcription_id": transcription.id})
        values = {"transcription_seq": transcription.seq, "imported_at": now, "updated_at": now, "error": None}
        db.session.execute(update(CallTranscript).where(CallTranscript.job_id == run.id).values(values))

    return note
