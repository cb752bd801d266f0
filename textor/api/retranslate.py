"""The retranslate family: one segment heard anew, by another model. It only answers; accepting is a correction of the segment."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from textor import bootstrap
from textor.api import auth, bodies, counting, job_status, links, receiving, repeating, written
from textor.api.schemas.job_status import NotYetOut
from textor.api.schemas.retranslate import HeardInFileOut, HeardOut, ListeningOut, OfIn, SegmentIn, StoredSegmentIn, WishIn
from textor.domain import scopes
from textor.doorstep import uploads
from textor.errors import WrongState
from textor.extensions import csrf
from textor.features.transcription import retranslate, waiting
from textor.features.transcription.retranslate import Begun, Wish
from textor.features.transcription.waiting import Seat
from textor.routing import address, limited

ADDRESS_LIMIT = "600/minute"
MOST_BYTES = 20_000
AGAIN_SECONDS = "2"
IN_PROGRESS = "It is being heard"
NOT_YET = "It is being heard. Send the same request again, or follow status_url."
NOTE = (
    "The stretch is cut out of the sound and heard by itself. Nothing of the transcript is changed. What takes longer than "
    "SYNC_WAIT_SECONDS is answered 202; the same request again waits on, and gets the same result for a day."
)
REFUSED: dict[int, Any] = {
    202: {
        "description": "It takes longer: send the same request again, or follow status_url.",
        "content": {"application/json": {"schema": ListeningOut.model_json_schema()}},
    },
    400: "A time is not within the recording, or the model is not to be had: the answer lists what is.",
    402: "It would cost more than the month's budget has left.",
    409: "It could not be heard; or there is no finished text; or the first request with this Idempotency-Key is at work.",
    413: "Larger than the caller may send.",
}
NO_TRANSCRIPT: dict[int, Any] = {404: "There is no such transcript, or it is somebody else's."}
NONE: dict[int, Any] = {404: "There is none, it is somebody else's, or older than a day."}

calls = APIBlueprint("retranslate", __name__, url_prefix="/api/retranslate", tag="Retranslate")
csrf.exempt(calls)
bodies.bound(calls, MOST_BYTES)


@calls.post("/segment")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@repeating.once
@counting.work
@limited(ADDRESS_LIMIT, by=address)
@receiving.form(SegmentIn)
@calls.doc(summary="Hear a segment of a file anew", description=NOTE, responses=REFUSED)
@calls.output(HeardInFileOut)
def segment() -> Response:
    with receiving.received(SegmentIn) as received, waiting.seat(auth.name()) as seat:
        wish, sound = _wish(received.form, received.form.segment_id), uploads.spool(received.file)
        begun, token = receiving.owned(lambda user_id: retranslate.of_file(bootstrap.tools(), user_id, sound, wish))
        return _answered(begun, seat, token)


@calls.post("/segment-from-full")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@repeating.once
@counting.work
@calls.input(OfIn, location="query", arg_name="of")
@calls.input(StoredSegmentIn, location="json", arg_name="wanted")
@calls.doc(
    summary="Hear a segment of a transcript anew",
    description=NOTE,
    responses=REFUSED | NO_TRANSCRIPT,
)
@calls.output(HeardOut)
def segment_from_full(of: OfIn, wanted: StoredSegmentIn) -> Response:
    me, wish = auth.me().user_id, _wish(wanted, wanted.segment_id)
    begun = retranslate.of_transcript(bootstrap.tools(), me, job_status.known(of.job_id), wish)
    with waiting.seat(auth.name()) as seat:
        return _answered(begun, seat)


@calls.get("/<uuid:retranslation_id>")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.doc(
    summary="What was heard anew?",
    responses=NONE | job_status.NOT_YET,
)
@calls.output(HeardOut)
def result(retranslation_id: object) -> Response:
    job = retranslate.find(auth.me().user_id, str(retranslation_id))
    return written.out(_heard(job)) if retranslate.is_heard(job) else written.out(_standing(job), 409)


def _wish(form: WishIn, segment_id: str | int) -> Wish:
    return Wish(segment_id, form.start_time, form.end_time, form.model_name.strip(), form.language)


def _answered(begun: Begun, seat: Seat, guest_token: str | None = None) -> Response:
    """The text where it comes in time."""
    if begun.is_new:
        counting.begun()
    else:
        counting.give_back()
    me, seconds = auth.me().user_id, bootstrap.tools().settings.sync_wait_seconds if seat.is_taken else 0
    is_over = waiting.until(lambda: retranslate.is_over(me, begun.job_id), seconds)
    job = retranslate.find(me, begun.job_id)
    if not is_over:
        return _not_yet(job.id, guest_token)
    if not retranslate.is_heard(job):
        raise WrongState(job.error or retranslate.NOT_HERE)
    return receiving.welcomed(_heard(job).model_dump(), guest_token)


def _not_yet(job_id: str, guest_token: str | None) -> Response:
    url = links.to("retranslate.result", retranslation_id=job_id)
    body = ListeningOut(job_id=job_id, message=NOT_YET, status_url=url)
    response = receiving.welcomed(body.model_dump(exclude={"guest_token"}), guest_token)
    response.status_code, response.headers["Retry-After"] = 202, AGAIN_SECONDS
    return response


def _heard(job: Any) -> HeardOut:
    return HeardOut.model_validate(job.result)


def _standing(job: Any) -> NotYetOut:
    """How it stands, and beside it what every error says."""
    told = (job.error or job.message or IN_PROGRESS).removesuffix(".")
    return NotYetOut(
        job_id=job.id,
        status="processing" if retranslate.is_open(job) else "failed",
        message=told,
        progress=job.progress,
        updated_at=job.updated_at.timestamp(),
        error=f"There is no result: {told}.",
    )
