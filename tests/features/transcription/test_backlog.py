"""What waits and what works."""

import pytest

from tests import factories
from textor.domain.job_states import Status
from textor.errors import Unavailable
from textor.features.transcription import backlog
from textor.job_queue import tickets
from textor.models import User
from textor.toolbox import Toolbox


@pytest.mark.both_databases
def test_rows_and_tickets_are_counted_over_all_users(tools: Toolbox, alice: User, bob: User) -> None:
    factories.transcription(alice)
    factories.transcription(bob)
    factories.transcription(bob, status=Status.FAILED)
    factories.transcription(bob, status=Status.FAILED, deleted_at=factories.NOW)
    tickets.enqueue(tools, "text", "transcribe", "x", 1)
    found = backlog.look(tools)
    assert found.transcriptions == {"pending": 2, "failed": 1}
    assert found.tickets == {"speech": 0, "remote": 0, "shift": 0, "text": 1, "exports": 0, "downloads": 0}
    assert found.workers == {"speech": 0, "remote": 0, "shift": 0, "text": 0, "exports": 0, "downloads": 0}


def test_without_redis_it_cannot_tell(away: Toolbox, alice: User) -> None:
    with pytest.raises(Unavailable, match="Redis does not answer"):
        backlog.look(away)
