"""Whether a provider may be called now, shared by all processes through Redis.

A window says how many calls may be under way at once: it begins small, grows with every call that works and falls back when one
fails or none was answered for a while, so that a provider nobody has heard from is not met by a crowd. Two failures in a row, or
one that names a time, open the breaker: nobody calls until then, then one call tries, and each that fails doubles the pause.
Redis away: calls go through.
"""

import json
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

FIRST_WINDOW, LARGEST_WINDOW = 2, 4_096
FAILURES_THAT_OPEN = 2
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 4_000, 30_000
PROBE_MS = 30_000  # a probe that never reports keeps others away for no longer
QUIET_MS = 2_000  # after so long without an answer the window is the first again, until one comes
KEPT_MS = 24 * 3600 * 1000

_TERMS = json.dumps(
    {
        "first": FIRST_WINDOW,
        "largest": LARGEST_WINDOW,
        "open": FAILURES_THAT_OPEN,
        "pause": FIRST_PAUSE_MS,
        "longest": LONGEST_PAUSE_MS,
        "probe": PROBE_MS,
        "quiet": QUIET_MS,
        "kept": KEPT_MS,
    }
)

_KNOWN = """
local terms, now = cjson.decode(ARGV[1]), tonumber(ARGV[2])
local found = redis.call('GET', KEYS[1])
local breaker = found and cjson.decode(found) or {window = terms.first, failures = 0, until_ms = 0, probe_ms = 0}
"""

# ARGV: terms, now, calls wanted, calls under way. Answers: how many may go now, and the ms to wait where none may.
_ADMIT = (
    _KNOWN
    + """
local wanted, busy = tonumber(ARGV[3]), tonumber(ARGV[4])
if now < breaker.until_ms then return {0, breaker.until_ms - now} end
if breaker.failures >= terms.open then
  if now < breaker.probe_ms then return {0, breaker.probe_ms - now} end
  breaker.probe_ms = now + terms.probe
  redis.call('SET', KEYS[1], cjson.encode(breaker), 'PX', terms.kept)
  return {1, 0}
end
local window = breaker.window
if now - (breaker.heard_ms or 0) > terms.quiet then window = math.min(window, terms.first) end
if breaker.failures > 0 then window = 1 end
return {math.max(0, math.min(wanted, window - busy)), 0}
"""
)

# ARGV: terms, now, successes, failures, ms the provider asked for (0: none), jitter 0..1, the error's sentence.
_REPORT = (
    _KNOWN
    + """
local successes, failures, asked = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if failures > 0 then
  local was_closed = now >= breaker.until_ms
  breaker.window = terms.first
  breaker.error = ARGV[7]
  if was_closed then breaker.failures = breaker.failures + failures end
  if asked > 0 then breaker.failures = math.max(breaker.failures, terms.open) end
  if was_closed and breaker.failures >= terms.open then
    breaker.pause_ms = math.min(terms.longest, math.max(terms.pause, 2 * (breaker.pause_ms or 0)))
    breaker.until_ms = now + math.ceil(breaker.pause_ms * (1 + 0.2 * tonumber(ARGV[6])))
  end
  breaker.until_ms = math.max(breaker.until_ms, now + asked)
  breaker.probe_ms = 0
elseif now >= breaker.until_ms then
  breaker.failures = 0
  breaker.pause_ms = 0
  breaker.probe_ms = 0
  breaker.window = math.min(terms.largest, breaker.window + successes)
end
if successes > 0 then breaker.heard_ms = now end
redis.call('SET', KEYS[1], cjson.encode(breaker), 'PX', terms.kept)
return 1
"""
)


@dataclass(frozen=True, slots=True)
class Admission:
    """How many calls may go now; where none may, the seconds until one can try."""

    count: int
    wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class State:
    """A breaker as an operator sees it: `waits_seconds` until the next try where it is open; `error` is the last failure's."""

    engine: str
    window: int
    failures: int
    waits_seconds: float
    error: str | None

    @property
    def is_open(self) -> bool:
        return self.failures >= FAILURES_THAT_OPEN


def admit(tools: Toolbox, engine: str, wanted: int, under_way: int) -> Admission:
    """How many of `wanted` calls may go now, beside those `under_way`."""
    try:
        script = tools.redis.register_script(_ADMIT)
        count, wait_ms = script(keys=[_key(engine)], args=[_TERMS, _now_ms(tools), wanted, under_way])
    except RedisError:
        return Admission(wanted)
    return Admission(int(count), int(wait_ms) / 1000)


def worked(tools: Toolbox, engine: str, calls: int) -> None:
    """So many calls were answered; a refusal that is the caller's own fault is an answer, too."""
    _report(tools, engine, calls, 0, 0.0, "")


def failed(tools: Toolbox, engine: str, calls: int, retry_after: float | None, error: str) -> None:
    """So many calls failed in a way that says nothing about the recording. `retry_after` (seconds) is the provider's own word."""
    log.warning("%s failed for now: %s", engine, error)
    _report(tools, engine, 0, calls, retry_after or 0.0, error)


def is_open(tools: Toolbox, engine: str) -> bool:
    """Whether calls to it are held back."""
    try:
        return any(state.is_open for state in _known(tools, [engine]))
    except RedisError:
        return False


def last_error(tools: Toolbox, engine: str) -> str:
    """Why calls to it are held back, in the words of the last that failed; empty where they aren't."""
    try:
        return next((state.error or "" for state in _known(tools, [engine]) if state.is_open), "")
    except RedisError:
        return ""


def states(tools: Toolbox) -> list[State]:
    """The breakers of all engines that have something to say. Raises RedisError."""
    return _known(tools, sorted(tools.engines))


def _known(tools: Toolbox, engines: Sequence[str]) -> list[State]:
    now, found = _now_ms(tools), []
    kept: Any = tools.redis.mget([_key(engine) for engine in engines])
    for engine, packed in zip(engines, kept, strict=True):
        if packed:
            breaker = json.loads(packed)
            waits = max(0.0, breaker["until_ms"] - now) / 1000
            found.append(State(engine, int(breaker["window"]), int(breaker["failures"]), waits, breaker.get("error")))
    return found


def _report(tools: Toolbox, engine: str, successes: int, failures: int, retry_after: float, error: str) -> None:
    jitter = random.random()  # noqa: S311 - not a secret
    try:
        tools.redis.register_script(_REPORT)(
            keys=[_key(engine)], args=[_TERMS, _now_ms(tools), successes, failures, int(retry_after * 1000), jitter, error]
        )
    except RedisError:
        log.warning("redis is away: nobody remembers how %s is", engine)


def _now_ms(tools: Toolbox) -> int:
    return int(tools.clock.now().timestamp() * 1000)


def _key(engine: str) -> str:
    return f"textor:breaker:{engine}"
