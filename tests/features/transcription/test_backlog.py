"""What waits, what works and what went wrong; and healing it by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from apiflask import APIFlask
from redis import Redis
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests import factories
from tests.factories import NOW
from tests.fakes import FakeClock
from textor.domain.job_states import Status
from textor.errors import Unavailable
from textor.extensions import db
from textor.features.transcription import backlog
from textor.features.transcription.backlog import Failure, Provider
from textor.job_queue import breakers, tickets
from textor.models import Discard, Slice, Transcription, User
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases


def slices(row: Transcription, *states: str, engine: str = "fake_remote") -> None:
    for n, state in enumerate(states):
        db.session.add(Slice(transcription_seq=row.seq, n=n, start=n, end=n + 1, state=state, engine=engine))
    db.session.commit()


def test_rows_are_counted_over_all_users_with_the_age_of_the_first(
    tools: Toolbox, alice: User, bob: User, clock: FakeClock
) -> None:
    factories.transcription(alice, updated_at=NOW - timedelta(seconds=5))
    factories.transcription(bob)
    factories.transcription(alice, status=Status.PROCESSING, active_for=alice.id, started_at=NOW - timedelta(seconds=70))
    factories.transcription(bob, status=Status.QUEUED, active_for=bob.id, queued_at=NOW - timedelta(seconds=9))
    factories.transcription(bob, status=Status.FAILED)
    found = backlog.look(tools)
    ages = [(row.status, row.count, row.oldest_at and (found.at - row.oldest_at).total_seconds()) for row in found.rows]
    assert ages == [("pending", 2, 5), ("queued", 1, 9), ("processing", 1, 70), ("failed", 1, None)]


def test_tickets_are_counted_by_queue_with_the_age_of_the_first(tools: Toolbox, alice: User) -> None:
    begin = datetime.now(UTC) - timedelta(seconds=1)
    for n in range(2):
        tickets.enqueue(tools, "text", "transcribe", "x", n)
    found = {one.queue: one for one in backlog.look(tools).queues}
    assert {name: one.tickets for name, one in found.items()} == {name: 2 * (name == "text") for name in tickets.QUEUES}
    oldest = found["text"].oldest_at
    assert oldest is not None
    assert begin <= oldest <= datetime.now(UTC)
    assert found["speech"].oldest_at is None


def test_a_ticket_that_is_flushed_while_one_looks_has_no_age(tools: Toolbox, redis: Redis, alice: User) -> None:
    tickets.enqueue(tools, "text", "transcribe", "x", 1, ticket_id="t-x-1")
    redis.delete("rq:job:t-x-1")
    (found,) = [one for one in backlog.look(tools).queues if one.queue == "text"]
    assert (found.tickets, found.oldest_at) == (1, None)


def test_providers_tell_jobs_limits_and_breakers(tools: Toolbox, alice: User) -> None:
    slices(factories.transcription(alice), "waiting", "starting", "remote", "remote", "completed", "failed")
    slices(factories.transcription(alice), "waiting", engine="fake")
    for _ in range(2):
        breakers.failed(tools, "fake_remote", 1, 30.0, "The provider is out of breath.")
    (found,) = [one for one in backlog.look(tools).providers if one.engine == "fake_remote"]
    assert found == Provider("fake_remote", 3, 1, None, True, 30.0, 2, 2, "The provider is out of breath.")


def test_an_operators_own_limit_counts(environ: dict[str, str], request: pytest.FixtureRequest) -> None:
    environ["PROVIDER_CONCURRENCY"] = "fake_remote=7"
    tools: Toolbox = request.getfixturevalue("tools")
    request.getfixturevalue("app")
    assert [one.limit for one in backlog.look(tools).providers if one.engine == "fake_remote"] == [7]


def test_discards_and_shifts_are_counted(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    db.session.add(Discard(engine="fake_remote", remote_id="r-1", due_at=NOW, created_at=NOW))
    db.session.commit()
    now = clock.now().timestamp()
    tools.redis.zadd("textor:shift:alive", {"one": now + 5, "dead": now - 5})
    found = backlog.look(tools)
    assert (found.discards, found.shifts) == (1, 1)


def test_the_last_hour_counts_what_ended_and_its_sound(tools: Toolbox, alice: User) -> None:
    recording = factories.recording(alice, seconds=1800.0)
    for status, minutes in (("completed", 5), ("partial", 59), ("failed", 1), ("cancelled", 1), ("completed", 61)):
        factories.transcription(alice, recording, status=status, finished_at=NOW - timedelta(minutes=minutes))
    found = backlog.look(tools).last_hour
    assert found.ended == {"completed": 1, "partial": 1, "failed": 1, "cancelled": 1}
    assert found.sound_seconds == 3600.0


def test_the_latest_failures_tell_their_reasons_and_no_content(tools: Toolbox, alice: User) -> None:
    secret = factories.recording(alice, title="My secret")
    rows = [
        factories.transcription(alice, secret, status="failed", error=f"Reason {n}", finished_at=NOW - timedelta(minutes=n))
        for n in range(12)
    ]
    factories.transcription(alice, status="partial", error="One part", finished_at=NOW, text="My secret", engine="sphinx")
    factories.transcription(alice, status="failed", error="Deleted", finished_at=NOW, deleted_at=NOW)
    found = backlog.look(tools)
    assert len(found.failures) == backlog.FAILURES_SHOWN
    assert [one.error for one in found.failures[:3]] == ["One part", "Reason 0", "Reason 1"]
    assert found.failures[1] == Failure(rows[0].id, "fake", "failed", "Reason 0", NOW)
    assert "My secret" not in str(found)


def test_statements_are_in_every_databases_language(app: APIFlask, tools: Toolbox) -> None:
    said: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    backlog.look(tools)
    assert said
    assert not [one for one in said if "NULLS " in one]  # MySQL has no such words


def test_it_takes_the_same_number_of_statements_for_any_number_of_rows(tools: Toolbox, alice: User, bob: User) -> None:
    counted: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))

    def statements() -> int:
        counted.clear()
        backlog.look(tools)
        return len(counted)

    few = statements()
    for owner in (alice, bob):
        for _ in range(5):
            slices(factories.transcription(owner, status="failed", error="x"), "remote", "waiting", "completed")
    assert statements() == few == 7


def test_healing_takes_back_tickets_starts_and_says_how_many(tools: Toolbox, alice: User, bob: User, clock: FakeClock) -> None:
    long_ago = NOW - timedelta(hours=1)
    silent = factories.transcription(alice, status="processing", active_for=alice.id, run_token=1, heartbeat_at=long_ago)
    factories.transcription(bob)
    assert backlog.heal(tools) == {"reclaimed": 1, "reticketed": 0, "dispatched": 1, "downloads": 0}
    db.session.refresh(silent)
    assert (silent.status, silent.run_token) == (Status.QUEUED, 3)
    assert backlog.heal(tools) == {"reclaimed": 0, "reticketed": 0, "dispatched": 0, "downloads": 0}


@pytest.mark.parametrize("do", [backlog.look, backlog.heal])
def test_without_redis_it_cannot_tell_or_heal(away: Toolbox, alice: User, do: object) -> None:
    assert callable(do)
    with pytest.raises(Unavailable, match="Redis does not answer"):
        do(away)


@pytest.mark.parametrize("do", [backlog.look, backlog.heal])
def test_without_the_database_it_cannot_tell_or_heal(tools: Toolbox, alice: User, do: object) -> None:
    def hang_up(*_: object) -> None:
        raise OperationalError("", {}, ConnectionError())

    assert callable(do)
    event.listen(db.engine, "before_cursor_execute", hang_up)
    try:
        with pytest.raises(Unavailable, match="The database does not answer"):
            do(tools)
    finally:
        event.remove(db.engine, "before_cursor_execute", hang_up)
