"""What recognition costs, and a budget that refuses before anything is spent. `paid` charges a cent for each second."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import delete, event, select

from tests import factories
from tests.fakes import FakeClock, remote_engine
from textor.domain.job_states import Status
from textor.errors import OverBudget
from textor.extensions import db
from textor.features.accounts import spending
from textor.features.accounts.spending import Order, Use
from textor.job_queue.claims import Claim
from textor.models import Charge, Slice, Transcription, User
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases


@pytest.fixture
def tools(tools: Toolbox) -> Toolbox:
    """With a paid engine and ten dollars a month for everybody."""
    engines = {**tools.engines, "paid": remote_engine("paid", usd_per_hour=36.0)}
    return replace(tools, engines=engines, settings=replace(tools.settings, monthly_budget=10.0))


def claim_of(row: Transcription) -> Claim:
    return Claim(row.seq, row.id, row.user_id, 1, row.engine)


def run(owner: User, seconds: float = 100.0, **values: Any) -> Transcription:
    facts = {"engine": "paid", "status": Status.COMPLETED, **values}
    return factories.transcription(owner, factories.recording(owner, seconds=seconds), **facts)


def charge(tools: Toolbox, row: Transcription, seconds: float, engine: str = "paid", stated_usd: float | None = None) -> None:
    spending.charge(tools, claim_of(row), engine, None, seconds, stated_usd)
    db.session.commit()


def total(row: Transcription) -> tuple[float | None, float | None]:
    db.session.refresh(row)
    return row.cost_usd, row.heard_seconds


def about(usd: float) -> Any:
    """Sums of fractions."""
    return pytest.approx(usd)


def charges() -> list[tuple[Any, ...]]:
    rows = db.session.execute(select(Charge.transcription_seq, Charge.engine, Charge.seconds, Charge.usd).order_by(Charge.id))
    return [tuple(row) for row in rows]


def slices(row: Transcription, *states: str) -> None:
    """Ten seconds each."""
    facts = {"transcription_seq": row.seq, "engine": row.engine}
    db.session.add_all(Slice(n=n, start=n * 10.0, end=n * 10.0 + 10, state=state, **facts) for n, state in enumerate(states))
    db.session.commit()


def refusal(tools: Toolbox, user: User, seconds: float, engine: str = "paid") -> str:
    with pytest.raises(OverBudget) as caught:
        spending.check(tools, user.id, engine, None, seconds)
    assert caught.value.status == 402
    return caught.value.message


def test_each_piece_is_a_charge_and_their_sum_is_the_transcriptions(tools: Toolbox, alice: User) -> None:
    row = run(alice)
    charge(tools, row, 60.0)
    charge(tools, row, 30.0)
    assert charges() == [(row.seq, "paid", 60.0, about(0.6)), (row.seq, "paid", 30.0, about(0.3))]
    assert total(row) == (about(0.9), 90.0)
    assert db.session.scalars(select(Charge.at)).first() == tools.clock.now()


def test_what_a_provider_states_comes_before_its_price(tools: Toolbox, alice: User) -> None:
    row = run(alice)
    charge(tools, row, 60.0, stated_usd=0.02)
    assert total(row) == (0.02, 60.0)


def test_sound_heard_on_this_machine_costs_nothing(tools: Toolbox, alice: User) -> None:
    row = run(alice, engine="fake")
    charge(tools, row, 60.0, engine="fake")
    assert total(row) == (0.0, 60.0)


def test_a_sum_with_an_unknown_part_is_not_known(tools: Toolbox, alice: User) -> None:
    row = run(alice)
    for engine in ("paid", "fake_remote", "paid"):
        charge(tools, row, 60.0, engine=engine)
    assert total(row) == (None, 180.0)
    assert [usd for *_, usd in charges()] == [about(0.6), None, about(0.6)]


def test_a_deleted_transcription_has_cost_its_user_no_less(tools: Toolbox, alice: User) -> None:
    row = run(alice)
    claim = claim_of(row)
    charge(tools, row, 60.0)
    db.session.execute(delete(Transcription))
    spending.charge(tools, claim, "paid", None, 30.0)
    db.session.commit()
    assert [(seq, seconds) for seq, _, seconds, _ in charges()] == [(None, 60.0), (None, 30.0)]
    assert spending.month(tools, alice.id).spent == about(0.9)


def test_charges_belong_to_the_callers_transaction_and_many_take_no_more_statements(tools: Toolbox, alice: User) -> None:
    heard = [spending.Heard(run(alice).seq, alice.id, "paid", None, 10.0) for _ in range(20)]
    counted: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    spending.charge_all(tools, heard)
    assert len(counted) == 2
    db.session.rollback()
    assert charges() == []


def test_what_fits_is_let_through_to_the_last_cent(tools: Toolbox, alice: User) -> None:
    alice.monthly_budget = 0.3
    for _ in range(2):
        charge(tools, run(alice), 10.0)
    spending.check(tools, alice.id, "paid", None, 10.0)  # 0.1 + 0.1 + 0.1 is more than 0.3
    assert "about $0.31" in refusal(tools, alice, 30.1)


def test_a_refusal_says_what_it_would_cost_what_is_used_and_when_the_month_ends(tools: Toolbox, alice: User) -> None:
    charge(tools, run(alice), 700.0)
    assert refusal(tools, alice, 301.0) == (
        "This would cost about $3.01, and $7.00 of your $10.00 for this month are spent or set aside. "
        "A new month begins on 2026-12-01; engines on this server cost nothing."
    )


def test_what_waits_and_runs_is_set_aside(tools: Toolbox, alice: User, bob: User) -> None:
    run(alice, 400.0, status=Status.PENDING)
    run(alice, 300.0, status=Status.PROCESSING, active_for=alice.id)
    run(alice, 900.0, status=Status.FAILED)
    run(alice, 900.0, status=Status.PENDING, engine="fake")
    run(bob, 900.0, status=Status.PENDING)
    assert "$7.00 of your $10.00" in refusal(tools, alice, 301.0)
    spending.check(tools, alice.id, "paid", None, 300.0)


def test_of_a_running_one_only_what_is_not_heard_yet_is_set_aside(tools: Toolbox, alice: User) -> None:
    row = run(alice, 40.0, status=Status.PROCESSING, active_for=alice.id)
    slices(row, "completed", "failed", "remote", "waiting")
    charge(tools, row, 10.0)
    found = spending.month(tools, alice.id)
    assert (found.spent, found.reserved, found.left) == (about(0.1), about(0.2), about(9.7))


def test_an_engine_on_this_machine_is_never_refused(tools: Toolbox, alice: User) -> None:
    charge(tools, run(alice), 2000.0)
    spending.check(tools, alice.id, "fake", None, 1e6)
    priced = replace(tools, settings=replace(tools.settings, engine_prices=(("fake", 5.0),)))
    spending.check(priced, alice.id, "fake", None, 1e6)


def test_what_nobody_knows_the_price_of_goes_until_the_budget_is_used_up(tools: Toolbox, alice: User) -> None:
    charge(tools, run(alice), 999.0)
    spending.check(tools, alice.id, "fake_remote", None, 1e6)
    charge(tools, run(alice), 1.0)
    assert refusal(tools, alice, 1.0, "fake_remote").startswith("What this would cost is not known, and $10.00 of your $10.00")


def test_ones_own_budget_comes_before_everybodys_and_none_is_no_limit(tools: Toolbox, alice: User, bob: User) -> None:
    alice.monthly_budget = 0.0
    db.session.commit()
    assert "of your $0.00" in refusal(tools, alice, 1.0)
    spending.check(tools, bob.id, "paid", None, 1.0)
    spending.check(replace(tools, settings=replace(tools.settings, monthly_budget=None)), bob.id, "paid", None, 1e6)


def test_a_new_month_begins_anew(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    charge(tools, run(alice), 1000.0)
    clock.time = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    refusal(tools, alice, 1.0)
    clock.time = datetime(2026, 12, 1, tzinfo=UTC)
    spending.check(tools, alice.id, "paid", None, 1000.0)
    clock.time = datetime(2026, 12, 31, 12, tzinfo=UTC)
    assert spending.month(tools, alice.id).ends_at == datetime(2027, 1, 1, tzinfo=UTC)


def test_several_together_go_all_or_none(tools: Toolbox, alice: User) -> None:
    spending.check_all(tools, alice.id, [Order("paid", None, 500.0), Order("fake", None, 1e6), Order("paid", None, 500.0)])
    with pytest.raises(OverBudget):
        spending.check_all(tools, alice.id, [Order("paid", None, 500.0), Order("paid", None, 501.0)])


def test_many_at_once_cannot_go_over_the_budget_together(app: APIFlask, tools: Toolbox, alice: User) -> None:
    barrier, user_id, refused = threading.Barrier(6), alice.id, []

    def upload() -> None:
        with app.app_context():
            owner = db.session.get_one(User, user_id)
            of = factories.recording(owner, seconds=300.0)
            db.session.commit()
            barrier.wait()
            try:
                spending.check(tools, user_id, "paid", None, 300.0)
                factories.transcription(owner, of, engine="paid")
            except OverBudget as error:
                refused.append(error)
            db.session.remove()

    threads = [threading.Thread(target=upload) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3
    assert spending.month(tools, user_id).reserved == about(9.0)


def test_right_before_the_order_what_is_spent_and_what_is_left_to_hear_count(tools: Toolbox, alice: User) -> None:
    row = run(alice, 40.0, status=Status.PROCESSING, active_for=alice.id)
    slices(row, "completed", "waiting", "waiting", "waiting", "waiting")
    run(alice, 900.0, status=Status.PENDING)  # waits behind it
    charge(tools, run(alice), 960.0)
    spending.check_claim(tools, claim_of(row))
    charge(tools, run(alice), 1.0)
    with pytest.raises(OverBudget, match=r"about \$0.40, and \$9.61 of your \$10.00"):
        spending.check_claim(tools, claim_of(row))
    row.engine = "fake"
    db.session.commit()
    spending.check_claim(tools, claim_of(row))


def test_another_engine_may_begin_anew_what_the_budget_allows(tools: Toolbox, alice: User) -> None:
    row = run(alice, 600.0, status=Status.PROCESSING, active_for=alice.id)
    run(alice, 400.0, status=Status.PENDING)
    assert spending.allows(tools, row, "paid")
    charge(tools, run(alice), 1.0)
    assert not spending.allows(tools, row, "paid")
    assert spending.allows(tools, row, "fake")


@pytest.mark.parametrize(
    ("status", "states", "seconds"),
    [
        (Status.FAILED, (), 40.0),
        (Status.PARTIAL, ("completed", "failed", "waiting"), 20.0),
        (Status.COMPLETED, ("completed", "completed"), 40.0),
        (Status.PENDING, ("completed", "failed", "waiting"), 10.0),
    ],
)
def test_what_trying_again_would_ask_for(
    tools: Toolbox, alice: User, status: Status, states: tuple[str, ...], seconds: float
) -> None:
    row = run(alice, 40.0, status=status)
    slices(row, *states)
    assert spending.seconds_left(row) == seconds


def test_a_month_tells_what_each_engine_has_heard(tools: Toolbox, alice: User, bob: User) -> None:
    for engine, seconds in (("paid", 60.0), ("paid", 40.0), ("fake", 30.0), ("fake_remote", 20.0)):
        charge(tools, run(alice), seconds, engine=engine)
    charge(tools, run(bob), 500.0)
    found = spending.month(tools, alice.id)
    assert found.uses == [Use("fake", 30.0, 0.0), Use("fake_remote", 20.0, None), Use("paid", 100.0, about(1.0))]
    assert (found.begins_at, found.ends_at) == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert (found.spent, found.budget, found.left) == (about(1.0), 10.0, about(9.0))
