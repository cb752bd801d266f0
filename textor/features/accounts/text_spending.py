"""What calls of text models have cost: by model, by transcription, by user. A call that is being made is there with the most that
it may cost, and so is one that was broken off; `features/insights/paying` writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select

from textor.extensions import db
from textor.models import TextCharge


@dataclass(frozen=True, slots=True)
class TextUse:
    """What a model has read and written for somebody. `known_usd` is the sum of what is known; not `is_known`: there is more."""

    model: str
    prompt_tokens: int
    completion_tokens: int
    known_usd: float
    is_known: bool = True
    is_estimated: bool = False
    """Of some of its calls only the most that they may have taken is known."""

    @property
    def usd(self) -> float | None:
        """None: nobody knows."""
        return self.known_usd if self.is_known else None

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


def by_model(user_id: int, since: datetime) -> list[TextUse]:
    """A user's, by the models' names."""
    return _summed(TextCharge.user_id == user_id, TextCharge.at >= since)


def of_transcription(user_id: int, seq: int) -> list[TextUse]:
    """What was ever asked about it."""
    return _summed(TextCharge.user_id == user_id, TextCharge.transcription_seq == seq)


def total(uses: Sequence[TextUse]) -> TextUse | None:
    """Of all models together, without a name; None where there was no call."""
    if not uses:
        return None
    return TextUse(
        model="",
        prompt_tokens=sum(one.prompt_tokens for one in uses),
        completion_tokens=sum(one.completion_tokens for one in uses),
        known_usd=sum(one.known_usd for one in uses),
        is_known=all(one.is_known for one in uses),
        is_estimated=any(one.is_estimated for one in uses),
    )


def of_everybody(since: datetime) -> dict[int, float]:
    """What each user has spent, by id; whoever has spent nothing isn't there."""
    one = TextCharge
    rows = db.session.execute(select(one.user_id, func.sum(one.usd)).where(one.at >= since).group_by(one.user_id))
    return {user_id: usd for user_id, usd in rows if usd}


def _summed(*which: Any) -> list[TextUse]:
    one = TextCharge
    unknown, estimated = func.sum(case((one.usd.is_(None), 1), else_=0)), func.sum(case((one.is_estimated, 1), else_=0))
    sums = (func.sum(one.prompt_tokens), func.sum(one.completion_tokens), func.sum(one.usd), unknown, estimated)
    rows = db.session.execute(select(one.model, *sums).where(*which).group_by(one.model).order_by(one.model))
    return [
        TextUse(model, int(read), int(written), usd or 0.0, not n_unknown, bool(n_estimated))
        for model, read, written, usd, n_unknown, n_estimated in rows
    ]
