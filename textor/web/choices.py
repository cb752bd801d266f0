"""What the upload form offers: engines with their models, languages, and what was chosen last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textor import bootstrap
from textor.domain import languages
from textor.features.transcription import engines, fitting
from textor.features.transcription.engines import Facts, Offer
from textor.web import forms, locale
from textor.web.forms import Picked
from textor.web.visitors import me


@dataclass(frozen=True, slots=True)
class Ability:
    """What an engine can do with `models`, which are all alike in that. `languages` are names, `choices` what the form sends."""

    title: str
    reason: str | None
    models: Sequence[str]
    choices: Sequence[str]
    facts: Facts
    languages: Sequence[str]


def upload(typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """For the upload form's template; `typed` is the form as it was sent, to be shown again."""
    tools, sent = bootstrap.tools(), typed or {}
    default, offered = engines.default(tools), offers()
    own = str(Picked(me().engine, me().model)) if me().engine else default
    return {
        "offers": offered,
        "abilities": abilities(offered),
        "chosen_engine": sent.get("engine", own),
        "default_engine": default,
        "chosen_language": sent.get("language", me().speech_language),
        "typed": {
            "vocabulary": sent.get("vocabulary", ""),
            "speaker_count": sent.get("speaker_count", ""),
            "diarize": typed is None or forms.flag(sent, "diarize"),
        },
        "part_seconds": int(fitting.TEXT_ONLY_SECONDS),
        "most_hints": engines.MOST_HINTS,
        "most_speakers": engines.MOST_SPEAKERS,
        "all_languages": languages.LANGUAGES,
        "limit_mb": locale.limit_mb(),
        "limit_bytes": tools.settings.max_upload_bytes,
    }


def titles() -> dict[str, str]:
    """What each engine is called, by name."""
    return {name: engine.title for name, engine in bootstrap.tools().engines.items()}


def text_titles() -> dict[str, str]:
    """What each text model is called, by name."""
    return {name: model.title for name, model in bootstrap.tools().text_models.items()}


def version() -> tuple[object, ...]:
    """Changes when what the rows offer beside their own facts changes."""
    tools = bootstrap.tools()
    return (*titles().items(), *((form.name, form.missing() is None) for form in tools.formats.values()))


def offers() -> list[Offer]:
    """The engines, each with whether it is ready and its models."""
    return list(engines.offered(bootstrap.tools()))


def abilities(offered: Sequence[Offer]) -> list[Ability]:
    """What each engine can do, said once for all of its models that are alike."""
    return [_ability(offer, alike) for offer in offered for alike in _alike(offer)]


def _alike(offer: Offer) -> list[list[Facts]]:
    groups: dict[tuple[object, ...], list[Facts]] = {}
    for one in offer.facts:
        shutdown = one.model.shutdown_date if one.model else None
        groups.setdefault((one.can, one.usd_per_hour, shutdown), []).append(one)
    return list(groups.values())


def _ability(offer: Offer, alike: Sequence[Facts]) -> Ability:
    return Ability(
        title=offer.title,
        reason=offer.reason,
        models=[one.model.name for one in alike if one.model],
        choices=[one.choice for one in alike],
        facts=alike[0],
        languages=[locale.language_name(code) for code in alike[0].languages or ()],
    )
