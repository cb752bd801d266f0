"""Sending what is due: signed (Standard Webhooks), to guarded addresses only, many at once, and again until the server agrees.

A delivery is taken by its lease, so of several senders one makes an attempt. While that is under way it is due a little later: a
sender that dies in between delays it, and what the server has taken and we have not noted is sent again under the same id.
"""

import json
import logging
import random
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import Select, select, update
from standardwebhooks import Webhook

from textor.adapters.guarded_http import GuardedHttp, Limits
from textor.domain import webhook_events
from textor.errors import AddressRefused, Unreachable
from textor.extensions import db
from textor.features.webhooks import deliveries, receivers
from textor.job_queue import claims
from textor.models import Delivery, User
from textor.models.deliveries import DeliveryState
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

LIMITS = Limits(seconds=15, max_bytes=64_000)
HOLD_SECONDS = 60  # how long an attempt may take before somebody else makes one
AT_ONCE = 16
PER_USER = 4
"""Of one user's at once: a server that lets every message wait holds up its owner's only."""
ROUND_SECONDS = 45
LOOK_SECONDS = 0.5

COLUMNS = (Delivery.id, Delivery.user_id, Delivery.lease, Delivery.attempts, Delivery.url, Delivery.payload, User.webhook_secret)
GONE = 410
IS_GONE = "The server answered 410, which means: never again. Messages to this address have ended."
LOST = "The sender was lost again and again during this."
BROKEN = "Something went wrong inside Textor. Try again; if it happens again, tell the operator."


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message in our hands, ready to be posted."""

    id: str
    user_id: int
    lease: int
    number: int
    url: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the server's answer, or why there is none."""

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    is_final: bool = False

    @property
    def is_delivered(self) -> bool:
        return self.error is None


def send_due(tools: Toolbox, http: GuardedHttp | None = None) -> None:
    """Send until nothing is due, or it is time to let another process go on. Any number may be at work."""
    http = http or GuardedHttp(private=tools.settings.allow_private_addresses)
    until, flying = monotonic() + ROUND_SECONDS, dict[Future[Outcome], Attempt]()
    _end_lost(tools)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while True:
            for attempt in take(tools, flying.values()) if monotonic() < until else ():
                flying[pool.submit(post, http, attempt)] = attempt
            if not flying:
                break
            over, _ = wait(flying, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in over:
                settle(tools, flying.pop(future), _outcome(future))
    deliveries.hand_out(tools)


def take(tools: Toolbox, flying: Any = ()) -> list[Attempt]:
    """Take in hand what is due, beside what is `flying` already. Commits."""
    now, counts = tools.clock.now(), Counter(one.user_id for one in flying)
    taken = []
    for row in db.session.execute(_due(now, counts)).all():
        if counts[row.user_id] < PER_USER and _claim(row, now):
            counts[row.user_id] += 1
            taken.append(row)
    db.session.commit()
    return [_attempt(row, now) for row in taken]


def post(http: GuardedHttp, attempt: Attempt) -> Outcome:
    """One attempt: in a thread, without the database."""
    try:
        answer = http.post(attempt.url, attempt.body, attempt.headers, LIMITS)
    except AddressRefused as error:
        return Outcome(error=error.message, is_final=True)
    except Unreachable as error:
        return Outcome(error=error.message)
    if 200 <= answer.status < 300:
        return Outcome(answer.status)
    if answer.status == GONE:
        return Outcome(GONE, IS_GONE, is_final=True)
    return Outcome(answer.status, f"The server answered with the status {answer.status}.", answer.retry_after)


def settle(tools: Toolbox, attempt: Attempt, outcome: Outcome) -> bool:
    """Note what came of it; False where the attempt was somebody else's by now. Commits."""
    mine = update(Delivery).where(Delivery.id == attempt.id, Delivery.lease == attempt.lease)
    is_ours = claims.change(mine.values(_values(tools.clock.now(), attempt, outcome)))
    if is_ours and outcome.status == GONE:
        _disable(tools.clock.now(), attempt)
    db.session.commit()
    if is_ours and not outcome.is_delivered:
        log.info("delivery %s, attempt %s: %s", attempt.id, attempt.number, outcome.error)
    return is_ours


def _due(now: datetime, counts: Counter[int]) -> Select[Any]:
    busy = [user_id for user_id, count in counts.items() if count >= PER_USER]
    # By (due_at, id), everywhere: two that take the same rows in different orders would wait for each other.
    return (
        select(*COLUMNS)
        .join(User, User.id == Delivery.user_id)
        .where(Delivery.due_at <= now, Delivery.state == DeliveryState.WAITING, Delivery.user_id.not_in(busy))
        .order_by(Delivery.due_at, Delivery.id)
        .limit(AT_ONCE - counts.total())
    )


def _claim(row: Any, now: datetime) -> bool:
    return claims.change(
        update(Delivery)
        .where(Delivery.id == row.id, Delivery.lease == row.lease, Delivery.state == DeliveryState.WAITING)
        .values(lease=row.lease + 1, attempts=row.attempts + 1, due_at=now + timedelta(seconds=HOLD_SECONDS))
    )


def _attempt(row: Any, now: datetime) -> Attempt:
    body = json.dumps(row.payload, ensure_ascii=False, separators=(",", ":"))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": row.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(row.webhook_secret or receivers.secret(row.user_id)).sign(row.id, now, body),
    }
    return Attempt(row.id, row.user_id, row.lease + 1, row.attempts + 1, row.url, body.encode(), headers)


def _outcome(future: Future[Outcome]) -> Outcome:
    """What nobody foresaw is an attempt that failed, like any other."""
    error = future.exception()
    if error is None:
        return future.result()
    log.error("an attempt broke", exc_info=error)
    return Outcome(error=BROKEN)


def _values(now: datetime, attempt: Attempt, outcome: Outcome) -> dict[str, Any]:
    told = {"response_status": outcome.status, "error": outcome.error}
    pause = None if outcome.is_final else webhook_events.pause_seconds(attempt.number, outcome.retry_after)
    if outcome.is_delivered or pause is None:
        state = DeliveryState.DELIVERED if outcome.is_delivered else DeliveryState.FAILED
        return told | {"state": state, "due_at": None, "finished_at": now}
    later = pause * random.uniform(1.0, 1.1)  # noqa: S311 - jitter
    return told | {"due_at": now + timedelta(seconds=later)}


def _disable(now: datetime, attempt: Attempt) -> None:
    """Nothing more goes to this address: not what waits, and not what is to come, unless its owner enters it anew."""
    db.session.execute(update(User).where(User.id == attempt.user_id, User.webhook_url == attempt.url).values(webhook_url=None))
    waiting = (Delivery.user_id == attempt.user_id, Delivery.url == attempt.url, Delivery.state == DeliveryState.WAITING)
    ended = {"state": DeliveryState.FAILED, "due_at": None, "finished_at": now, "error": IS_GONE}
    db.session.execute(update(Delivery).where(*waiting).values(ended))


def _end_lost(tools: Toolbox) -> None:
    """Those whose last attempt has never come to an end."""
    now = tools.clock.now()
    lost = (Delivery.due_at <= now, Delivery.state == DeliveryState.WAITING, Delivery.attempts >= webhook_events.MOST_ATTEMPTS)
    ended = {"state": DeliveryState.FAILED, "due_at": None, "finished_at": now, "error": LOST, "lease": Delivery.lease + 1}
    db.session.execute(update(Delivery).where(*lost).values(ended))
    db.session.commit()
