"""What the page of calls shows: the recordings with who called whom, known for a minute: a page that looks
again and again asks Twilio nothing.

shown = overview.shown(tools, user_id, Asked(state="completed"))
standings.known(user_id, [call.sid for call in shown.calls])
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from textor.adapters.telephony.twilio import Twilio
from textor.domain.calls import CallRecording, Leg, State, is_sid
from textor.errors import NotAllowed, TextorError
from textor.features.calls import access, listing, transcripts
from textor.features.calls.listing import Listed, Wanted
from textor.features.calls.transcripts import Source
from textor.features.transcription import engines, naming
from textor.features.transcription.naming import Chosen
from textor.toolbox import Toolbox

LISTED_SECONDS, LEG_SECONDS = 60, 24 * 3600
KEY, LEG_KEY, ROUND = "textor:calls:listed:", "textor:calls:leg:", "textor:calls:round"
LEGS_AT_ONCE = 20
LEGS_WAIT_SECONDS = 3.0
"""After which a call is shown without who called whom: the next look at the page asks again."""

Audio = Literal["available", "login", "preparing", "deleted", "failed", "late", "refused"]
Direction = Literal["in", "out"]
NOT_TO_BE_HAD = {"preparing", "deleted", "failed"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which recordings: as in listing.Wanted, and which way the call went."""

    state: State | None = None
    direction: Direction | None = None
    after: datetime | None = None
    before: datetime | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Call:
    """One recording. `code` is the HTTP status of its sound, or Twilio's error; `caller` and `called` are empty where Twilio has
    not told them."""

    sid: str
    seconds: int
    recorded: datetime | None
    audio: Audio
    code: int
    caller: str = ""
    called: str = ""
    direction: Direction | None = None

    @property
    def is_to_be_had(self) -> bool:
        """Whether it makes sense to ask for the sound: a refusal may be over by now."""
        return self.audio not in NOT_TO_BE_HAD


@dataclass(frozen=True, slots=True)
class Shown:
    """Newest first. `is_whole` is False where there may be more."""

    calls: Sequence[Call]
    is_whole: bool


def may(tools: Toolbox, user_id: int) -> bool:
    """Whether this user is shown the way to the page."""
    try:
        return tools.calls is not None and access.may(tools, user_id)
    except SQLAlchemyError:  # a page that says that the database is away must not need it
        return False


def is_open(tools: Toolbox, user_id: int) -> bool:
    """Whether there is anything to show: False where no account is set up. Raises NotAllowed."""
    if not access.may(tools, user_id):
        raise NotAllowed(access.NOT_YOURS)
    return tools.calls is not None


def shown(tools: Toolbox, user_id: int, asked: Asked, legs_seconds: float = LEGS_WAIT_SECONDS) -> Shown:
    """As of a minute ago at most; who called whom is left out where Twilio does not tell it in `legs_seconds`.

    Raises NotAllowed, Unavailable.
    """
    access.check(tools, user_id)
    wanted = Wanted(asked.limit, asked.state, asked.after, asked.before)
    key = _key(tools, wanted)
    found = _cached(tools, key) or _asked(tools, user_id, wanted, key, legs_seconds)
    if asked.direction is None:
        return found
    return replace(found, calls=[call for call in found.calls if call.direction == asked.direction])


def refresh(tools: Toolbox, user_id: int) -> None:
    """Ask Twilio anew at the next look. Raises NotAllowed, Unavailable."""
    access.check(tools, user_id)
    with suppress(RedisError):
        tools.redis.incr(ROUND)


def transcribe(tools: Toolbox, user_id: int, sids: Sequence[str], engine: str) -> int:
    """Have those transcribed that were not yet; how many were begun. `engine` is a wish.

    Raises InvalidInput, NotAllowed, Unavailable.
    """
    access.check(tools, user_id)
    chosen = Chosen(engine if engine in tools.engines else engines.default(tools))
    naming.check_ready(tools, chosen, may_fetch=True)
    begun = [transcripts.begin(tools, user_id, Source(sid=sid), chosen) for sid in dict.fromkeys(sids) if is_sid(sid)]
    return sum(one.is_new for one in begun)


