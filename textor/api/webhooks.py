"""Webhooks out: the log of what was sent to whom, and sending it again. What they are: docs/webhooks.md."""

from typing import Any

from apiflask import APIBlueprint

from textor import bootstrap
from textor.api import auth, counting, links
from textor.api.schemas.webhooks import DeliveriesIn, DeliveriesOut, DeliveryOut
from textor.domain import scopes, timecode
from textor.extensions import csrf
from textor.features.webhooks import deliveries

calls = APIBlueprint("webhook_log", __name__, url_prefix="/api/webhooks", tag="Webhooks out")
csrf.exempt(calls)


@calls.get("/deliveries")
@auth.needs(scopes.TRANSCRIBE)
@counting.reading
@calls.input(DeliveriesIn, location="query", arg_name="asked")
@calls.doc(
    summary="List deliveries",
    description="Newest first; kept for 30 days.",
    responses={400: "A parameter is wrong.", 404: "There is no such page."},
)
@calls.output(DeliveriesOut)
def index(asked: DeliveriesIn) -> DeliveriesOut:
    page = deliveries.page(auth.me().user_id, asked.page, asked.page_size)
    following = links.here(page=page.number + 1) if page.number < page.pages else None
    previous = links.here(page=page.number - 1) if page.number > 1 else None
    return DeliveriesOut(count=page.count, next=following, previous=previous, results=[_delivery(one) for one in page.items])


@calls.post("/deliveries/<uuid:delivery_id>/redeliver")
@auth.needs(scopes.TRANSCRIBE)
@counting.changing
@calls.doc(
    summary="Send it again",
    description="At once, under the same id and to the same address, whatever became of it before; attempts begin anew.",
    responses={404: "There is no such delivery, or it is somebody else's."},
)
@calls.output(DeliveryOut)
def redeliver(delivery_id: object) -> DeliveryOut:
    return _delivery(deliveries.redeliver(bootstrap.tools(), auth.me().user_id, str(delivery_id)))


def _delivery(row: Any) -> DeliveryOut:
    return DeliveryOut(
        id=row.id,
        event=row.event,
        url=row.url,
        status=row.state,
        attempts=row.attempts,
        response_status=row.response_status,
        error=row.error,
        created_at=timecode.utc(row.created_at),
        next_attempt_at=timecode.utc_or_none(row.due_at),
        finished_at=timecode.utc_or_none(row.finished_at),
        payload=row.payload,
    )
