"""What text models cost: refused before a call where the budget doesn't allow it, noted after it."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import at_once, factories
from tests.fakes import FakeTextModel
from textor.adapters.text_models.port import Capabilities, Passage, Prices, TextModel, Usage
from textor.errors import Fenced, InvalidInput, OverBudget, TextModelError
from textor.extensions import db
from textor.features.accounts import spending
from textor.features.insights import paying
from textor.features.insights.paying import Call
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


def call(owner: User, model: TextModel = PAID, seq: int | None = None) -> Call:
    return Call(owner.id, seq, "chat", model)


def told() -> list[tuple[Any, ...]]:
    one = TextCharge
    columns = (one.transcription_seq, one.model, one.prompt_tokens, one.completion_tokens, one.usd, one.is_estimated)
    return [tuple(row) for row in db.session.execute(select(*columns))]


def test_a_call_counts_with_the_most_it_may_cost_while_it_is_made_and_with_what_it_took_afterwards(
    tools: Toolbox, alice: User
) -> None:
    seq = factories.transcription(alice).seq
    with paying.held(tools, call(alice, seq=seq), SOME, 50_000) as found:
        ((of, model, read, written, usd, is_estimated),) = told()
        assert (of, model, written, usd, is_estimated) == (seq, "paid", 50_000, pytest.approx(0.5, abs=0.01), True)
        assert read > 1_000
        with pytest.raises(OverBudget):
            paying.check(tools, alice.id, PAID, SOME, 60_000)
    assert found.settle(Usage(1_200, 100)) == pytest.approx(0.0022)
    db.session.commit()
    assert told() == [(seq, "paid", 1_200, 100, pytest.approx(0.0022), False)]
    paying.check(tools, alice.id, PAID, SOME, 60_000)


def test_what_a_model_thinks_is_part_of_the_most_it_may_cost(tools: Toolbox, alice: User) -> None:
    class Thinking(FakeTextModel):
        @property
        def capabilities(self) -> Capabilities:  # type: ignore[override]  # as the fake has it
            return replace(super().capabilities, thinking_tokens=60_000)

    with pytest.raises(OverBudget):
        paying.check(tools, alice.id, Thinking(prices=PAID.prices), SOME, 50_000)


@pytest.mark.parametrize("error", [TextModelError("Busy.", retryable=True), InvalidInput("Too long.")])
def test_a_call_that_fails_costs_nothing(tools: Toolbox, alice: User, error: Exception) -> None:
    with pytest.raises(type(error)), paying.held(tools, call(alice), SOME, 50_000):
        raise error
    assert told() == []


def test_a_call_whose_answer_was_none_costs_what_it_took(tools: Toolbox, alice: User) -> None:
    error = TextModelError("It gave an answer that could not be used.")
    error.tokens = (2_000, 300)
    with pytest.raises(TextModelError), paying.held(tools, call(alice), SOME, 50_000):
        raise error
    assert [row[2:] for row in told()] == [(2_000, 300, pytest.approx(0.005), False)]


def test_a_call_that_is_broken_off_keeps_the_most_it_may_have_cost(tools: Toolbox, alice: User) -> None:
    with pytest.raises(Fenced), paying.held(tools, call(alice), SOME, 50_000):
        raise Fenced("It was stopped.")
    db.session.rollback()
    assert [row[3:] for row in told()] == [(50_000, pytest.approx(0.5, abs=0.01), True)]
    with pytest.raises(OverBudget):
        paying.check(tools, alice.id, PAID, SOME, 60_000)


def test_a_call_over_the_budget_is_not_begun(tools: Toolbox, alice: User) -> None:
    begun = []
    with pytest.raises(OverBudget), paying.held(tools, call(alice), SOME, 100_000):
        begun.append(True)
    assert (begun, told()) == ([], [])


def test_a_provider_that_tells_no_numbers_leaves_an_estimate(tools: Toolbox, alice: User) -> None:
    with paying.held(tools, call(alice), SOME, 10) as found:
        pass
    found.settle(Usage(5, 5, is_estimated=True))
    assert [row[-1] for row in told()] == [True]


def test_a_call_on_this_machine_is_neither_held_nor_settled(tools: Toolbox, alice: User) -> None:
    tools = replace(tools, settings=replace(tools.settings, monthly_budget=0.0))
    with paying.held(tools, call(alice, tools.text_models["textor-extractive"]), SOME, 10) as found:
        assert told() == []
    assert found.settle(Usage()) == 0.0
    assert told() == []


def test_what_nobody_knows_the_price_of_goes_until_the_budget_is_used_up(tools: Toolbox, alice: User) -> None:
    unknown = call(alice, FakeTextModel(name="unknown"))
    with paying.held(tools, unknown, SOME, 10) as found:
        pass
    assert found.settle(Usage(1, 1)) is None
    charge(tools, alice, PAID, Usage(1_000_000, 0))
    with pytest.raises(OverBudget, match="not known"), paying.held(tools, unknown, SOME, 10):
        pass


@pytest.mark.both_databases
def test_calls_at_once_do_not_go_over_the_budget_together(app: Flask, tools: Toolbox, alice: User) -> None:
    """Each takes 40 cents of a dollar."""
    mine = call(alice)

    def ask() -> int:
        with paying.held(tools, mine, SOME, 40_000) as found:
            return found.charge_id or 0

    answers = at_once.results(app, 5, ask)
    assert sum(isinstance(one, OverBudget) for one in answers) == 3
    assert len(told()) == 2
