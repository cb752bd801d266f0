"""The transcribe family: what can be chosen."""

from collections.abc import Iterator

from apiflask import APIBlueprint

from textor import bootstrap
from textor.api import auth, counting
from textor.api.schemas.transcribe import LanguageOut, LanguagesOut, ModelOut, ModelsIn, ModelsOut
from textor.domain import languages, scopes
from textor.features.transcription import engines
from textor.features.transcription.engines import Facts, Offer

calls = APIBlueprint("transcribe", __name__, url_prefix="/api/transcribe", tag="Transcribe")


@calls.get("/models")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.input(ModelsIn, location="query", arg_name="asked")
@calls.output(ModelsOut)
@calls.doc(
    summary="What can be chosen?",
    description="The Whisper family and every configured engine: each model, what it can and can't do, and its price.",
    responses={400: "A parameter is wrong."},
)
def models(asked: ModelsIn) -> ModelsOut:
    tools = bootstrap.tools()
    default, offers = engines.default(tools), engines.offered(tools)
    shown = [one for one in offers if asked.all or one.ready or one.name == engines.FIRST_CHOICE]
    return ModelsOut(models=[_model(offer, facts, default) for offer, facts in _choices(shown)])


@calls.get("/languages")
@auth.needs(scopes.TRANSCRIBE, guests=True)
@counting.reading
@calls.output(LanguagesOut)
@calls.doc(summary="Which languages can a recording be in?")
def spoken() -> LanguagesOut:
    known = languages.LANGUAGES
    return LanguagesOut(languages=[LanguageOut(code=one.code, name=one.english, native_name=one.native) for one in known])


def _choices(offers: list[Offer]) -> Iterator[tuple[Offer, Facts]]:
    return ((offer, facts) for offer in offers for facts in offer.facts)


def _model(offer: Offer, facts: Facts, default: str) -> ModelOut:
    model, can = facts.model, facts.can
    return ModelOut(
        name=engines.public_name(offer.name, model.name if model else None),
        full_name=model.full_name if model else offer.title,
        description=(model.description if model else "") or offer.description,
        engine=offer.name,
        is_downloaded=offer.ready if model is None or model.is_downloaded is None else model.is_downloaded,
        size_mb=model.size_mb if model else None,
        is_ready=offer.ready,
        reason=offer.reason,
        is_default=offer.name == default and (model is None or model.name == offer.default_model),
        runs_locally=can.runs_locally,
        languages=None if facts.languages is None else list(facts.languages),
        detects_language=can.detects_language,
        word_times=can.word_times,
        segment_times=can.segment_times,
        speakers=can.speakers,
        speaker_count=can.speaker_count,
        vocabulary=can.vocabulary,
        formats=None if can.formats is None else sorted(can.formats),
        max_bytes=can.max_bytes,
        max_seconds=can.max_seconds,
        usd_per_hour=facts.usd_per_hour,
        shutdown_date=model.shutdown_date if model else None,
    )
