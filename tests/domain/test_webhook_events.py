"""What other people's servers are told, and how often it is tried."""

from datetime import UTC, datetime

import pytest

from textor.domain import webhook_events
from textor.domain.job_states import FINAL


def test_attempts_go_on_for_a_day_ever_more_rarely() -> None:
    pauses = [webhook_events.pause_seconds(n) for n in range(1, webhook_events.MOST_ATTEMPTS)]
    known = [pause for pause in pauses if pause is not None]
    assert known == sorted(known)
    assert known[0] <= 5
    assert 23 * 3600 < sum(known) < 24 * 3600
    assert webhook_events.pause_seconds(webhook_events.MOST_ATTEMPTS) is None


@pytest.mark.parametrize(("asked", "pause"), [(None, 5), (2.0, 5), (90.0, 90), (10.0**9, 28_800)])
def test_a_server_may_ask_for_more_time_but_not_for_any(asked: float | None, pause: float) -> None:
    assert webhook_events.pause_seconds(1, asked) == pause


def test_every_end_has_its_event_and_its_word() -> None:
    told = {status: (webhook_events.of_end(status), webhook_events.end_word(status)) for status in sorted(FINAL)}
    assert told == {
        "cancelled": ("transcription.failed", "error"),
        "completed": ("transcription.completed", "completed"),
        "failed": ("transcription.failed", "error"),
        "partial": ("transcription.completed", "partial"),
    }


def test_a_message_has_the_shape_of_the_standard() -> None:
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert webhook_events.message("a.b", moment, {"id": "1"}) == {
        "type": "a.b",
        "timestamp": "2026-11-20T12:00:00Z",
        "data": {"id": "1"},
    }
