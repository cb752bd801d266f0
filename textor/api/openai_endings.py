"""How a transcription that an OpenAI client waits for stands, and what it is told where there is no text."""

from dataclasses import dataclass

from flask import Response, jsonify, make_response

from textor import bootstrap
from textor.api import errors, links
from textor.api.schemas.openai_compatible import FaultOut, FaultsOut, WaitingOut
from textor.domain import job_states
from textor.domain.job_states import Status
from textor.features.recordings import listing
from textor.features.recordings.listing import JobState
from textor.features.transcription import familiar

AGAIN_SECONDS = "2"
STAYS = {"x-should-retry": "false"}
"""The official clients repeat what ends in 409 or 500, which would start it anew each time."""
GONE = "This transcription was deleted while you waited."
FAILED, CANCELLED = "transcription_failed", "transcription_cancelled"


@dataclass(frozen=True, slots=True)
class Work:
    """A transcription, and whose it is."""

    user_id: int
    id: str


def look(work: Work) -> JobState | None:
    """How it stands; None once it is deleted."""
    return listing.job(work.user_id, work.id)


def is_over(work: Work) -> bool:
    """Whether there is nothing to wait for any more."""
    state = look(work)
    return state is None or state.status in job_states.FINAL


def is_readable(work: Work) -> bool:
    """Whether it has a text."""
    state = look(work)
    return state is not None and state.status in job_states.DONE


def not_yet(work: Work) -> Response:
    """It is waited for no longer: the same request again finds it."""
    state = look(work)
    body = WaitingOut(
        job_id=work.id,
        progress=state.progress if state else 0.0,
        message="Transcription in progress. Send the same request again, or follow status_url.",
        status_url=links.to("job_status.status", job_id=work.id),
    )
    return make_response(jsonify(body.model_dump()), 202, {"Retry-After": AGAIN_SECONDS})


def failed(work: Work) -> Response:
    """It ended without a text; asked again it begins anew."""
    familiar.told(bootstrap.tools(), work.id)
    told = fault(look(work)).error
    status = 409 if told.code == CANCELLED else 500
    response = errors.respond(status, told.message, headers=STAYS)
    response.set_data(FaultsOut(error=told).model_dump_json())
    return response


def fault(state: JobState | None) -> FaultsOut:
    """Why there is no text, in OpenAI's envelope."""
    if state is None or state.status == Status.CANCELLED:
        told = (state.error if state else None) or GONE
        return FaultsOut(error=FaultOut(message=told, type="invalid_request_error", code=CANCELLED))
    return FaultsOut(error=FaultOut(message=state.error or errors.SENTENCES[500], type="server_error", code=FAILED))
