"""What programs call an engine with its model, and what is meant by such a name: the inverse of `engines.public_name`."""

from collections.abc import Iterator
from typing import NamedTuple

from textor.adapters.stt import whisper_models
from textor.adapters.stt.port import Engine, Model
from textor.errors import InvalidInput
from textor.features.transcription import engines
from textor.toolbox import Toolbox

ANY = "whisper-1"
"""What clients of OpenAI's say where they don't mind: the default engine. OpenAI's own model is `openai/whisper-1`."""
LONGEST_NAME = 128


class Chosen(NamedTuple):
    """An engine, and one of its models; None: its default one."""

    engine: str
    model: str | None = None


class Named(NamedTuple):
    """Something that can be chosen now, and what it is called."""

    name: str
    engine: Engine
    model: Model | None


def chosen(tools: Toolbox, name: str) -> Chosen:
    """What is meant: a Whisper model by any of its names, `engine`, `engine/model`, or any engine's model where its name says
    enough; nothing and `whisper-1` mean the default engine. Raises InvalidInput that lists what there is."""
    if name in ("", ANY):
        return Chosen(engines.default(tools))
    found = _exactly(tools, name) or _whisper(tools, name) or _anybodys(tools, name)
    if found is None:
        raise InvalidInput(f"There is no model {_shown(name)}. Available: {_listed(tools)}.", field="model")
    return found


def check_ready(tools: Toolbox, one: Chosen, *, may_fetch: bool = False) -> None:
    """Refuse what could only fail: an engine without its key, a model that isn't on this machine, unless it `may_fetch` that.
    Raises InvalidInput that lists what can be had."""
    known = engines.engine(tools, one.engine)
    state = known.availability()
    is_missing = not may_fetch and any(model.name == one.model and model.is_downloaded is False for model in known.models())
    if is_missing or not state.ready:
        why = f"The model {one.model} is not on this server." if is_missing else state.reason or f"{known.title} is not ready."
        raise InvalidInput(f"{why} Available: {_listed(tools)}.", field="model")


def available(tools: Toolbox) -> list[Named]:
    """All that could be heard with now, in the order of forms."""
    return [one for engine in tools.engines.values() if engine.availability().ready for one in _of(engine)]


def _of(engine: Engine) -> Iterator[Named]:
    models = engine.models()
    if not models:
        yield Named(engines.public_name(engine.name, None), engine, None)
    for model in models:
        if model.is_downloaded is not False:
            yield Named(engines.public_name(engine.name, model.name), engine, model)


def _exactly(tools: Toolbox, name: str) -> Chosen | None:
    """`engine` or `engine/model`; models elsewhere may have slashes of their own."""
    engine_name, slash, model = name.partition("/")
    if engine_name not in tools.engines:
        return None
    if not slash:
        return Chosen(engine_name)
    return Chosen(engine_name, model) if model in _names(tools.engines[engine_name]) else None


def _whisper(tools: Toolbox, name: str) -> Chosen | None:
    known = tools.engines.get(engines.FIRST_CHOICE)
    model = whisper_models.canonical(name.removeprefix(f"{engines.FIRST_CHOICE}/"))
    return Chosen(known.name, model) if known and model in _names(known) else None


def _anybodys(tools: Toolbox, name: str) -> Chosen | None:
    """Of several engines with a model of that name the first that is ready."""
    found = [known for known in tools.engines.values() if name in _names(known)]
    best = next((known for known in found if known.availability().ready), next(iter(found), None))
    return Chosen(best.name, name) if best else None


def _names(known: Engine) -> set[str]:
    return {model.name for model in known.models()}


def _listed(tools: Toolbox) -> str:
    return ", ".join(one.name for one in available(tools)) or "none"


def _shown(name: str) -> str:
    """Names come from programs, and may be anything."""
    return repr(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…")
