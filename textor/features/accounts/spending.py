"""What recognition costs: charges as they come, the sum of a month, and a budget that refuses before anything is spent.

A month is a calendar month in UTC. Money is in US dollars. What waits or runs counts with what it will cost, so that many
uploads at once can't go over the budget together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, case, exists, func, insert, select, update

from textor.domain.job_states import OPEN, Status
from textor.errors import OverBudget
from textor.extensions import db
from textor.features.accounts import text_spending
from textor.features.accounts.text_spending import TextUse
from textor.features.transcription import prices
from textor.job_queue import slices
from textor.job_queue.claims import Claim
from textor.models import Charge, Recording, Slice, TextCharge, Transcription, User
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

TOLERANCE_USD = 1e-6
"""Sums of fractions: ten times ten cents are a dollar."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Sound that an engine was given. `stated_usd` is what its provider says that this costs, where it does."""

    seq: int
    user_id: int
    engine: str
    model: str | None
    seconds: float
    stated_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """Sound that an engine is going to be given."""

    engine: str
    model: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Use:
    """What an engine has heard for somebody in a month. `usd` None: nobody knows."""

    engine: str
    seconds: float
    usd: float | None


@dataclass(frozen=True, slots=True)
class Month:
    """A user's month so far. `budget` None: no limit. `reserved` is what the open transcriptions will cost; open calls of text
    models are among what is spent."""

    begins_at: datetime
    ends_at: datetime
    uses: Sequence[Use]
    texts: Sequence[TextUse]
    spent: float
    reserved: float
    budget: float | None

    @property
    def last_day(self) -> date:
        return (self.ends_at - timedelta(days=1)).date()

    @property
    def left(self) -> float | None:
        return None if self.budget is None else max(0.0, self.budget - self.spent - self.reserved)


def charge(tools: Toolbox, claim: Claim, engine: str, model: str | None, seconds: float, stated_usd: float | None = None) -> None:
    """Note what a piece of sound has cost. In the caller's transaction."""
    charge_all(tools, [Heard(claim.seq, claim.user_id, engine, model, seconds, stated_usd)])


def charge_all(tools: Toolbox, heard: Sequence[Heard]) -> None:
    """The same for many, in as many statements. A transcription that was deleted meanwhile has cost its user no less. One that
    an engine of unknown price has heard costs nobody knows what. In the caller's transaction."""
    if not heard:
        return
    now, in_order = tools.clock.now(), sorted(heard, key=lambda one: one.seq)
    costs = [_stated(tools, one) for one in in_order]
    sums = [{"of": one.seq, "more_usd": usd, "more_seconds": one.seconds} for one, usd in zip(in_order, costs, strict=True)]
    charges = [
        {
            "of": one.seq,
            "user_id": one.user_id,
            "engine": one.engine,
            "model": one.model,
            "seconds": one.seconds,
            "usd": usd,
            "at": now,
        }
        for one, usd in zip(in_order, costs, strict=True)
    ]
    connection = db.session.connection()
    connection.execute(_ADD, sums)  # holds the transcriptions: none of those it has found goes before the charges are there
    connection.execute(_CHARGE, charges)


def check(tools: Toolbox, user_id: int, engine: str, model: str | None, seconds: float) -> None:
    """Whether the month's budget allows this much. Raises OverBudget, before anything is spent.

    Holds the user's row until the caller's transaction ends: of two that ask at once, the second counts what the first has added.
    """
    check_all(tools, user_id, [Order(engine, model, seconds)])


def check_all(tools: Toolbox, user_id: int, orders: Sequence[Order]) -> None:
    """The same for several together: all or none."""
    paid = [one for one in orders if not prices.is_free(tools, one.engine, one.model)]
    budget = _budget(tools, user_id) if paid else None
    if budget is None:
        return
    _hold(user_id)
    used = _spent(tools, user_id) + _reserved(tools, user_id)
    if _is_over(budget, used, _cost(tools, paid)):
        db.session.rollback()
        raise _refusal(tools, budget, used, _cost(tools, paid))


