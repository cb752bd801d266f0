"""The commands of whoever pays: what engines can do and cost, and what people may spend."""

import json
from dataclasses import dataclass, field, replace

import pytest
from apiflask import APIFlask

from tests import factories
from tests.fakes import FakeClock, FakeEngine, FakeRemoteEngine
from tests.stage import clock
from tests.test_cli import Run, run
from textor import toolbox
from textor.adapters.stt.port import Availability, Capabilities, Health, Model
from textor.extensions import db
from textor.models import Charge, User
from textor.settings import Settings
from textor.toolbox import Toolbox

__all__ = ["clock", "run"]

LIMITED = Capabilities(languages=frozenset({"en", "fa"}), max_bytes=25_000_000, max_seconds=900, usd_per_hour=0.36)


@dataclass
class Provider(FakeRemoteEngine):
    """Two models, one of them on its way out."""

    health_now: Health = field(default_factory=lambda: Health(reachable=True, credit="3 h 20 min"))

    name = "provider"
    title = "Provider"

    def models(self) -> list[Model]:
        return [
            Model("new", "New"),
            Model("old", "Old", shutdown_date="2027-02-26"),
            Model("gone", "", shutdown_date="2026-11-01"),
        ]

    def can(self, model: str | None = None) -> Capabilities:
        return replace(LIMITED, languages=None, usd_per_hour=0.18) if model == "old" else LIMITED

    def health(self) -> Health:
        return self.health_now


class NotReady(FakeRemoteEngine):
    name = "not_ready"

    def availability(self) -> Availability:
        return Availability(False, "Set NOT_READY_KEY to use it.")


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def tools(settings: Settings, clock: FakeClock, provider: Provider) -> Toolbox:
    real = toolbox.build(settings)
    real.redis.flushdb()
    engines = {one.name: one for one in (FakeEngine(), provider, NotReady())}
    return replace(real, clock=clock, engines=engines, settings=replace(settings, default_engine="fake"))


def cells(output: str, name: str) -> str:
    line = next(line for line in output.splitlines() if line.split()[:1] == [name])
    return " ".join(line.split())


def test_engines_are_checked_with_what_they_can_do_and_cost(run: Run) -> None:
    answer = run("engines", "check")
    assert answer.exit_code == 0
    assert cells(answer.output, "ENGINE") == "ENGINE STATE CREDIT LANGUAGES LIMITS PRICE WHAT TO DO"
    assert cells(answer.output, "fake") == "fake ready, default any free"
    assert cells(answer.output, "provider") == "provider ready, answers 3 h 20 min any 25 MB, 15 min $0.18/h to $0.36/h"
    assert cells(answer.output, "not_ready") == "not_ready not ready any not known Set NOT_READY_KEY to use it."


def test_models_that_are_switched_off_are_warned_of(run: Run) -> None:
    output = run("engines", "check").output
    assert cells(output, "old") == "old provider 2027-02-26 in 98 days"
    assert cells(output, "gone") == "gone provider 2026-11-01 it is gone"
    assert not any(line.startswith("new ") for line in output.splitlines())


def test_a_provider_that_does_not_answer_is_told_scripts_by_the_exit_code(run: Run, provider: Provider) -> None:
    provider.health_now = Health(reachable=False, reason="The key was refused.")
    assert run("engines", "check", "--json").exit_code == 1
    answer = run("engines", "check")
    assert answer.exit_code == 1
    assert "ready, doesn't answer" in answer.output
    assert cells(answer.output, "provider").endswith("The key was refused.")


def test_programs_are_told_the_same(run: Run) -> None:
    found = {one["engine"]: one for one in json.loads(run("engines", "check", "--json").output)}
    told = found["provider"]
    assert told["health"] == {"reachable": True, "reason": None, "credit": "3 h 20 min"}
    assert (told["max_bytes"], told["max_seconds"], told["usd_per_hour"]) == (25_000_000, 900, 0.36)
    assert told["models"][1] == {"name": "old", "usd_per_hour": 0.18, "shutdown_date": "2027-02-26"}
    assert (found["not_ready"]["is_ready"], found["not_ready"]["what_to_do"]) == (False, "Set NOT_READY_KEY to use it.")
    assert (found["fake"]["is_default"], found["fake"]["health"]) == (True, None)


@pytest.fixture
def alice(app: APIFlask) -> User:
    return factories.user("Alice")


def test_somebody_is_given_a_budget_of_their_own(run: Run, alice: User) -> None:
    assert run("user", "budget", "alice", "7.5").output == "Alice may spend $7.50 a month.\n"
    db.session.refresh(alice)
    assert alice.monthly_budget == 7.5
    assert run("user", "budget", "alice", "none").output == "Alice may spend without a limit.\n"
    db.session.refresh(alice)
    assert alice.monthly_budget is None


@pytest.mark.parametrize("amount", ["much", "-1", "nan", "inf"])
def test_what_is_no_amount_is_refused(run: Run, alice: User, amount: str) -> None:
    answer = run("user", "budget", "alice", "--", amount)
    assert answer.exit_code == 2
    assert "must be an amount in US dollars, such as 25 or 7.50, or none." in answer.output


def test_nobody_gets_no_budget(run: Run) -> None:
    assert run("user", "budget", "nobody", "5").output == "Error: There is no account named nobody.\n"


def test_the_list_tells_what_each_has_spent_this_month(run: Run, alice: User, clock: FakeClock) -> None:
    bob = factories.user("Bob")
    alice.monthly_budget = 5.0
    facts = {"engine": "provider", "seconds": 60.0, "at": clock.now()}
    db.session.add_all([Charge(user_id=alice.id, usd=usd, **facts) for usd in (0.5, 0.25, None)])
    db.session.add(Charge(user_id=bob.id, usd=9.0, **{**facts, "at": factories.NOW.replace(month=10)}))
    db.session.commit()
    lines = run("user", "list").output.splitlines()
    assert [line.split()[4:] for line in lines[1:]] == [["$0.75", "$5.00"], ["$0.00"]]
