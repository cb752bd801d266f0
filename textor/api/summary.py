"""Summaries: of a transcript that a request names, or brings along."""

from apiflask import APIBlueprint
from flask import Response

from textor import bootstrap
from textor.api import auth, bodies, counting, receiving, repeating, uploading, written
from textor.api.schemas.summary import (
    SummaryIn,
    SummaryNotYetOut,
    SummaryOut,
    SummaryStartedOut,
    SummaryStatusOut,
    not_yet,
)
from textor.domain import scopes, status_words, timecode
from textor.errors import InvalidInput
from textor.extensions import csrf
from textor.features.insights import summary
from textor.features.insights.summary import Order, View

MOST_BYTES = 12_000_000
ABOUT_NOTHING = "Say what is to be summed up: transcript_id, transcript or full_text."
WORDS = {
    "queued": status_words.PROCESSING,
    "running": status_words.PROCESSING,
    "completed": status_words.COMPLETED,
    "failed": status_words.FAILED,
    "cancelled": status_words.FAILED,
}
MESSAGES = {
    "queued": "Waiting for its turn",
    "running": "Summary in progress",
    "completed": "Summary completed",
    "failed": "Summary failed",
    "cancelled": "Cancelled by user",
}
UNKNOWN = {404: "There is no such summary, or it is somebody else's. It goes with its transcript, and when a newer one is there."}
ONWARD = {
    name: {"operationId": f"api_summary_{name}_get", "parameters": {"job_id": "$response.body#/job_id"}}
    for name in ("show", "status")
}

calls = APIBlueprint("api_summary", __name__, url_prefix="/api/summary", tag="Summary")
csrf.exempt(calls)
bodies.bound(calls, MOST_BYTES)


@calls.post("/")
@auth.needs(scopes.TEXT, guests=True)
@repeating.once
@counting.work
@calls.input(SummaryIn, location="json", arg_name="asked")
@calls.doc(
    summary="Have a transcript summed up",
    description="Answers at once; a worker writes it. The same order for the same transcript joins the one that is being "
    "written; a transcript keeps its newest summary. One of a text that the request brought along is kept for 30 days.",
    responses={
        400: "There is no text, or an option that can't be honoured; an unknown model is answered with those that are there.",
        402: "It would cost more than the month's budget has left.",
        404: "There is no such transcript, or it is somebody else's.",
        409: "The transcript has no text yet; or the first request with this Idempotency-Key is still being worked on.",
        413: "Larger than a request may be.",
    },
)
@calls.output(SummaryStartedOut, links=ONWARD)
def start(asked: SummaryIn) -> Response:
    order = Order(asked.model_name, asked.max_length, asked.format, asked.instruction, uploading.webhook_url(asked.webhook_url))
    job_id, guest_token = receiving.owned(lambda user_id: _begun(user_id, asked, order))
    return receiving.welcomed({"job_id": job_id, "status": "processing", "message": "Summary started"}, guest_token)


@calls.get("/<uuid:job_id>")
@auth.needs(scopes.TEXT, guests=True)
@counting.reading
@calls.doc(summary="Fetch a summary", responses=UNKNOWN | not_yet())
@calls.output(SummaryOut)
def show(job_id: object) -> Response:
    found = summary.find(bootstrap.tools(), auth.me().user_id, str(job_id))
    return written.out(_summary(found)) if WORDS[found.state] == status_words.COMPLETED else _not_yet(found)


@calls.get("/status/<uuid:job_id>")
@auth.needs(scopes.TEXT, guests=True)
@counting.reading
@calls.doc(summary="How does a summary stand?", responses=UNKNOWN)
@calls.output(SummaryStatusOut)
def status(job_id: object) -> SummaryStatusOut:
    return _status(summary.find(bootstrap.tools(), auth.me().user_id, str(job_id)))


def _begun(user_id: int, asked: SummaryIn, order: Order) -> str:
    tools = bootstrap.tools()
    if asked.transcript_id:
        return summary.begin(tools, user_id, str(asked.transcript_id), order)
    if asked.transcript and (asked.full_text is None or any(line.text.strip() for line in asked.transcript)):
        return summary.begin_told(tools, user_id, [line.model_dump() for line in asked.transcript], order)
    if asked.full_text is None:
        raise InvalidInput(ABOUT_NOTHING, field="transcript")
    return summary.begin_told(tools, user_id, asked.full_text, order)


def _status(found: View) -> SummaryStatusOut:
    told = found.error if found.state == "failed" else found.message
    facts = {"status": WORDS[found.state], "message": told or MESSAGES[found.state], "progress": found.progress}
    return SummaryStatusOut.model_validate({"job_id": found.id, **facts, "updated_at": found.updated_at.timestamp()})


def _not_yet(found: View) -> Response:
    """The status, and beside it what every error says."""
    told = _status(found)
    body = SummaryNotYetOut(**told.model_dump(), error=f"There is no summary: {told.message.rstrip('.')}.")
    return written.out(body, 409)


def _summary(found: View) -> SummaryOut:
    prompt, completion = found.prompt_tokens, found.completion_tokens
    return SummaryOut.model_validate(
        {
            "summary": found.text,
            "topics": found.topics,
            "length": found.length,
            "model_used": found.model,
            "format": found.format,
            "citations": found.citations,
            "read": found.read,
            "usage": {"prompt": prompt, "completion": completion, "total": prompt + completion, "cost_usd": found.cost_usd},
            "transcript_id": found.transcription_id,
            "is_stale": found.is_stale,
            "created_at": timecode.utc(found.created_at),
        }
    )
