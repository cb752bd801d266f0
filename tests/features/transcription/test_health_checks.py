"""How providers are: asked together, within a bound, and not again by every page."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from apiflask import APIFlask

from tests.fakes import FakeClock, FakeEngine, FakeRemoteEngine
from tests.waiting import until
from textor.adapters.stt.port import Availability, Health
from textor.errors import Unavailable
from textor.extensions import db
from textor.features.transcription import health_checks
from textor.features.transcription.health_checks import Report
from textor.toolbox import Toolbox

pytestmark = pytest.mark.usefixtures("app")


@dataclass
class Provider(FakeRemoteEngine):
    """Waits until it may answer."""

    may_answer: threading.Event = field(default_factory=threading.Event)
    health_calls: int = 0
    credit: str = "3 h"

    name = "provider"

    def health(self) -> Health:
        self.health_calls += 1
        self.may_answer.wait(30)
        return Health(reachable=True, credit=self.credit)


class NotReady(Provider):
    name = "not_ready"

    def availability(self) -> Availability:
        return Availability(False, "Set its key.")


@pytest.fixture
def provider() -> Iterator[Provider]:
    """One that answers at once."""
    one = Provider()
    one.may_answer.set()
    yield one
    one.may_answer.set()


@pytest.fixture
def tools(tools: Toolbox, provider: Provider) -> Toolbox:
    known: list[Any] = [provider, NotReady(), FakeEngine()]
    return replace(tools, engines={one.name: one for one in known})


def test_all_are_asked_at_the_same_time() -> None:
    barrier = threading.Barrier(3, timeout=10)

    class Meeting(FakeRemoteEngine):
        def health(self) -> Health:
            barrier.wait()
            return Health(reachable=True)

    kinds = [type(f"Meeting{n}", (Meeting,), {"name": f"meeting{n}"}) for n in range(3)]
    found = health_checks.ask([kind() for kind in kinds])
    assert {name: one.reachable for name, one in found.items()} == {"meeting0": True, "meeting1": True, "meeting2": True}


def test_one_that_does_not_answer_holds_nobody_up(provider: Provider) -> None:
    silent = type("Silent", (Provider,), {"name": "silent"})()
    found = health_checks.ask([silent, provider], patience_seconds=0.2)
    silent.may_answer.set()
    assert found["provider"] == Health(reachable=True, credit="3 h")
    assert not found["silent"].reachable
    assert (found["silent"].reason or "").startswith("It did not answer within")


def test_the_operator_asks_providers_that_are_set_up_and_nobody_else(tools: Toolbox, provider: Provider) -> None:
    assert health_checks.ask_now(tools) == {"provider": Report(True, None, "3 h", tools.clock.now())}


def test_what_was_said_is_shown_to_everybody_until_somebody_asks_again(
    tools: Toolbox, provider: Provider, clock: FakeClock
) -> None:
    assert health_checks.latest(tools) == {}
    asked_at = clock.now()
    said = health_checks.renew(tools)
    provider.credit = "2 h"
    clock.advance(59)
    assert health_checks.renew(tools) == health_checks.latest(tools) == said == {"provider": Report(True, None, "3 h", asked_at)}
    clock.advance(1)
    assert health_checks.renew(tools)["provider"].credit == "2 h"
    assert provider.health_calls == 2


def test_one_asks_while_the_others_go_on_without(app: APIFlask, tools: Toolbox, provider: Provider) -> None:
    def ask() -> None:
        with app.app_context():
            health_checks.renew(tools)
            db.session.remove()

    provider.may_answer.clear()
    first = threading.Thread(target=ask)
    first.start()
    until(lambda: provider.health_calls == 1, "the provider is asked")
    assert health_checks.renew(tools) == {}
    provider.may_answer.set()
    first.join(10)
    assert (list(health_checks.latest(tools)), provider.health_calls) == (["provider"], 1)


def test_the_turn_is_given_back(tools: Toolbox, provider: Provider, clock: FakeClock) -> None:
    health_checks.renew(tools)
    assert list(tools.redis.scan_iter("textor:health:asking:*")) == []


def test_without_redis_nothing_is_shown_and_nobody_is_asked(tools: Toolbox, away: Toolbox, provider: Provider) -> None:
    lost = replace(tools, redis=away.redis)
    assert health_checks.latest(lost) == {}
    with pytest.raises(Unavailable):
        health_checks.renew(lost)
    assert provider.health_calls == 0
