"""Whoever ends a transcription notes in the same transaction whom that is news for."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from tests import factories
from tests.fakes import FakeClock
from textor.domain.job_states import Status
from textor.errors import Fenced
from textor.extensions import db
from textor.features.recordings import library
from textor.job_queue import claims, deliveries, lanes, reconciler, runs, tickets
from textor.job_queue.claims import Claim
from textor.models import Delivery, Transcription, User
from textor.toolbox import Toolbox

HERS = "https://alice.example/hook"
ASKED_FOR = "https://client.example/hook"


@pytest.fixture
def owner(alice: User) -> User:
    """Alice, whose own server is told of everything."""
    alice.webhook_url = HERS
    db.session.commit()
    return alice


def started(tools: Toolbox, owner: User, **values: Any) -> Claim:
    """A transcription that a worker has in hand."""
    row = factories.transcription(owner, factories.recording(owner, title="Interview", seconds=9.0), **values)
    lanes.dispatch(tools, owner.id)
    claim = runs.start(tools, row.id, 1)
    assert claim
    return claim


def noted() -> list[Delivery]:
    db.session.rollback()
    return list(db.session.scalars(select(Delivery).order_by(Delivery.url)))


def fail(tools: Toolbox, claim: Claim) -> None:
    runs.finish(tools, claim, Status.FAILED, error="It was no sound.")


def lose(tools: Toolbox, claim: Claim) -> None:
    """The worker falls silent for the last time."""
    db.session.execute(update(Transcription).values(attempts=tools.settings.max_attempts))
    db.session.commit()
    assert isinstance(tools.clock, FakeClock)
    tools.clock.advance(3600)
    assert reconciler.reconcile(tools)["reclaimed"] == 1


ENDS: dict[str, tuple[Callable[[Toolbox, Claim], object], str, str]] = {
    "completed": (
        lambda tools, claim: runs.finish(tools, claim, Status.COMPLETED, text="hi"),
        "transcription.completed",
        "completed",
    ),
    "partial": (lambda tools, claim: runs.finish(tools, claim, Status.PARTIAL, text="hi"), "transcription.completed", "partial"),
    "failed": (fail, "transcription.failed", "error"),
    "cancelled": (lambda tools, claim: lanes.cancel(tools, claim.id), "transcription.failed", "error"),
    "lost": (lose, "transcription.failed", "error"),
}


@pytest.mark.parametrize("end", ENDS)
def test_every_end_is_noted_and_a_ticket_is_out(owner: User, tools: Toolbox, end: str) -> None:
    work, event, word = ENDS[end]
    claim = started(tools, owner)
    work(tools, claim)
    (one,) = noted()
    assert (one.event, one.payload["data"]["status"], one.url, one.user_id) == (event, word, HERS, owner.id)
    assert (one.state, one.attempts, one.due_at) == ("waiting", 0, tools.clock.now())
    assert len(tickets.waiting(tools, deliveries.QUEUE)) == 1


@pytest.mark.both_databases
def test_a_message_tells_what_it_is_about_and_not_the_text(owner: User, tools: Toolbox) -> None:
    claim = started(tools, owner, model="base", requested_language="fa")
    runs.finish(tools, claim, Status.COMPLETED, text="very private")
    assert noted()[0].payload == {
        "type": "transcription.completed",
        "timestamp": "2026-11-20T12:00:00Z",
        "data": {
            "id": claim.id,
            "status": "completed",
            "title": "Interview",
            "language_code": "fa",
            "audio_duration": 9.0,
            "engine": "fake",
            "model": "base",
            "error": None,
            "url": None,
        },
    }


def test_with_a_public_url_it_says_where_the_text_is(environ: dict[str, str], request: pytest.FixtureRequest) -> None:
    environ["PUBLIC_URL"] = "https://textor.example/"
    tools, owner = request.getfixturevalue("tools"), request.getfixturevalue("owner")
    claim = started(tools, owner)
    fail(tools, claim)
    told = noted()[0].payload["data"]
    assert (told["url"], told["error"]) == (f"https://textor.example/api/transcribe/{claim.id}/", "It was no sound.")


@pytest.mark.parametrize(("asked_for", "told"), [(None, [HERS]), (ASKED_FOR, [HERS, ASKED_FOR]), (HERS, [HERS])])
def test_the_address_of_the_request_is_told_too_and_each_once(
    owner: User, tools: Toolbox, asked_for: str | None, told: list[str]
) -> None:
    fail(tools, started(tools, owner, webhook_url=asked_for))
    assert [one.url for one in noted()] == told


def test_where_nobody_wants_to_know_nothing_is_noted(alice: User, tools: Toolbox) -> None:
    fail(tools, started(tools, alice))
    assert (noted(), tickets.waiting(tools, deliveries.QUEUE)) == ([], [])


def test_what_its_owner_deletes_is_nobodys_news(owner: User, tools: Toolbox) -> None:
    library.delete(tools, owner.id, started(tools, owner).id)
    assert noted() == []


def test_who_has_lost_the_claim_notes_nothing(owner: User, tools: Toolbox) -> None:
    claim = started(tools, owner)
    lanes.cancel(tools, claim.id)
    with pytest.raises(Fenced):
        runs.finish(tools, claim, Status.COMPLETED, text="too late")
    assert [one.event for one in noted()] == ["transcription.failed"]


@pytest.mark.both_databases
def test_an_end_that_is_not_committed_is_not_told(owner: User, tools: Toolbox) -> None:
    claim = started(tools, owner)
    claims.change(claims.mine(claim).values(status=Status.COMPLETED, active_for=None))
    assert deliveries.add_ends(tools, [claim.seq])
    db.session.rollback()
    assert noted() == []


def test_without_redis_the_message_waits_for_the_clock(owner: User, tools: Toolbox, away: Toolbox) -> None:
    fail(away, started(tools, owner))
    assert len(noted()) == 1


def test_a_ticket_that_waits_will_do_for_all(owner: User, tools: Toolbox) -> None:
    for _ in range(2):
        fail(tools, started(tools, owner))
    assert (len(noted()), len(tickets.waiting(tools, deliveries.QUEUE))) == (2, 1)