def check_text(tools: Toolbox, user_id: int, usd: float | None) -> None:
    """Whether the month's budget allows a call of a text model that costs so much; None: nobody knows. Raises OverBudget. Holds
    the user's row, too."""
    budget = _budget(tools, user_id)
    if budget is None or usd == 0:
        return
    _hold(user_id)
    used = _spent(tools, user_id) + _reserved(tools, user_id)
    if _is_over(budget, used, usd):
        db.session.rollback()
        raise _refusal(tools, budget, used, usd)


def check_claim(tools: Toolbox, claim: Claim) -> None:
    """The same right before the provider is asked, for what is left of a transcription: its slices are known now, and the budget
    may have become smaller. What waits behind it doesn't count. Raises OverBudget."""
    row = db.session.get_one(Transcription, claim.seq)
    if prices.is_free(tools, row.engine, row.model):
        return
    budget = _budget(tools, claim.user_id)
    if budget is None:
        return
    spent, cost = _spent(tools, claim.user_id), _cost(tools, [Order(row.engine, row.model, seconds_left(row))])
    if _is_over(budget, spent, cost):
        raise _refusal(tools, budget, spent, cost)


def allows(tools: Toolbox, row: Transcription, engine: str) -> bool:
    """Whether the budget lets another engine begin an open transcription anew."""
    if prices.is_free(tools, engine):
        return True
    budget = _budget(tools, row.user_id)
    if budget is None:
        return True
    used = _spent(tools, row.user_id) + _reserved(tools, row.user_id, but=row.seq)
    return not _is_over(budget, used, _cost(tools, [Order(engine, None, row.recording.seconds)]))


def seconds_left(row: Transcription) -> float:
    """How much of it engines would still be given: what no slice has heard; all, where it begins anew."""
    if row.status == Status.COMPLETED:
        return row.recording.seconds
    states = (SliceState.COMPLETED, SliceState.FAILED) if row.status in OPEN else (SliceState.COMPLETED,)
    counted = case((Slice.state.not_in(states), Slice.end - Slice.start), else_=0.0)
    found = db.session.scalar(select(func.sum(counted)).where(Slice.transcription_seq == row.seq))
    return row.recording.seconds if found is None else float(found)


def month(tools: Toolbox, user_id: int) -> Month:
    """A user's month so far. Five statements."""
    begins_at, ends_at = month_of(tools.clock.now())
    rows = db.session.execute(
        select(
            Charge.engine,
            func.sum(Charge.seconds),
            func.sum(Charge.usd),
            func.sum(case((Charge.usd.is_(None), 1), else_=0)),
        )
        .where(Charge.user_id == user_id, Charge.at >= begins_at)
        .group_by(Charge.engine)
        .order_by(Charge.engine)
    ).all()
    uses = [Use(engine, seconds, None if unknown else usd) for engine, seconds, usd, unknown in rows]
    texts = text_spending.by_model(user_id, begins_at)
    spent = sum(usd or 0.0 for _engine, _seconds, usd, _unknown in rows) + sum(one.known_usd for one in texts)
    return Month(begins_at, ends_at, uses, texts, spent, _reserved(tools, user_id), _budget(tools, user_id))


def of_everybody(tools: Toolbox) -> dict[int, float]:
    """What each user has spent this month, by id; whoever has spent nothing isn't there."""
    begins_at, _ends_at = month_of(tools.clock.now())
    rows = db.session.execute(select(Charge.user_id, func.sum(Charge.usd)).where(Charge.at >= begins_at).group_by(Charge.user_id))
    heard, texts = {user_id: usd for user_id, usd in rows if usd}, text_spending.of_everybody(begins_at)
    return {user_id: heard.get(user_id, 0.0) + texts.get(user_id, 0.0) for user_id in heard | texts}


def _stated(tools: Toolbox, one: Heard) -> float | None:
    return prices.of(tools, one.engine, one.model, one.seconds) if one.stated_usd is None else one.stated_usd


def _budget(tools: Toolbox, user_id: int) -> float | None:
    own = db.session.scalar(select(User.monthly_budget).where(User.id == user_id))
    return tools.settings.monthly_budget if own is None else own


