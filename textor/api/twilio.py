"""The Twilio family: recordings of calls listed, their transcripts, and what Twilio announces."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify, request

from textor import bootstrap
from textor.api import auth, bodies, counting, errors, links, repeating
from textor.api.schemas.twilio import (
    CallRecordingOut,
    CountsOut,
    DetailsOut,
    ParametersOut,
    RecordingsIn,
    RecordingsOut,
    TranscribingOut,
    TranscriptIn,
    TranscriptOut,
)
from textor.domain import scopes, timecode
from textor.errors import NotAllowed
from textor.extensions import csrf
from textor.features.calls import announcing, listing, transcripts
from textor.features.calls.listing import Listed, Page, Wanted
from textor.features.calls.transcripts import Outcome
from textor.features.transcription import naming, waiting
from textor.features.transcription.naming import Chosen
from textor.routing import address, limited, proven

ANNOUNCED_LIMIT = "600/minute"
MOST_BYTES = 20_000
AGAIN_SECONDS = "2"
IN_PROGRESS = "It is being transcribed. Send the same request again, or follow status_url."
UNEXPECTED = "Unexpected error occurred"
WAITING: dict[int, Any] = {
    202: {
        "description": "It takes longer: send the same request again, or follow status_url.",
        "content": {"application/json": {"schema": TranscribingOut.model_json_schema()}},
    }
}
FAILS: dict[int, Any] = {
    500: "The recording is not known or could not be transcribed: `details` say why. The next request tries again."
}

calls = APIBlueprint("twilio", __name__, url_prefix="/api/twilio", tag="Twilio")
csrf.exempt(calls)
bodies.bound(calls, MOST_BYTES)


@calls.get("/recordings")
@auth.needs(scopes.CALLS)
@counting.reading
@calls.input(RecordingsIn, location="query", arg_name="asked")
@calls.doc(
    summary="List call recordings",
    description="Newest first, as many pages of Twilio's as fill `limit`. Twilio knows no filter by status: it is applied here.",
    responses={400: "A parameter is wrong."},
)
@calls.output(RecordingsOut)
def recordings(asked: RecordingsIn) -> RecordingsOut:
    wanted = Wanted(asked.limit, asked.status, asked.date_created_after, asked.date_created_before)
    return _listed(wanted, listing.page(bootstrap.tools(), auth.me().user_id, wanted))


@calls.post("/transcript")
@auth.needs(scopes.CALLS)
@repeating.once
@counting.work
@calls.input(TranscriptIn, location="json", arg_name="asked")
@calls.doc(
    summary="Transcribe a call",
    description="Once for each recording and model: whoever asks again gets the text that is there. A worker fetches and hears "
    "it; what takes longer than SYNC_WAIT_SECONDS is answered 202.",
    responses=WAITING | FAILS | {400: "Neither a recording nor an address is named, or it can't be used."},
)
@calls.output(TranscriptOut)
def transcript(asked: TranscriptIn) -> Response:
    tools, me = bootstrap.tools(), auth.me().user_id
    source = transcripts.source(tools, me, asked.recording_sid, asked.audio_url)
    with waiting.seat(auth.name()) as seat:
        begun = transcripts.begin(tools, me, source, _chosen(asked.model_name))
        (counting.begun if begun.is_new else counting.give_back)()
        seconds = tools.settings.sync_wait_seconds if seat.is_taken else 0
        waiting.until(lambda: transcripts.outcome(begun.id).is_over, seconds)
        return _told(transcripts.outcome(begun.id))


@calls.get("/transcript/<uuid:fetch_id>")
@auth.needs(scopes.CALLS)
@counting.reading
@calls.doc(
    summary="Fetch a call's transcript",
    description="202 until it is there.",
    responses=WAITING | FAILS | {404: "There is none, or it is somebody else's."},
)
@calls.output(TranscriptOut)
def show(fetch_id: object) -> Response:
    return _told(transcripts.of_job(bootstrap.tools(), auth.me().user_id, str(fetch_id)))


@calls.post("/recording-status")
@proven
@limited(ANNOUNCED_LIMIT, by=address)
@calls.doc(
    summary="A call was recorded",
    description="Twilio's recordingStatusCallback: give Twilio this address. Its signature is checked; a finished recording is "
    "imported for TWILIO_IMPORT_USER and transcribed. The same message again changes nothing.",
    responses={204: "It is imported, or there is nothing to import.", 403: "The signature is not Twilio's."},
)
def recording_status() -> tuple[str, int]:
    if not announcing.is_signed(bootstrap.tools(), _called(), request.form, dict(request.headers)):
        raise NotAllowed("The signature is not Twilio's.")
    announcing.announced(bootstrap.tools(), request.form.to_dict())
    return "", 204


def _chosen(name: str) -> Chosen:
    chosen = naming.chosen(bootstrap.tools(), name)
    naming.check_ready(bootstrap.tools(), chosen, may_fetch=True)
    return chosen


def _called() -> str:
    """The address as Twilio has called it: behind a proxy it is what PUBLIC_URL says."""
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    return links.base() + request.path + query


def _told(found: Outcome) -> Response:
    if not found.is_over:
        return _not_yet(found)
    if found.error is not None:
        return _failed(found.error, is_fetch=found.failed_at == transcripts.FETCH and found.sid is not None)
    told = TranscriptOut(
        recording_sid=found.sid,
        audio_url=found.audio_url,
        transcript=found.text or "",
        recording_details=DetailsOut.model_validate(found.details) if found.details else None,
        timestamp=timecode.utc(found.begun_at),
    )
    return jsonify(told.model_dump(exclude=None if found.sid else {"recording_details"}))


def _failed(error: str, *, is_fetch: bool) -> Response:
    if is_fetch:
        return errors.respond(500, error)
    return errors.respond(500, UNEXPECTED, details=f"Transcription failed: {error}")


def _not_yet(found: Outcome) -> Response:
    job_id = found.job_id or ""
    url = links.to("twilio.show", fetch_id=job_id)
    response = jsonify(TranscribingOut(job_id=job_id, message=IN_PROGRESS, status_url=url).model_dump())
    response.status_code, response.headers["Retry-After"] = 202, AGAIN_SECONDS
    return response


def _listed(wanted: Wanted, page: Page) -> RecordingsOut:
    return RecordingsOut(
        total_recordings=len(page.items),
        query_parameters=ParametersOut(
            limit=wanted.limit,
            status=wanted.state,
            date_created_after=timecode.utc_or_none(wanted.after),
            date_created_before=timecode.utc_or_none(wanted.before),
        ),
        recordings=[_recording(one) for one in page.items],
        summary=CountsOut(
            completed=page.count("completed"),
            in_progress=page.count("in-progress"),
            failed=page.count("failed"),
            accessible_media=page.accessible,
            inaccessible_media=len(page.items) - page.accessible,
        ),
    )


def _recording(one: Listed) -> CallRecordingOut:
    told = one.recording
    return CallRecordingOut(
        sid=told.sid,
        account_sid=told.account_sid,
        call_sid=told.call_sid,
        duration=told.duration,
        status=told.state,
        channels=told.channels,
        source=told.source,
        error_code=told.error_code,
        uri=told.uri,
        media_location=told.media_location,
        media_url=told.media_url,
        media_accessible=one.is_accessible,
        media_status_code=one.media_status,
        date_created=timecode.utc_or_none(told.date_created),
        date_updated=timecode.utc_or_none(told.date_updated),
        start_time=timecode.utc_or_none(told.start_time),
        price=told.price,
        price_unit=told.price_unit,
        track=told.track,
    )
