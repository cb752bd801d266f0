"""The recordings of a Twilio account, filtered as Twilio can't, each with whether its sound can be had now."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import cast

from redis.exceptions import RedisError

from textor.adapters.telephony.twilio import Twilio
from textor.domain.calls import CallRecording, State
from textor.errors import CallsError, Unavailable
from textor.features.calls import access
from textor.toolbox import Toolbox

CHECKS_AT_ONCE = 50
CACHED_SECONDS, FAULT_CACHED_SECONDS = 600, 30
AGAIN_SECONDS, REPAIR_SECONDS = 5, 600
KEY = "textor:media:"
UNKNOWN = 0
"""As it is cached: no answer came."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a list goes: `most_read` recordings are looked through for those that are wanted, and no further page is asked for
    after `seconds`, since a browser waits. `media_seconds` is for a look at one sound; all are looked at together."""

    most_read: int = 2000
    seconds: float = 15.0
    media_seconds: float = 2.0


USUAL = Bounds()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which recordings: at most `limit`, created between the two moments (aware; both included), in that state."""

    limit: int = 50
    state: State | None = None
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One recording; `media_status` is what asking for its sound came to: an HTTP status, None where nobody asked or answered."""

    recording: CallRecording
    media_status: int | None

    @property
    def is_accessible(self) -> bool:
        return self.media_status is not None and 200 <= self.media_status < 300


@dataclass(frozen=True, slots=True)
class Page:
    """What was found, newest first. `is_whole` is False where there may be more behind what was looked through."""

    items: Sequence[Listed]
    is_whole: bool

    def count(self, state: State) -> int:
        return Counter(one.recording.state for one in self.items)[state]

    @property
    def accessible(self) -> int:
        return sum(one.is_accessible for one in self.items)


def page(tools: Toolbox, user_id: int, wanted: Wanted, bounds: Bounds = USUAL) -> Page:
    """As many pages of Twilio's as fill `limit`, bounded. Raises NotAllowed, Unavailable."""
    twilio = access.check(tools, user_id)
    search = _Search(wanted, bounds)
    try:
        found = list(search.of(twilio.recordings(wanted.after, wanted.before)))
    except CallsError as error:
        raise Unavailable(error.message, retry_after=AGAIN_SECONDS if error.retryable else REPAIR_SECONDS) from error
    statuses = media_statuses(tools, twilio, [one.sid for one in found if one.state == "completed"], bounds.media_seconds)
    return Page([Listed(one, statuses.get(one.sid)) for one in found], search.is_whole)


@dataclass
class _Search:
    wanted: Wanted
    bounds: Bounds
    is_whole: bool = True

    def of(self, recordings: Iterator[CallRecording]) -> Iterator[CallRecording]:
        """Those that fit, until there are enough of them or too many were looked through."""
        left, until = self.wanted.limit, monotonic() + self.bounds.seconds
        for count, one in enumerate(recordings, 1):
            if self.wanted.state in {None, one.state}:
                left -= 1
                yield one
            if left <= 0 or count >= self.bounds.most_read or monotonic() > until:
                self.is_whole = False
                return


def media_statuses(
    tools: Toolbox, twilio: Twilio, sids: Sequence[str], seconds: float = USUAL.media_seconds
) -> dict[str, int | None]:
    """What asking for each sound comes to, by sid: known for some minutes, else asked now, all together and in bounded time."""
    known = _cached(tools, sids)
    asked = _asked(twilio, [sid for sid in sids if sid not in known], seconds)
    _keep(tools, asked)
    return {sid: status or None for sid, status in (known | asked).items()}


def forget_media(tools: Toolbox, sid: str) -> None:
    """It was deleted, or should be looked at anew."""
    with suppress(RedisError):
        tools.redis.delete(KEY + sid)


def _asked(twilio: Twilio, sids: Sequence[str], seconds: float) -> dict[str, int]:
    """Whoever has not answered in time is not waited for."""
    if not sids:
        return {}
    media = twilio.media
    pool = ThreadPoolExecutor(min(CHECKS_AT_ONCE, len(sids)), "media")
    try:
        looks = {pool.submit(media.status, sid, seconds): sid for sid in sids}
        rounds = -(-len(sids) // CHECKS_AT_ONCE)
        done, _ = wait(looks, timeout=rounds * seconds + seconds / 4)
        found = dict.fromkeys(sids, UNKNOWN)
        return found | {looks[look]: look.result() or UNKNOWN for look in done}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _cached(tools: Toolbox, sids: Sequence[str]) -> dict[str, int]:
    if not sids:
        return {}
    with suppress(RedisError):
        found = cast("list[bytes | None]", tools.redis.mget([KEY + sid for sid in sids]))
        return {sid: int(status) for sid, status in zip(sids, found, strict=True) if status is not None}
    return {}


def _keep(tools: Toolbox, statuses: dict[str, int]) -> None:
    with suppress(RedisError):
        pipeline = tools.redis.pipeline(transaction=False)
        for sid, status in statuses.items():
            pipeline.set(KEY + sid, status, ex=CACHED_SECONDS if 200 <= status < 300 else FAULT_CACHED_SECONDS)
        pipeline.execute()
