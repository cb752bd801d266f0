"""The engines people can choose: what is offered, which is used where none is named, whether a choice can be honoured."""

from collections.abc import Sequence
from dataclasses import dataclass

from textor.adapters.stt.port import Capabilities, Engine, Model, Options
from textor.domain import details, languages
from textor.errors import InvalidInput
from textor.features.transcription import prices
from textor.models import Transcription
from textor.toolbox import Toolbox

FIRST_CHOICE = "whisper"
LAST_CHOICE = "sphinx"

MOST_HINTS, LONGEST_HINT = 200, 100
MOST_SPEAKERS = 32


@dataclass(frozen=True, slots=True)
class Hints:
    """What the user says of a recording: words and names in it, how many people speak (None: not said), whether to write in
    English what is said in another language."""

    vocabulary: tuple[str, ...] = ()
    speaker_count: int | None = None
    translate: bool = False


NO_HINTS = Hints()


def hints_of(row: Transcription) -> Hints:
    """What the user has said about this one."""
    return Hints(tuple(row.vocabulary), row.speaker_count, bool(details.asked(row.details)))


@dataclass(frozen=True, slots=True)
class Facts:
    """What an engine can do with one of its models. `choice` is how a form names both: `whisper:base`."""

    choice: str
    model: Model | None
    can: Capabilities
    languages: tuple[str, ...] | None
    usd_per_hour: float | None
    """What the operator says that it costs, else what the engine says; None: not known."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An engine as a form shows it. `languages` None: any. `reason` says what to do where it isn't `ready`. `facts` are of each
    model, in order; where there is just one way to work, of that."""

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
    facts: tuple[Facts, ...]


def offered(tools: Toolbox) -> list[Offer]:
    """Every engine, in the order of forms. Takes milliseconds."""
    return [_offer(tools, engine) for engine in tools.engines.values()]


def default(tools: Toolbox) -> str:
    """The engine of whoever names none: DEFAULT_ENGINE, else Whisper once a model is here, else the first provider, else Sphinx.

    A model that could be fetched does not count: nobody's first transcript should wait for a download or fail without internet.
    """
    if tools.settings.default_engine:
        return engine(tools, tools.settings.default_engine).name
    ready = [name for name, known in tools.engines.items() if known.availability().ready]
    providers = [name for name in ready if not tools.engines[name].can().runs_locally]
    preferred = [FIRST_CHOICE, *providers, LAST_CHOICE, *ready]
    return next((name for name in preferred if name in ready), LAST_CHOICE)


def model_heard_with(tools: Toolbox, engine_name: str, model: str | None) -> str | None:
    """The model of a transcription: the engine's first where nobody has named one, None where it has none or isn't here."""
    known = tools.engines.get(engine_name)
    return model or (next((one.name for one in known.models()), None) if known else None)


def public_name(engine_name: str, model: str | None) -> str:
    """What programs call a choice: Whisper's models by their own names, others as `engine/model`."""
    if model is None:
        return engine_name
    return model if engine_name == FIRST_CHOICE else f"{engine_name}/{model}"


def engine(tools: Toolbox, name: str) -> Engine:
    """The engine of that name. Raises InvalidInput that lists those there are."""
    found = tools.engines.get(name)
    if found is None:
        known = ", ".join(tools.engines)
        raise InvalidInput(f"There is no engine {name!r}. Available: {known}.", field="engine")
    return found


def check_choice(
    tools: Toolbox,
    engine_name: str,
    model: str | None = None,
    language: str | None = None,
    *,
    diarize: bool = False,
    hints: Hints = NO_HINTS,
) -> Options:
    """What the engine will be asked for such a choice. Raises InvalidInput naming the field that can't be honoured.

    A model that isn't downloaded yet may be chosen, and telling speakers apart may always be asked for: the sides of a call
    are told apart whatever the engine.
    """
    chosen = engine(tools, engine_name)
    if language and languages.by_code(language) is None:
        raise InvalidInput(f"Textor does not know the language {language!r}.", field="language")
    _check_hints(hints, diarize=diarize)
    options = Options(
        language=_spoken(chosen, model or None, language),
        model=model or None,
        diarize=diarize,
        speaker_count=hints.speaker_count,
        vocabulary=hints.vocabulary,
        translate=hints.translate,
    )
    chosen.check_options(options)
    return options


def _check_hints(hints: Hints, *, diarize: bool) -> None:
    if len(hints.vocabulary) > MOST_HINTS:
        raise InvalidInput(f"At most {MOST_HINTS} vocabulary hints can be given.", field="vocabulary")
    if any(len(hint) > LONGEST_HINT for hint in hints.vocabulary):
        raise InvalidInput(f"A vocabulary hint has at most {LONGEST_HINT} characters.", field="vocabulary")
    if hints.speaker_count is None:
        return
    if not 1 <= hints.speaker_count <= MOST_SPEAKERS:
        raise InvalidInput(f"The number of speakers is a whole number from 1 to {MOST_SPEAKERS}.", field="speaker_count")
    if not diarize:
        raise InvalidInput("The number of speakers says something only with speaker labels. Turn them on.", field="speaker_count")


def _spoken(chosen: Engine, model: str | None, language: str | None) -> str | None:
    """The language in the engine's own spelling: most know no countries and hear en_us as en."""
    if not language:
        return None
    code = language.strip().lower().replace("-", "_")
    understood = chosen.can(model).languages
    return code if understood is not None and code in understood else languages.base(code)


def _offer(tools: Toolbox, known: Engine) -> Offer:
    state, models = known.availability(), known.models()
    facts = tuple(_facts(tools, known, model) for model in models) or (_facts(tools, known, None),)
    return Offer(
        name=known.name,
        title=known.title,
        description=known.description,
        ready=state.ready,
        reason=state.reason,
        models=models,
        languages=facts[0].languages,
        detects_language=facts[0].can.detects_language,
        default_model=models[0].name if models else None,
        runs_locally=facts[0].can.runs_locally,
        facts=facts,
    )


def _facts(tools: Toolbox, known: Engine, model: Model | None) -> Facts:
    name = model.name if model else None
    can = known.can(name)
    return Facts(
        choice=f"{known.name}:{name}" if name else known.name,
        model=model,
        can=can,
        languages=None if can.languages is None else tuple(sorted(can.languages)),
        usd_per_hour=prices.per_hour(tools, known.name, name),
    )
