"""What the account page says of webhooks: where messages go, and what became of each."""

from datetime import timedelta
from typing import Any

from flask import request

from textor import bootstrap
from textor.errors import NotFound
from textor.features.webhooks import deliveries, receivers, sending
from textor.features.webhooks.deliveries import Page
from textor.web import forms
from textor.web.visitors import me

PAGE = "deliveries"
SOON = timedelta(seconds=sending.HOLD_SECONDS)
"""What is under way is due again after that, unless it comes to its end."""


def shown() -> dict[str, Any]:
    """What the section says."""
    return {"webhook_url": receivers.address(me().id) or ""} | log()


def log() -> dict[str, Any]:
    """What its table says: the page of the log that the address names. It moves while an attempt is made, or soon will be."""
    page, now = _page(), bootstrap.tools().clock.now()
    is_moving = any(row.due_at is not None and row.due_at <= now + SOON for row in page.items)
    return {"log": page, "is_sending": is_moving}


def _page() -> Page:
    number = forms.page_number(request.args.get(PAGE, ""))
    try:
        return deliveries.page(me().id, number)
    except NotFound:  # old ones go with time, and the page that somebody had open with them
        return deliveries.page(me().id)
