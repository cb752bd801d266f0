"""The OpenAI-compatible family: the official clients work unchanged with base_url=<host>/v1 and a Textor key (docs/openai.md)."""

from collections.abc import Callable

from apiflask import APIBlueprint
from flask import Response
from werkzeug.datastructures import MultiDict

from textor import bootstrap
from textor.api import auth, counting, receiving, repeating
from textor.api import openai_answers as answers
from textor.api import openai_asking as asking
from textor.api import openai_endings as endings
from textor.api import openai_streaming as streaming
from textor.api.openai_asking import ModelNotFound, Wish
from textor.api.openai_endings import Work
from textor.api.schemas import openai_compatible as shapes
from textor.api.schemas.openai_compatible import AnswerOut, ModelOut, ModelsOut, TranscriptionIn, TranslationIn
from textor.domain import scopes
from textor.errors import InvalidInput
from textor.extensions import csrf
from textor.features.transcription import naming, waiting
from textor.features.transcription.naming import Named
from textor.features.transcription.waiting import Seat
from textor.routing import address, limited

ADDRESS_LIMIT = "600/minute"
OWNER = "textor"
NOT_HERE = "There is no such model here."
PLAIN, EVENTS = "text/plain", "text/event-stream"
FAILS = shapes.fails(
    _400="No file, no sound in it, or a parameter that can't be honoured.",
    _402="It would cost more than the month's budget has left.",
    _404=NOT_HERE,
    _409="Cancelled meanwhile; or the first request with this Idempotency-Key is still being worked on.",
    _413="Larger than the caller may send.",
    _500="It could not be transcribed.",
)

calls = APIBlueprint("openai", __name__, url_prefix="/v1", tag="OpenAI-compatible")
csrf.exempt(calls)


@calls.post("/audio/transcriptions")
@auth.needs(scopes.TRANSCRIBE)
@repeating.once
@counting.work
@limited(ADDRESS_LIMIT, by=address)
@receiving.form(TranscriptionIn)
@calls.output(AnswerOut)
@calls.doc(
    summary="Transcribe a recording",
    description="As OpenAI's. What takes longer than SYNC_WAIT_SECONDS is answered 202; the same request again waits on.",
    responses=shapes.heard(PLAIN, EVENTS) | FAILS,
)
def transcribe() -> Response:
    return _heard(asking.transcription)


@calls.post("/audio/translations")
@auth.needs(scopes.TRANSCRIBE)
@repeating.once
@counting.work
@limited(ADDRESS_LIMIT, by=address)
@receiving.form(TranslationIn)
@calls.output(AnswerOut)
@calls.doc(
    summary="Translate a recording into English",
    description="As OpenAI's. Whisper does, but for its turbo and its English models.",
    responses=shapes.heard(PLAIN) | FAILS,
)
def translate() -> Response:
    return _heard(asking.translation)


@calls.get("/models")
@auth.needs(scopes.TRANSCRIBE)
@counting.reading
@calls.output(ModelsOut)
@calls.doc(summary="List models", description="What could be used now; whisper-1 means the default engine.")
def models() -> ModelsOut:
    found = [_model(one) for one in naming.available(bootstrap.tools())]
    return ModelsOut(data=[ModelOut(id=naming.ANY, owned_by=OWNER), *found])


@calls.get("/models/<path:name>")
@auth.needs(scopes.TRANSCRIBE)
@counting.reading
@calls.output(ModelOut)
@calls.doc(summary="Look at a model", responses=shapes.fails(_404=NOT_HERE))
def model(name: str) -> ModelOut:
    tools, name = bootstrap.tools(), name.rstrip("/")
    try:
        chosen = naming.chosen(tools, name)
        naming.check_ready(tools, chosen)
    except InvalidInput as error:
        raise ModelNotFound(error.message) from error
    known = [one for one in naming.available(tools) if (one.engine.name, one.model and one.model.name) == chosen]
    return _model(known[0]).model_copy(update={"id": name}) if known else ModelOut(id=name, owned_by=chosen.engine)


def _heard(read: Callable[[MultiDict[str, str]], Wish]) -> Response:
    with receiving.received(shapes.Anything) as received, waiting.seat(auth.name()) as seat:
        wish = read(received.parts)
        asking.check_seat(wish, is_taken=seat.is_taken)
        return _answered(Work(auth.me().user_id, asking.begun(received.file, wish)), wish, seat)


def _model(one: Named) -> ModelOut:
    return ModelOut(id=one.name, owned_by=one.engine.name, shutdown_date=one.model.shutdown_date if one.model else None)


def _answered(work: Work, wish: Wish, seat: Seat) -> Response:
    """The text where it comes in time; else whatever shows whoever asks that it is on its way."""
    if wish.is_streamed:
        return _seated(streaming.events(work, wish), seat)
    seconds = bootstrap.tools().settings.sync_wait_seconds if seat.is_taken else 0
    if not waiting.until(lambda: endings.is_over(work), seconds):
        return _seated(streaming.held(work, wish), seat) if wish.is_held else endings.not_yet(work)
    if not endings.is_readable(work):
        return endings.failed(work)
    found = answers.answer(work, wish)
    return Response(found.body, content_type=found.media_type)


def _seated(response: Response, seat: Seat) -> Response:
    """Its body waits on."""
    response.call_on_close(seat.hand_on())
    return response
