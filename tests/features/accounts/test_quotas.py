"""How much work a caller may create in a day."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from apiflask import APIFlask

from tests import at_once
from tests.fakes import FakeClock
from textor.errors import QuotaExceeded, Unavailable
from textor.features.accounts import quotas
from textor.features.accounts.callers import STRANGER, Caller, Via
from textor.features.accounts.quotas import Counter, Standing, Taken
from textor.toolbox import Toolbox

ALICE = Caller(7, "alice.owner", frozenset(), Via.KEY)
MIDNIGHT = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp())


def taken(tools: Toolbox, counter: Counter, count: int) -> list[int]:
    return [quotas.take(tools, counter).standing.remaining for _ in range(count)]


def test_users_count_by_account_and_guests_by_address(tools: Toolbox) -> None:
    guest = Caller(8, "", frozenset(), Via.GUEST, is_guest=True)
    assert quotas.counter(tools, ALICE, "192.0.2.1") == Counter("user:7", "25/day")
    assert quotas.counter(tools, replace(ALICE, credential="another key"), "::1") == Counter("user:7", "25/day")
    assert quotas.counter(tools, replace(ALICE, quota="100/day"), "::1") == Counter("user:7", "100/day")
    for one in (guest, STRANGER):
        assert quotas.counter(tools, one, "192.0.2.1") == Counter("address:192.0.2.1", "5/day")


def test_the_day_ends_at_midnight_utc_whenever_it_began(tools: Toolbox, clock: FakeClock) -> None:
    counter = Counter("user:7", "3/day")
    assert quotas.standing(tools, counter) == Standing(3, 3, MIDNIGHT)
    assert taken(tools, counter, 3) == [2, 1, 0]
    with pytest.raises(QuotaExceeded) as refused:
        quotas.take(tools, counter)
    assert refused.value.message == "Request limit exceeded. Please try again tomorrow."
    assert refused.value.retry_after == 12 * 3600 + 1
    assert quotas.standing(tools, counter) == Standing(3, 0, MIDNIGHT)
    clock.advance(12 * 3600 - 1)
    with pytest.raises(QuotaExceeded):
        quotas.take(tools, counter)
    clock.advance(1)
    assert taken(tools, counter, 1) == [2]


def test_what_created_nothing_is_given_back(tools: Toolbox) -> None:
    counter = Counter("user:7", "1/day")
    one = quotas.take(tools, counter)
    assert quotas.give_back(tools, one) == Standing(1, 1, MIDNIGHT)
    assert taken(tools, counter, 1) == [0]


def test_the_tightest_of_several_limits_counts(tools: Toolbox, clock: FakeClock) -> None:
    counter = Counter("user:7", "2/hour;3/day")
    assert taken(tools, counter, 2) == [1, 0]
    with pytest.raises(QuotaExceeded) as refused:
        quotas.take(tools, counter)
    assert refused.value.message == "Request limit exceeded. Try again later."
    clock.advance(3600)
    assert taken(tools, counter, 1) == [0]
    with pytest.raises(QuotaExceeded, match="tomorrow"):
        quotas.take(tools, counter)


def test_callers_count_apart(tools: Toolbox) -> None:
    assert taken(tools, Counter("user:7", "1/day"), 1) == taken(tools, Counter("address:::1", "1/day"), 1) == [0]


def test_of_many_at_once_as_many_pass_as_may(tools: Toolbox, app: APIFlask) -> None:
    counter = Counter("user:7", "3/day")
    found = at_once.results(app, 8, lambda: quotas.take(tools, counter))
    assert sum(isinstance(one, Taken) for one in found) == 3
    assert quotas.standing(tools, counter) == Standing(3, 0, MIDNIGHT)


def test_counts_go_away_by_themselves(tools: Toolbox) -> None:
    quotas.take(tools, Counter("user:7", "3/day;9/hour"))
    left = {tools.redis.ttl(key) for key in tools.redis.scan_iter("textor:quota:*")}
    assert left == {3600 + quotas.KEPT_SECONDS, 86_400 + quotas.KEPT_SECONDS}


def test_without_redis_nothing_is_let_through_uncounted(tools: Toolbox, away: Toolbox) -> None:
    counter = Counter("user:7", "3/day")
    one = quotas.take(tools, counter)
    with pytest.raises(Unavailable):
        quotas.take(away, counter)
    assert quotas.standing(away, counter) is None
    assert quotas.give_back(away, one) is None