def audio_of(one: Listed) -> Audio:
    """In one word, whether the sound can be had, or why not."""
    status, said = one.media_status, one.recording
    if said.state == "failed":
        return "deleted" if said.status == "deleted" else "failed"
    if said.state != "completed":
        return "preparing"
    if status is None:
        return "late"
    words: dict[int, Audio] = {401: "login", 403: "login", 404: "deleted", 410: "deleted"}
    return "available" if one.is_accessible else words.get(status, "refused")


def _asked(tools: Toolbox, user_id: int, wanted: Wanted, key: str, legs_seconds: float) -> Shown:
    page = listing.page(tools, user_id, wanted)
    legs = _legs(tools, [one.recording for one in page.items], legs_seconds)
    found = Shown([_call(one, legs.get(one.recording.call_sid)) for one in page.items], page.is_whole)
    with suppress(RedisError):
        tools.redis.set(key, json.dumps(asdict(found), default=datetime.isoformat), ex=LISTED_SECONDS)
    return found


def _call(one: Listed, leg: Leg | None) -> Call:
    said = one.recording
    call = Call(
        said.sid, said.duration, said.start_time or said.date_created, audio_of(one), said.error_code or one.media_status or 0
    )
    if leg is None:
        return call
    way: Direction = "in" if leg.direction.startswith("inbound") else "out"
    return replace(call, caller=leg.caller, called=leg.called, direction=way)


def _legs(tools: Toolbox, recordings: Sequence[CallRecording], seconds: float) -> dict[str, Leg]:
    """Who called whom, by the call's sid: known for a day, else asked now, several at once and in bounded time."""
    sids = list(dict.fromkeys(one.call_sid for one in recordings if one.call_sid))
    known = _known_legs(tools, sids)
    asked = _ask_legs(access.twilio(tools), [sid for sid in sids if sid not in known], seconds)
    with suppress(RedisError):
        for sid, leg in asked.items():
            tools.redis.set(LEG_KEY + sid, json.dumps(asdict(leg)), ex=LEG_SECONDS)
    return known | asked


def _ask_legs(twilio: Twilio, sids: Sequence[str], seconds: float) -> dict[str, Leg]:
    """Those that were told in time."""
    if not sids:
        return {}
    pool = ThreadPoolExecutor(min(LEGS_AT_ONCE, len(sids)), "legs")
    try:
        looks = {pool.submit(_leg, twilio, sid): sid for sid in sids}
        done, _ = wait(looks, timeout=seconds)
        return {looks[look]: leg for look in done if (leg := look.result())}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _leg(twilio: Twilio, sid: str) -> Leg | None:
    try:
        return twilio.leg(sid)
    except TextorError:
        return None


def _known_legs(tools: Toolbox, sids: Sequence[str]) -> dict[str, Leg]:
    with suppress(RedisError):
        found = cast("list[bytes | None]", tools.redis.mget([LEG_KEY + sid for sid in sids])) if sids else []
        return {sid: Leg(**json.loads(told)) for sid, told in zip(sids, found, strict=True) if told}
    return {}


def _key(tools: Toolbox, wanted: Wanted) -> str:
    """Of this search in this round: a refresh begins another."""
    with suppress(RedisError):
        turn = cast("bytes | None", tools.redis.get(ROUND)) or b"0"
        return f"{KEY}{turn.decode()}:{wanted.limit}:{wanted.state}:{wanted.after}:{wanted.before}"
    return ""


def _cached(tools: Toolbox, key: str) -> Shown | None:
    with suppress(RedisError):
        told = cast("bytes | None", tools.redis.get(key))
        return _read(json.loads(told)) if told else None
    return None


def _read(told: dict[str, Any]) -> Shown:
    return Shown([Call(**one | {"recorded": _moment(one["recorded"])}) for one in told["calls"]], told["is_whole"])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
