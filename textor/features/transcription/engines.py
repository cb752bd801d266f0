"""The engines people can choose: what is offered, which is used where none is named, whether a choice can be honoured."""

from collections.abc import Sequence
from dataclasses import dataclass

from textor.adapters.stt.port import Engine, Model, Options
from textor.domain import languages
from textor.errors import InvalidInput
from textor.toolbox import Toolbox

FIRST_CHOICE = "whisper"
LAST_CHOICE = "sphinx"


@dataclass(frozen=True, slots=True)
class Offer:
    """An engine as a form shows it. `languages` None: any. `reason` says what to do where it isn't `ready`."""

    name: str
    title: str
    description: str
    ready: bool
    reason: str | None
    models: Sequence[Model]
    languages: tuple[str, ...] | None
    detects_language: bool
    default_model: str | None
    runs_locally: bool


def offered(tools: Toolbox) -> list[Offer]:
    """Every engine, in the order of forms. Takes milliseconds."""
    return [_offer(engine) for engine in tools.engines.values()]


def default(tools: Toolbox) -> str:
    """The engine of whoever names none: DEFAULT_ENGINE, else Whisper once a model is here, else the first provider, else Sphinx.

    A model that could be fetched does not count: nobody's first transcript should wait for a download or fail without internet.
    """
    if tools.settings.default_engine:
        return engine(tools, tools.settings.default_engine).name
    ready = [name for name, known in tools.engines.items() if known.availability().ready]
    providers = [name for name in ready if not tools.engines[name].capabilities.runs_locally]
    preferred = [FIRST_CHOICE, *providers, LAST_CHOICE, *ready]
    return next((name for name in preferred if name in ready), LAST_CHOICE)


def engine(tools: Toolbox, name: str) -> Engine:
    """The engine of that name. Raises InvalidInput that lists those there are."""
    found = tools.engines.get(name)
    if found is None:
        known = ", ".join(tools.engines)
        raise InvalidInput(f"There is no engine {name!r}. Available: {known}.", field="engine")
    return found


def check_choice(
    tools: Toolbox, engine_name: str, model: str | None = None, language: str | None = None, *, diarize: bool = False
) -> Options:
    """What the engine will be asked for such a choice. Raises InvalidInput naming the field that can't be honoured.

    A model that isn't downloaded yet may be chosen, and telling speakers apart may always be asked for: the sides of a call
    are told apart whatever the engine.
    """
    chosen = engine(tools, engine_name)
    if language and languages.by_code(language) is None:
        raise InvalidInput(f"Textor does not know the language {language!r}.", field="language")
    options = Options(language=_spoken(chosen, language), model=model or None, diarize=diarize)
    chosen.check_options(options)
    return options


def _spoken(chosen: Engine, language: str | None) -> str | None:
    """The language in the engine's own spelling: most know no countries and hear en_us as en."""
    if not language:
        return None
    code = language.strip().lower().replace("-", "_")
    understood = chosen.capabilities.languages
    return code if understood is not None and code in understood else languages.base(code)


def _offer(known: Engine) -> Offer:
    state = known.availability()
    models = known.models()
    understood = known.capabilities.languages
    return Offer(
        name=known.name,
        title=known.title,
        description=known.description,
        ready=state.ready,
        reason=state.reason,
        models=models,
        languages=None if understood is None else tuple(sorted(understood)),
        detects_language=known.capabilities.detects_language,
        default_model=models[0].name if models else None,
        runs_locally=known.capabilities.runs_locally,
    )
