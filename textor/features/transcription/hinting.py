"""What a free text before a recording (OpenAI's `prompt`) gives an engine: the names and terms in it, as far as it takes any."""

import re

from textor.domain.writing import clean
from textor.errors import InvalidInput
from textor.features.transcription import engines
from textor.features.transcription.engines import Hints
from textor.features.transcription.naming import Chosen
from textor.toolbox import Toolbox

MOST_WORDS = 6
"""More than that in a row is a sentence, and no term that could be listened for."""
_BOUNDS = re.compile(r"[,;:.!?،؛؟、。\n\r\t\"“”«»()<>]+(?=\s|$)|[\n\r\t\"“”«»()<>]+")


def hints(tools: Toolbox, chosen: Chosen, language: str, prompt: str) -> Hints:
    """As many as the engine takes, the first first. It is a hint: where an engine takes none, it is done without."""
    known = engines.engine(tools, chosen.engine)
    found = _terms(prompt) if known.can(chosen.model).vocabulary else ()
    while found and not _are_taken(tools, chosen, language, Hints(found)):
        found = found[: len(found) // 2]
    return Hints(found)


def _terms(prompt: str) -> tuple[str, ...]:
    pieces = (clean(piece) for piece in _BOUNDS.split(prompt))
    fitting = (piece for piece in pieces if piece and len(piece) <= engines.LONGEST_HINT and len(piece.split()) <= MOST_WORDS)
    return tuple(dict.fromkeys(fitting))[: engines.MOST_HINTS]


def _are_taken(tools: Toolbox, chosen: Chosen, language: str, wished: Hints) -> bool:
    try:
        engines.check_choice(tools, chosen.engine, chosen.model, language, hints=wished)
    except InvalidInput as refusal:
        return refusal.field != "vocabulary"
    return True
