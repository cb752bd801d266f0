"""What text models cost: a budget that refuses before a call is made, and each call noted with its tokens and its price."""

from collections.abc import Sequence

from sqlalchemy import select

from textor.adapters.text_models.port import Passage, TextModel, Usage
from textor.extensions import db
from textor.features.accounts import spending
from textor.models import TextCharge, Transcription
from textor.toolbox import Toolbox

WORDS_PER_TOKEN = 0.5
"""Of what is written, rather too few than too many."""


def price(model: TextModel, usage: Usage) -> float | None:
    """US dollars; 0 for a model on this machine, None where nobody knows."""
    if model.capabilities.runs_locally:
        return 0.0
    return model.capabilities.prices.of(usage) if model.capabilities.prices else None


def check(tools: Toolbox, user_id: int, model: TextModel, passages: Sequence[Passage], completion_tokens: int) -> None:
    """Whether the month's budget allows a call that reads this and may write so many tokens. Raises OverBudget."""
    if model.capabilities.runs_locally:
        return
    reading = sum(model.tokens(one.text) for one in passages)
    spending.check_text(tools, user_id, price(model, Usage(reading, completion_tokens)))


def charge(tools: Toolbox, user_id: int, seq: int | None, purpose: str, model: TextModel, usage: Usage) -> float | None:
    """Note a call that was made, also about a transcription that is gone by now; what it has cost. In the caller's transaction:
    nothing is noted of one on this machine."""
    if model.capabilities.runs_locally:
        return 0.0
    usd = price(model, usage)
    db.session.add(
        TextCharge(
            user_id=user_id,
            transcription_seq=select(Transcription.seq).where(Transcription.seq == seq).scalar_subquery(),
            purpose=purpose,
            model=model.name,
            prompt_tokens=usage.prompt,
            completion_tokens=usage.completion,
            usd=usd,
            at=tools.clock.now(),
        )
    )
    return usd
