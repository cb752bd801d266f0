"""What calls of text models have cost, by model, transcription and user; `sol` has a price, nobody knows what `luna` costs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from textor.errors import OverBudget
from textor.extensions import db
from textor.features.accounts import spending, text_spending
from textor.features.accounts.text_spending import TextUse
from textor.models import Charge, TextCharge, User
from textor.toolbox import Toolbox


@pytest.fixture
def tools(tools: Toolbox) -> Toolbox:
    """With ten dollars a month for everybody."""
    return replace(tools, settings=replace(tools.settings, monthly_budget=10.0))


def note(tools: Toolbox, user: User, model: str = "sol", usd: float | None = 1.5, **values: Any) -> None:
    facts = {"purpose": "chat", "prompt_tokens": 100, "completion_tokens": 20, "at": tools.clock.now(), "is_estimated": False}
    db.session.add(TextCharge(user_id=user.id, model=model, usd=usd, **(facts | values)))
    db.session.commit()


@pytest.mark.both_databases
def test_a_month_tells_what_each_model_has_read_and_written(tools: Toolbox, alice: User, bob: User) -> None:
    for model, usd in (("sol", 1.5), ("luna", None), ("sol", 0.5), ("luna", 0.25)):
        note(tools, alice, model, usd)
    note(tools, bob)
    note(tools, alice, at=tools.clock.now() - timedelta(days=40))
    month = spending.month(tools, alice.id)
    assert month.texts == [TextUse("luna", 200, 40, 0.25, is_known=False), TextUse("sol", 200, 40, 2.0)]
    assert [one.usd for one in month.texts] == [None, 2.0]
    assert (month.spent, month.left) == (2.25, 7.75)


def test_money_for_text_and_for_sound_is_one_sum(tools: Toolbox, alice: User, bob: User) -> None:
    note(tools, alice)
    note(tools, bob, usd=None)
    note(tools, bob, at=tools.clock.now() - timedelta(days=40))
    for user in (alice, bob):
        db.session.add(Charge(user_id=user.id, engine="paid", seconds=1.0, usd=2.0, at=tools.clock.now()))
    db.session.commit()
    assert spending.month(tools, alice.id).spent == 3.5
    assert spending.of_everybody(tools) == {alice.id: 3.5, bob.id: 2.0}
    with pytest.raises(OverBudget, match=r"\$3.50 of your \$10.00"):
        spending.check_text(tools, alice.id, 6.6)
    spending.check_text(tools, alice.id, 6.5)


def test_a_transcription_tells_what_was_ever_asked_about_it(tools: Toolbox, alice: User, bob: User) -> None:
    row, other = factories.transcription(alice), factories.transcription(alice)
    note(tools, alice, transcription_seq=row.seq, at=tools.clock.now() - timedelta(days=400))
    note(tools, alice, "luna", 0.5, transcription_seq=row.seq, is_estimated=True)
    note(tools, alice, transcription_seq=other.seq)
    note(tools, bob, transcription_seq=row.seq)
    uses = text_spending.of_transcription(alice.id, row.seq)
    assert [one.model for one in uses] == ["luna", "sol"]
    assert text_spending.total(uses) == TextUse("", 200, 40, 2.0, is_known=True, is_estimated=True)


def test_a_sum_with_an_unknown_part_is_not_known(tools: Toolbox, alice: User) -> None:
    row = factories.transcription(alice)
    for model, usd in (("sol", 1.5), ("luna", None)):
        note(tools, alice, model, usd, transcription_seq=row.seq)
    total = text_spending.total(text_spending.of_transcription(alice.id, row.seq))
    assert total is not None
    assert (total.usd, total.tokens) == (None, 240)


def test_where_no_model_was_asked_there_is_no_sum(alice: User) -> None:
    assert text_spending.total(text_spending.of_transcription(alice.id, factories.transcription(alice).seq)) is None
