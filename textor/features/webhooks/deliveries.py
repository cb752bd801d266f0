"""Messages to people's own servers, as their owner sees them: announced, listed, sent again; forgotten after a month."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, exists, func, select, update

from textor.domain import webhook_events
from textor.errors import NotFound, WrongState
from textor.extensions import db
from textor.features.webhooks import receivers
from textor.job_queue import claims
from textor.job_queue import deliveries as notes
from textor.job_queue.deliveries import Note
from textor.models import Delivery
from textor.models.deliveries import DeliveryState
from textor.toolbox import Toolbox

KEPT = timedelta(days=30)
PAGE_SIZE = 10

check_address = receivers.check_address


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the log, newest first. `count` is of all pages."""

    items: Sequence[Delivery]
    number: int
    pages: int
    count: int


def announce(tools: Toolbox, user_id: int, event: str, data: Mapping[str, object], url: str | None = None) -> list[str]:
    """Tell the account's server, and `url` where a request named one; the ids of the messages.

    In the caller's transaction, so that nothing is told that isn't so. After its commit `send_soon` spares a few seconds.
    """
    urls = notes.addresses(url, receivers.address(user_id))
    return notes.add(tools, [Note(user_id, event, one, dict(data)) for one in urls])


send_soon = notes.send_soon


def send_test(tools: Toolbox, user_id: int) -> str:
    """A message that says only that it is one; its id. Raises WrongState where the account has no address. Commits."""
    sent = announce(tools, user_id, webhook_events.TEST, {"message": "Textor can reach you."})
    db.session.commit()
    if not sent:
        raise WrongState("Save an address first: there is nobody to send this to.")
    send_soon(tools)
    return sent[0]


def page(user_id: int, number: int = 1, size: int = PAGE_SIZE) -> Page:
    """The page of that number of one's own, from 1. Raises NotFound past the end."""
    count = db.session.scalar(select(func.count()).select_from(Delivery).where(Delivery.user_id == user_id)) or 0
    pages = max(1, math.ceil(count / size))
    if number > pages:
        raise NotFound("There is only one page." if pages == 1 else f"There are {pages} pages.")
    newest = select(Delivery).where(Delivery.user_id == user_id).order_by(Delivery.created_at.desc(), Delivery.id)
    return Page(db.session.scalars(newest.limit(size).offset((number - 1) * size)).all(), number, pages, count)


def find(user_id: int, delivery_id: str) -> Delivery:
    """One's own. Raises NotFound."""
    row = db.session.get(Delivery, delivery_id)
    if row is None or row.user_id != user_id:
        raise NotFound("There is no such delivery.")
    return row


def redeliver(tools: Toolbox, user_id: int, delivery_id: str) -> Delivery:
    """Send it again now, under the same id and to the same address; attempts begin anew. Raises NotFound. Commits."""
    find(user_id, delivery_id)
    again = {
        "state": DeliveryState.WAITING,
        "due_at": tools.clock.now(),
        "attempts": 0,
        "lease": Delivery.lease + 1,  # an attempt that is under way has no say any more
        "error": None,
        "response_status": None,
        "finished_at": None,
    }
    claims.change(update(Delivery).where(Delivery.id == delivery_id, Delivery.user_id == user_id).values(again))
    db.session.commit()
    send_soon(tools)
    db.session.expire_all()
    return find(user_id, delivery_id)


def hand_out(tools: Toolbox) -> None:
    """Have sent what is due: what waited for its next attempt, or whose ticket or sender was lost. Called by the clock."""
    if db.session.scalar(select(exists().where(Delivery.due_at <= tools.clock.now()))):
        send_soon(tools)
    db.session.commit()


def sweep(tools: Toolbox) -> int:
    """Forget what is older than a month; how many. Called by the clock. Commits."""
    old = db.session.scalars(select(Delivery.id).where(Delivery.created_at < tools.clock.now() - KEPT)).all()
    if old:
        db.session.execute(delete(Delivery).where(Delivery.created_at < tools.clock.now() - KEPT))
    db.session.commit()
    return len(old)
