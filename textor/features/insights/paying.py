"""What text models cost: a budget that refuses before a call is made, and each call noted with its tokens and its price.

with paying.held(tools, Call(user_id, seq, PURPOSE, model), passages, completion_tokens) as call:
    answer = model.answer(...)
usd = call.settle(answer.usage)                               # in the caller's transaction
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update

from textor.adapters.text_models.port import Passage, TextModel, Usage
from textor.errors import InvalidInput, OverBudget, TextModelError, TextorError
from textor.extensions import db
from textor.features.accounts import spending
from textor.features.insights import windows
from textor.models import TextCharge, Transcription
from textor.toolbox import Toolbox


def price(model: TextModel, usage: Usage) -> float | None:
    """US dollars; 0 for a model on this machine, None where nobody knows."""
    if model.capabilities.runs_locally:
        return 0.0
    return model.capabilities.prices.of(usage) if model.capabilities.prices else None


def check(tools: Toolbox, user_id: int, model: TextModel, passages: Sequence[Passage], completion_tokens: int) -> None:
    """Whether the month's budget allows a call that reads this and may write so many tokens, said before it is asked for. Raises
    OverBudget. Holds the user's row until the caller's transaction ends."""
    if not model.capabilities.runs_locally:
        spending.check_text(tools, user_id, price(model, _most(model, passages, completion_tokens)))


@dataclass(frozen=True, slots=True)
class Call:
    """Who pays for a call of a text model, what it is about, and what for: summary, chat or prompts."""

    user_id: int
    seq: int | None
    purpose: str
    model: TextModel


@dataclass(frozen=True, slots=True)
class Held:
    """A call that is being made. `charge_id` None: it costs nothing."""

    call: Call
    charge_id: int | None

    def settle(self, usage: Usage) -> float | None:
        """Note what it took; what it has cost, where anybody knows. In the caller's transaction."""
        if self.charge_id is not None:
            db.session.execute(update(TextCharge).where(TextCharge.id == self.charge_id).values(_taken(self.call.model, usage)))
        return price(self.call.model, usage)

    def fail(self, error: TextorError) -> None:
        """It came to nothing, which is free unless the error says otherwise. In the caller's transaction."""
        if isinstance(error, TextModelError) and any(error.tokens):
            self.settle(Usage(*error.tokens))
        elif self.charge_id is not None:
            db.session.execute(delete(TextCharge).where(TextCharge.id == self.charge_id))


@contextmanager
def held(tools: Toolbox, call: Call, passages: Sequence[Passage], completion_tokens: int) -> Iterator[Held]:
    """While a call is made, the most that it may cost counts as spent: calls at once can't go over the budget together. One that
    fails costs nothing, or what its error says. One that is broken off (stopped, its worker killed) keeps that price: what its
    provider charges for it nobody tells, and to stop calls is no way around a budget. Commits before the call. Raises
    OverBudget."""
    found = Held(call, _begun(tools, call, _most(call.model, passages, completion_tokens)))
    db.session.commit()
    try:
        yield found
    except (TextModelError, InvalidInput, OverBudget) as error:
        db.session.rollback()
        found.fail(error)
        db.session.commit()
        raise


def charge(tools: Toolbox, user_id: int, seq: int | None, purpose: str, model: TextModel, usage: Usage) -> float | None:
    """Note a call that was made, also about a transcription that is gone by now; what it has cost. In the caller's transaction:
    nothing is noted of one on this machine."""
    _added(tools, Call(user_id, seq, purpose, model), usage)
    return price(model, usage)


def _most(model: TextModel, passages: Sequence[Passage], completion_tokens: int) -> Usage:
    reading = windows.OWN_TOKENS + windows.whole(model, passages)
    return Usage(reading, completion_tokens + model.capabilities.thinking_tokens, is_estimated=True)


def _begun(tools: Toolbox, call: Call, most: Usage) -> int | None:
    if not call.model.capabilities.runs_locally:
        spending.check_text(tools, call.user_id, price(call.model, most))
    return _added(tools, call, most)


def _added(tools: Toolbox, call: Call, usage: Usage) -> int | None:
    if call.model.capabilities.runs_locally:
        return None
    row = TextCharge(
        user_id=call.user_id,
        transcription_seq=select(Transcription.seq).where(Transcription.seq == call.seq).scalar_subquery(),
        purpose=call.purpose,
        model=call.model.name,
        at=tools.clock.now(),
        **_taken(call.model, usage),
    )
    db.session.add(row)
    db.session.flush()
    return row.id


def _taken(model: TextModel, usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "usd": price(model, usage),
        "is_estimated": usage.is_estimated,
    }
