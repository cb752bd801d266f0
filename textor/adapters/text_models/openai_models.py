"""OpenAI's text models as data, as far as a summary needs it: what they read in one call, what they cost, whether they reason.

From developers.openai.com/api/docs/models, looked at on 2026-11-22. A prompt of more than 272,000 tokens costs twice as much
there, so no more is read in one call.
"""

import re
from dataclasses import dataclass

from textor.adapters.text_models.port import Prices
from textor.settings import Settings

DEFAULT = "gpt-6-luna"
"""The cheapest of OpenAI's current models; it was made for work such as this."""
LARGEST_TOKENS = 272_000
UNKNOWN_TOKENS = 8_000
"""Small enough for nearly every host: one that is asked for more than it was set up for may cut off the beginning in silence."""
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Family:
    """Models whose names begin alike. `reasons`: they think before they answer, in tokens that are paid for, and may have one
    temperature only."""

    window_tokens: int = UNKNOWN_TOKENS
    reasons: bool = False


UNKNOWN = Family(reasons=True)
FAMILIES = {
    "gpt-6": Family(LARGEST_TOKENS, reasons=True),
    "gpt-5": Family(LARGEST_TOKENS, reasons=True),
    "gpt-4.1": Family(LARGEST_TOKENS),
    "gpt-4o": Family(128_000),
    "o3": Family(200_000, reasons=True),
    "o4": Family(200_000, reasons=True),
}
PRICES = {
    "gpt-6-luna": Prices(0.10, 0.50),
    "gpt-6-sol": Prices(2.00, 10.00),
    "gpt-6.1-sol": Prices(2.00, 10.00),
    "gpt-6.2-sol": Prices(2.00, 10.00),
    "gpt-5.6-luna": Prices(0.20, 1.20),
}


def names(settings: Settings, *, is_openai: bool) -> tuple[str, ...]:
    """The models on offer; a compatible host has models of its own, which the operator names."""
    return tuple(dict.fromkeys(settings.text_model)) or ((DEFAULT,) if is_openai else ())


def family(name: str) -> Family:
    """Gateways put the maker's name before the model's."""
    bare = name.rpartition("/")[2].lower()
    return next((found for beginning, found in FAMILIES.items() if bare.startswith(beginning)), UNKNOWN)


def prices(name: str, settings: Settings, *, is_openai: bool) -> Prices | None:
    """The operator's, else OpenAI's own where it is asked itself."""
    told = {model: Prices(read, written) for model, read, written in settings.text_prices}
    return told.get(name) or (PRICES.get(_DATED.sub("", name)) if is_openai else None)
