"""What docs/webhooks.md shows checks what Textor sends."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.test_docs import text
from textor.domain import webhook_events

SECRET = "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"
PAPER = text("docs/webhooks.md")


def test_the_python_of_the_paper_takes_our_messages_and_no_others() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAPER, re.DOTALL)
    known: dict[str, Any] = {}
    exec(code, known)
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("1", now, '{"type":"a"}'),
    }
    assert known["message"](SECRET, headers, b'{"type":"a"}') == {"type": "a"}
    with pytest.raises(WebhookVerificationError):
        known["message"](SECRET, headers, b'{"type":"b"}')


def test_the_paper_names_every_event_and_every_pause() -> None:
    names = {value for name, value in vars(webhook_events).items() if isinstance(value, str) and "." in value and name.isupper()}
    assert {name for name in names if f"`{name}`" not in PAPER} == set()
    told = "5 seconds, 5 minutes, 30 minutes, 2, 5, 8 and 8 hours"
    assert told in PAPER
    pauses = (5, 5 * 60, 30 * 60, *(hours * 3600 for hours in (2, 5, 8, 8)))
    assert pauses == webhook_events.PAUSES_SECONDS
