"""Which text model is asked: the one that was named, else the best that is ready."""

from textor.adapters.text_models.port import TextModel
from textor.errors import InvalidInput, TextModelError
from textor.toolbox import Toolbox

LONGEST_NAME = 128


def ready(tools: Toolbox) -> list[TextModel]:
    """The models that can be asked now, in the order they are offered; the built-in one is always among them."""
    return [model for model in tools.text_models.values() if model.availability().ready]


def choose(tools: Toolbox, name: str = "") -> TextModel:
    """The model of that name; the first that is ready where none is named. Raises InvalidInput that lists what there is."""
    offered = ready(tools)
    if not name:
        return offered[0]
    for model in offered:
        if model.name == name:
            return model
    known = tools.text_models.get(name)
    reason = known.availability().reason if known else None
    shown = repr(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…")
    told = f"The model {shown} is not available here." if known else f"There is no model {shown}."
    names = ", ".join(model.name for model in offered)
    raise InvalidInput(" ".join(filter(None, (told, reason, f"Available: {names}."))), field="model_name")


def known(tools: Toolbox, name: str) -> TextModel:
    """For a worker: the model that was chosen when the work was asked for. Raises TextModelError where it is gone since."""
    if (model := tools.text_models.get(name)) is None:
        raise TextModelError(f"The model {name!r} is not set up any more.")
    return model
