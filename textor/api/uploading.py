"""The transcribe family: recordings come in, and their transcription starts."""

from apiflask import APIBlueprint
from flask import Response

from textor import bootstrap
from textor.api import auth, counting, links, receiving, repeating
from textor.api.schemas.uploading import AboutIn, StartedOut, StartIn, UploadedOut, UploadIn
from textor.domain import scopes
from textor.errors import InvalidInput
from textor.extensions import csrf
from textor.features.recordings.intake import Choice
from textor.features.transcription import engines, naming
from textor.features.transcription.engines import Hints
from textor.features.transcription.naming import Chosen
from textor.features.webhooks import receivers
from textor.routing import address, limited

OLD_DEFAULT = "tiny.en"
"""What the API that this one stands for used where a start named no model."""
ADDRESS_LIMIT = "600/minute"
REFUSED = {
    400: "No file, not audio or video, empty, or an option that can't be honoured.",
    402: "It would cost more than the month's budget has left.",
    409: "The first request with this Idempotency-Key is still being worked on.",
    413: "Larger than the caller may send.",
}

calls = APIBlueprint("api_uploading", __name__, url_prefix="/api/transcribe", tag="Transcribe")
csrf.exempt(calls)


@calls.post("/upload")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@repeating.once
@counting.work
@limited(ADDRESS_LIMIT, by=address)
@receiving.form(UploadIn)
@calls.doc(summary="Upload a recording", description="Answers as soon as it is stored.", responses=REFUSED)
@calls.output(UploadedOut, links=links.onward("transcript_id"))
def upload() -> Response:
    with receiving.received(UploadIn) as received:
        taken = receiving.keep(received.file, _uploaded(received.form))
    answer = {"message": "File uploaded and transcription started", "transcript_id": taken.transcription.id, "status": "queued"}
    return receiving.welcomed(answer, taken.guest_token)


@calls.post("/")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@repeating.once
@counting.work
@limited(ADDRESS_LIMIT, by=address)
@receiving.form(StartIn)
@calls.doc(summary="Start a job", description="An upload that is followed by its job's status.", responses=REFUSED)
@calls.output(StartedOut, links=links.onward("job_id"))
def start() -> Response:
    with receiving.received(StartIn) as received:
        taken = receiving.keep(received.file, _started(received.form))
    answer = {"job_id": taken.transcription.id, "status": "processing", "message": "Transcription job started"}
    return receiving.welcomed(answer, taken.guest_token)


def _uploaded(form: UploadIn) -> Choice:
    if not form.engine:
        return _choice(form, naming.chosen(bootstrap.tools(), form.model_name), form.language_code)
    model = form.model_name.removeprefix(f"{form.engine}/")
    return _choice(form, Chosen(engines.engine(bootstrap.tools(), form.engine).name, model or None), form.language_code)


def _started(form: StartIn) -> Choice:
    tools = bootstrap.tools()
    is_here = any(one.name == OLD_DEFAULT for one in naming.available(tools))
    name = form.model_name or (OLD_DEFAULT if is_here else "")
    return _choice(form, naming.chosen(tools, name), form.language)


def _choice(form: AboutIn, chosen: Chosen, language: str) -> Choice:
    naming.check_ready(bootstrap.tools(), chosen, may_fetch=True)
    told_at = webhook_url(form.webhook_url)
    return Choice(
        engine=chosen.engine,
        model=chosen.model or "",
        language=language,
        diarize=form.diarize or form.speaker_count is not None,  # to say how many speak is to ask for them
        title=form.title,
        hints=Hints(form.hints, form.speaker_count),
        webhook_url=told_at,
        is_remembered=False,
    )


def webhook_url(told: str) -> str:
    """Messages are signed with a secret that an account page shows: a guest has none, and could be told anything."""
    if told and auth.me().is_guest:
        raise InvalidInput("Webhooks need an account. Leave webhook_url out, or send an API key.", field="webhook_url")
    return receivers.check_address(bootstrap.tools(), told) if told else ""
