"""What a summary should be like, as users say it; templates keep the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

from textor.adapters.text_models.port import Format, TextModel
from textor.errors import InvalidInput
from textor.features.insights import choosing
from textor.toolbox import Toolbox

FORMATS: Sequence[str] = get_args(Format)
MOST_WORDS = 5000
LONGEST_INSTRUCTION = 2000
_UNSEEN = dict.fromkeys(n for n in range(32) if chr(n) not in "\t\n")  # PostgreSQL stores no NUL, and nobody means the others


@dataclass(frozen=True, slots=True)
class Order:
    """The summary that is asked for. Without a model the best that is ready writes it. `webhook_url` is told of it beside the
    account's own address."""

    model_name: str = ""
    max_words: int = 500
    format: str = "paragraph"
    instruction: str | None = ""
    webhook_url: str = ""


def checked(tools: Toolbox, order: Order) -> tuple[Order, TextModel]:
    """The order with its model named, and that model. Raises InvalidInput for what can't be honoured."""
    model = choosing.choose(tools, order.model_name)
    wish = instruction(order.instruction)
    if wish and not model.capabilities.instructions:
        raise InvalidInput(f"{model.title} follows no instructions. Leave them out or choose another model.", field="instruction")
    check_format(order.format)
    check_words(order.max_words)
    return replace(order, model_name=model.name, instruction=wish), model


def instruction(text: str | None) -> str:
    """A wish in words, without what can't be stored. Raises InvalidInput."""
    clean = (text or "").replace("\r\n", "\n").translate(_UNSEEN).strip()
    if len(clean) > LONGEST_INSTRUCTION:
        raise InvalidInput(f"Instructions have at most {LONGEST_INSTRUCTION:,} characters.", field="instruction")
    return clean


def check_format(name: str) -> None:
    """Raises InvalidInput."""
    if name not in FORMATS:
        raise InvalidInput(f"There is no such format. Available: {', '.join(FORMATS)}.", field="format")


def check_words(count: int) -> None:
    """Raises InvalidInput."""
    if not 1 <= count <= MOST_WORDS:
        raise InvalidInput(f"A summary has between 1 and {MOST_WORDS:,} words.", field="max_length")
