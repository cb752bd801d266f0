"""Chat: questions about a transcript that a request names or brings along, or about all of the caller's."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from textor import bootstrap
from textor.api import auth, bodies, counting, errors, links, receiving, repeating
from textor.api.schemas import chat as shapes
from textor.api.schemas.chat import (
    ChatIn,
    ChatModelOut,
    ChatModelsOut,
    ChatOut,
    ChatWaitingOut,
    CitedOut,
    ReadOut,
    ReplyOut,
    UsageOut,
)
from textor.domain import scopes
from textor.doorstep import listeners
from textor.errors import InvalidInput
from textor.extensions import csrf
from textor.features.accounts import guests
from textor.features.insights import chat_requests, choosing
from textor.features.insights.chat_requests import Request, Standing
from textor.features.transcription import waiting

MOST_BYTES = 12_000_000
MOST_LINES, MOST_LETTERS = 100_000, 4_000_000
AGAIN_SECONDS = 2
BUSY_SECONDS = 30
ABOUT_NOTHING = "Say what it is about: transcript, full_text, transcript_id, or library: true for all of your transcripts."
IN_PROGRESS = "The answer is being written. Send the same request again, or follow status_url."
FAILS = {
    402: "It would cost more than the month's budget has left.",
    404: "There is no such transcript or job, or it is somebody else's.",
    500: "The model gave no answer that can be used.",
    503: "The model is away or busy, or something else that is needed: `Retry-After` says when to ask again.",
}

calls = APIBlueprint("api_chat", __name__, url_prefix="/api/chat", tag="Chat")
csrf.exempt(calls)
bodies.bound(calls, MOST_BYTES)


@calls.get("/models")
@auth.needs(scopes.TEXT, guests=True)
@counting.reading
@calls.output(ChatModelsOut)
@calls.doc(summary="Which models can be asked?")
def models() -> ChatModelsOut:
    found = choosing.ready(bootstrap.tools())
    return ChatModelsOut(models=[ChatModelOut(id=one.name, name=one.title, description=one.description) for one in found])


@calls.post("/")
@auth.needs(scopes.TEXT, guests=True)
@repeating.once
@counting.work
@calls.input(ChatIn, location="json", arg_name="asked")
@calls.doc(
    summary="Ask about a transcript",
    description="Answers with what was said there, and where. A worker asks the model; what takes longer than SYNC_WAIT_SECONDS "
    "is answered 202. The same request again finds the same work until its answer was fetched, and is a new question after that.",
    responses=shapes.waiting()
    | FAILS
    | {400: "Something is missing, wrong or too much.", 409: "The transcript has no text yet."},
)
@calls.output(ChatOut)
def ask(asked: ChatIn) -> Response:
    wanted = _request(asked)
    with waiting.seat(auth.name()) as seat:
        begun, guest_token = receiving.owned(lambda user_id: chat_requests.begin(bootstrap.tools(), user_id, wanted))
        (counting.begun if begun.is_new else counting.give_back)()
        seconds = bootstrap.tools().settings.sync_wait_seconds if seat.is_taken else 0
        waiting.until(lambda: chat_requests.is_over(begun.job_id), seconds)
        return _told(_look(begun.job_id), guest_token)


@calls.get("/<uuid:chat_id>")
@auth.needs(scopes.TEXT, guests=True)
@counting.reading
@calls.doc(
    summary="Fetch an answer",
    description="For a day after it was written, as often as you like; 202 until it is there.",
    responses=shapes.waiting() | FAILS,
)
@calls.output(ChatOut)
def show(chat_id: object) -> Response:
    return _told(_look(str(chat_id)))


def _request(asked: ChatIn) -> Request:
    messages = [{"role": one.role, "content": one.content} for one in asked.messages]
    return Request(messages, _about(asked), asked.model_name, asked.temperature, asked.max_tokens)


def _about(asked: ChatIn) -> dict[str, Any]:
    is_given = bool(asked.transcript_id or asked.transcript or asked.full_text)
    if is_given == asked.library:
        raise InvalidInput("Ask about one transcript or about the library, not both." if is_given else ABOUT_NOTHING)
    if asked.transcript_id:
        return {"transcription_id": str(asked.transcript_id)}
    if asked.library:
        return {"library": True, "newest": guests.MOST_SEEN if auth.me().is_guest else None}
    lines = asked.transcript or []
    if len(lines) > MOST_LINES or sum(len(one.text) for one in lines) + len(asked.full_text or "") > MOST_LETTERS:
        told = f"A transcript has at most {MOST_LINES:,} segments and {MOST_LETTERS:,} characters."
        raise InvalidInput(told, field="transcript")
    return {"lines": [one.model_dump() for one in lines]} if lines else {"text": asked.full_text}


def _look(job_id: str) -> Standing:
    return chat_requests.look(auth.me().user_id, job_id)


def _told(found: Standing, guest_token: str | None = None) -> Response:
    """The answer, or why there is none; whoever hears of it has been told."""
    if not found.is_over:
        return _not_yet(found, guest_token)
    if listeners.is_there(request.environ):
        chat_requests.delivered(auth.me().user_id, found.job_id)
    if found.error:
        headers = {"Retry-After": str(found.retry_after or BUSY_SECONDS)} if found.status == 503 else {}
        return errors.respond(found.status, found.error, details={"job_id": found.job_id}, headers=headers)
    return receiving.welcomed(_answer(found).model_dump(exclude_none=True), guest_token)


def _not_yet(found: Standing, guest_token: str | None) -> Response:
    status_url = links.to("api_chat.show", chat_id=found.job_id)
    body = ChatWaitingOut(job_id=found.job_id, message=IN_PROGRESS, status_url=status_url)
    response = receiving.welcomed(body.model_dump(exclude_none=True), guest_token)
    response.status_code, response.headers["Retry-After"] = 202, str(AGAIN_SECONDS)
    return response


def _answer(found: Standing) -> ChatOut:
    told = found.result
    return ChatOut(
        message=ReplyOut(content=told["content"]),
        model_used=told["model"],
        usage=UsageOut.model_validate(told["usage"]),
        citations=[_cited(one) for one in told["citations"]],
        read=ReadOut.model_validate(told["read"]),
        job_id=found.job_id,
    )


def _cited(one: dict[str, Any]) -> CitedOut:
    of = {"transcript_id": one.get("transcription_id"), "title": one.get("title")}
    return CitedOut(start=one["start"], end=one["end"], text=one["text"], **of)
