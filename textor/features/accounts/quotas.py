"""How much work a caller may create in a day: counted in Redis, by all web processes together.

Flask-Limiter's own windows begin with the first request and can't give back what was refused later; these begin at midnight UTC,
or at the full hour, whatever the quota says, and what created nothing costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import cast

from limits import RateLimitItem, parse_many
from redis.exceptions import RedisError

from textor.errors import InvalidInput, QuotaExceeded, Unavailable
from textor.features.accounts.callers import Caller
from textor.toolbox import Toolbox

USED_UP = "Request limit exceeded. Please try again tomorrow."
USED_UP_SOONER = "Request limit exceeded. Try again later."
DAY_SECONDS = 86_400
LONGEST_RULE = 100
KEPT_SECONDS = 60
AWAY = "Requests can't be counted for now, so no new work is taken. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Standing:
    """Of the tightest limit: how many requests it allows, how many are left, when it begins anew (epoch seconds)."""

    limit: int
    remaining: int
    reset_at: int


@dataclass(frozen=True, slots=True)
class Counter:
    """Whose requests are counted (`name`), and by which quota (`rule`)."""

    name: str
    rule: str


@dataclass(frozen=True, slots=True)
class _Window:
    limit: int
    key: str
    seconds: int
    reset_at: int

    def standing(self, count: int) -> Standing:
        return Standing(self.limit, max(0, self.limit - count), self.reset_at)


@dataclass(frozen=True, slots=True)
class Taken:
    """One request that was counted, where it was counted."""

    standing: Standing
    windows: tuple[_Window, ...]


def checked(rule: str) -> str:
    """The rule, if it is one. Raises InvalidInput."""
    try:
        parse_many(rule)
    except ValueError as error:
        raise InvalidInput("A quota looks like 25/day or 25/day;5/hour.", field="quota") from error
    if len(rule) > LONGEST_RULE:
        raise InvalidInput("A quota looks like 25/day or 25/day;5/hour.", field="quota")
    return rule


def counter(tools: Toolbox, caller: Caller, address: str) -> Counter:
    """All keys of a user share one; guests are counted by address."""
    if caller.is_guest:
        return Counter(f"address:{address}", tools.settings.quota_guest)
    return Counter(f"user:{caller.user_id}", caller.quota or tools.settings.quota_user)


def take(tools: Toolbox, counter: Counter) -> Taken:
    """Count one more. Raises QuotaExceeded, and then it counts nothing; Unavailable while Redis is away."""
    now = tools.clock.now()
    windows = _windows(counter, now)
    counts = _add(tools, windows, 1)
    full = [window for window, count in zip(windows, counts, strict=True) if count > window.limit]
    if full:
        _add(tools, windows, -1)
        raise _exceeded(max(full, key=lambda window: window.reset_at), now)
    return Taken(_tightest(windows, counts), tuple(windows))


def give_back(tools: Toolbox, taken: Taken) -> Standing | None:
    """That one created nothing. Returns how it stands then; None while Redis is away, and the request stays counted."""
    try:
        return _tightest(taken.windows, _add(tools, taken.windows, -1))
    except Unavailable:
        return None


def standing(tools: Toolbox, counter: Counter) -> Standing | None:
    """How it stands; None while Redis is away."""
    windows = _windows(counter, tools.clock.now())
    try:
        counts = cast("list[bytes | None]", tools.redis.mget([window.key for window in windows]))
    except RedisError:
        return None
    return _tightest(windows, [int(count or 0) for count in counts])


def _windows(counter: Counter, now: datetime) -> list[_Window]:
    return [_window(counter.name, item, now) for item in _items(counter.rule)]


@lru_cache(maxsize=256)
def _items(rule: str) -> tuple[RateLimitItem, ...]:
    return tuple(parse_many(rule))


def _window(name: str, item: RateLimitItem, now: datetime) -> _Window:
    seconds = item.get_expiry()
    number = int(now.astimezone(UTC).timestamp()) // seconds
    return _Window(item.amount, f"textor:quota:{name}:{seconds}:{number}", seconds, (number + 1) * seconds)


def _add(tools: Toolbox, windows: Sequence[_Window], amount: int) -> list[int]:
    """All or none, and each is gone soon after its time."""
    try:
        with tools.redis.pipeline(transaction=True) as pipe:
            for window in windows:
                pipe.incrby(window.key, amount)
            for window in windows:
                pipe.expire(window.key, window.seconds + KEPT_SECONDS)  # no time of day: Redis may have another clock
            return [int(count) for count in pipe.execute()[: len(windows)]]
    except RedisError as error:
        raise Unavailable(AWAY) from error


def _tightest(windows: Sequence[_Window], counts: list[int]) -> Standing:
    standings = [window.standing(count) for window, count in zip(windows, counts, strict=True)]
    return min(standings, key=lambda one: one.remaining)


def _exceeded(window: _Window, now: datetime) -> QuotaExceeded:
    seconds = max(1, int(window.reset_at - now.timestamp()) + 1)
    return QuotaExceeded(USED_UP if window.seconds == DAY_SECONDS else USED_UP_SOONER, retry_after=seconds)
