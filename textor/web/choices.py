"""What the upload form offers: engines with their models, languages, and what was chosen last."""

from typing import Any

from textor import bootstrap
from textor.domain import languages
from textor.features.transcription import engines
from textor.web import locale
from textor.web.forms import Picked
from textor.web.visitors import me


def upload() -> dict[str, Any]:
    """For the upload form's template."""
    tools = bootstrap.tools()
    default = engines.default(tools)
    return {
        "offers": offers(),
        "chosen_engine": str(Picked(me().engine, me().model)) if me().engine else default,
        "default_engine": default,
        "chosen_language": me().speech_language,
        "all_languages": languages.LANGUAGES,
        "limit_mb": locale.limit_mb(),
        "limit_bytes": tools.settings.max_upload_bytes,
    }


def titles() -> dict[str, str]:
    """What each engine is called, by name."""
    return {offer.name: offer.title for offer in engines.offered(bootstrap.tools())}


def version() -> tuple[object, ...]:
    """Changes when what the rows offer beside their own facts changes."""
    tools = bootstrap.tools()
    return (*titles().items(), *((form.name, form.missing() is None) for form in tools.formats.values()))


def offers() -> list[Any]:
    """The engines, each with whether it is ready and its models."""
    return list(engines.offered(bootstrap.tools()))