def _spent(tools: Toolbox, user_id: int) -> float:
    begins_at, _ends_at = month_of(tools.clock.now())
    kinds = (Charge, TextCharge)
    sums = [select(func.sum(kind.usd)).where(kind.user_id == user_id, kind.at >= begins_at) for kind in kinds]
    return sum(db.session.scalar(statement) or 0.0 for statement in sums)


def _hold(user_id: int) -> None:
    """A write that changes nothing: it holds the row on every database, SQLite knows no FOR UPDATE."""
    db.session.execute(update(User).where(User.id == user_id).values(monthly_budget=User.monthly_budget))


def _reserved(tools: Toolbox, user_id: int, but: int | None = None) -> float:
    """What a user's open transcriptions, `but` for one, will cost. One of unknown price counts nothing."""
    left = case((_has_slices(), func.coalesce(_open_seconds(), 0.0)), else_=Recording.seconds)
    rows = (
        select(Transcription.engine, Transcription.model, left.label("seconds"))
        .join(Recording, Transcription.recording_id == Recording.id)
        .where(Transcription.user_id == user_id, Transcription.status.in_(OPEN), Transcription.seq != (but or 0))
        .subquery()
    )
    summed = select(rows.c.engine, rows.c.model, func.sum(rows.c.seconds)).group_by(rows.c.engine, rows.c.model)
    return _cost(tools, [Order(*row) for row in db.session.execute(summed)]) or 0.0


def _has_slices() -> ColumnElement[bool]:
    return exists().where(Slice.transcription_seq == Transcription.seq)


def _open_seconds() -> ScalarSelect[float | None]:
    """What slices have not heard yet; what they have is charged."""
    mine = (Slice.transcription_seq == Transcription.seq, Slice.state.in_(slices.OPEN))
    return select(func.sum(Slice.end - Slice.start)).where(*mine).correlate(Transcription).scalar_subquery()


def _cost(tools: Toolbox, orders: Sequence[Order]) -> float | None:
    """Of those whose price is known; None where none is."""
    costs = [prices.of(tools, one.engine, one.model, one.seconds) for one in orders]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None


def _is_over(budget: float, used: float, cost: float | None) -> bool:
    """What nobody knows the price of goes until the budget is used up."""
    if cost is None:
        return used >= budget - TOLERANCE_USD
    return used + cost > budget + TOLERANCE_USD


def _refusal(tools: Toolbox, budget: float, used: float, cost: float | None) -> OverBudget:
    costs = "What this would cost is not known" if cost is None else f"This would cost about ${_cents(cost):.2f}"
    renewal = f"{month_of(tools.clock.now())[1]:%Y-%m-%d}"
    return OverBudget(
        f"{costs}, and ${used:.2f} of your ${budget:.2f} for this month are spent or set aside. "
        f"A new month begins on {renewal}; engines on this server cost nothing."
    )


def _cents(usd: float) -> float:
    """Rounded up: little is not nothing."""
    return math.ceil(usd * 100 - TOLERANCE_USD) / 100


def month_of(now: datetime) -> tuple[datetime, datetime]:
    """When the calendar month of `now` begins and when the next one does, in UTC."""
    begins_at = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return begins_at, (begins_at + timedelta(days=32)).replace(day=1)


_MORE = bindparam("more_usd", type_=Charge.usd.type)
_ADD = (
    update(Transcription)
    .where(Transcription.seq == bindparam("of"))
    .values(
        # Once it is not known, it stays so: NULL and any sum are NULL. MySQL assigns in this order, so the sum goes first.
        cost_usd=case((Transcription.heard_seconds.is_(None), _MORE), else_=Transcription.cost_usd + _MORE),
        heard_seconds=func.coalesce(Transcription.heard_seconds, 0.0) + bindparam("more_seconds"),
    )
)
_CHARGE = insert(Charge).values(
    transcription_seq=select(Transcription.seq).where(Transcription.seq == bindparam("of")).scalar_subquery()
)
