"""What text models cost: refused before a call where the budget doesn't allow it, noted after it."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.fakes import FakeTextModel
from textor.adapters.text_models.port import Passage, Prices, Usage
from textor.errors import OverBudget
from textor.extensions import db
from textor.features.accounts import spending
from textor.features.insights import paying
from textor.models import TextCharge, User
from textor.toolbox import Toolbox

PAID = FakeTextModel(name="paid", prices=Prices(prompt=1.0, completion=10.0))
SOME = [Passage(0, 0.0, 1.0, "x" * 3_000)]
"""A thousand tokens: a tenth of a cent to read."""


@pytest.fixture
def tools(tools: Toolbox) -> Toolbox:
    """With a dollar a month for everybody."""
    return replace(tools, settings=replace(tools.settings, monthly_budget=1.0))


def charge(tools: Toolbox, owner: User, model: FakeTextModel, usage: Usage, seq: int | None = None) -> float | None:
    usd = paying.charge(tools, owner.id, seq, "chat", model, usage)
    db.session.commit()
    return usd


def charges() -> list[tuple[Any, ...]]:
    one = TextCharge
    columns = (one.transcription_seq, one.purpose, one.model, one.prompt_tokens, one.completion_tokens, one.usd, one.at)
    return [tuple(row) for row in db.session.execute(select(*columns))]


def test_a_call_costs_what_was_read_and_what_was_written(tools: Toolbox, alice: User) -> None:
    row = factories.transcription(alice)
    assert charge(tools, alice, PAID, Usage(100_000, 20_000), row.seq) == pytest.approx(0.3)
    assert charges() == [(row.seq, "chat", "paid", 100_000, 20_000, pytest.approx(0.3), tools.clock.now())]


def test_a_call_about_a_transcription_that_is_gone_is_charged_all_the_same(tools: Toolbox, alice: User) -> None:
    assert charge(tools, alice, PAID, Usage(1_000_000, 0), 404) == pytest.approx(1.0)
    assert [row[0] for row in charges()] == [None]
    with pytest.raises(OverBudget):
        paying.check(tools, alice.id, PAID, SOME, 1)


def test_what_nobody_knows_the_price_of_is_noted_without_one(tools: Toolbox, alice: User) -> None:
    assert charge(tools, alice, FakeTextModel(name="unknown"), Usage(7, 3)) is None
    assert [row[3:6] for row in charges()] == [(7, 3, None)]


def test_a_model_on_this_machine_costs_nothing_and_nothing_is_noted(tools: Toolbox, alice: User) -> None:
    built_in = tools.text_models["textor-extractive"]
    tools = replace(tools, settings=replace(tools.settings, monthly_budget=0.0))
    paying.check(tools, alice.id, built_in, SOME, 10_000)
    assert paying.charge(tools, alice.id, None, "summary", built_in, Usage()) == 0.0
    assert charges() == []


def test_a_call_that_could_cost_too_much_is_refused(tools: Toolbox, alice: User) -> None:
    paying.check(tools, alice.id, PAID, SOME, 99_000)
    with pytest.raises(OverBudget, match=r"about \$1.01"):
        paying.check(tools, alice.id, PAID, SOME, 100_000)


def test_what_was_spent_on_text_leaves_less_for_sound_and_for_text(tools: Toolbox, alice: User, bob: User) -> None:
    charge(tools, alice, PAID, Usage(900_000, 0))
    with pytest.raises(OverBudget, match=r"\$0.90 of your \$1.00"):
        paying.check(tools, alice.id, PAID, SOME, 20_000)
    with pytest.raises(OverBudget):
        spending.check_text(tools, alice.id, 0.2)
    paying.check(tools, bob.id, PAID, SOME, 20_000)
