"""Whose turn it is: claims, fencing, and what cancel, hand-back and retry do in each state."""

import threading
from collections.abc import Callable

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select

from tests import factories
from tests.fakes import FakeClock
from textor.domain.job_states import ACTIVE, Status
from textor.errors import Fenced
from textor.extensions import db
from textor.job_queue import lanes, locks, runs, tickets
from textor.job_queue.claims import Claim
from textor.models import Transcription, User
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases


def status(row_id: str) -> str:
    db.session.expire_all()
    return db.session.scalars(select(Transcription.status).where(Transcription.id == row_id)).one()


def token(row_id: str) -> int:
    return db.session.scalars(select(Transcription.run_token).where(Transcription.id == row_id)).one()


def started(tools: Toolbox, owner: User) -> Claim:
    """A transcription that a worker has taken."""
    row_id = factories.transcription(owner).id
    lanes.dispatch(tools, owner.id)
    claim = runs.start(tools, row_id, token(row_id))
    assert claim
    return claim


def test_dispatch_starts_the_oldest_and_only_that(tools: Toolbox, alice: User) -> None:
    first, second = (factories.transcription(alice).id for _ in range(2))
    assert lanes.dispatch(tools, alice.id) == first
    assert lanes.dispatch(tools, alice.id) is None
    assert (status(first), status(second)) == (Status.QUEUED, Status.PENDING)
    assert tickets.waiting(tools, "speech") == [f"t-{first}-1"]


def test_a_higher_priority_overtakes_within_the_lane(tools: Toolbox, alice: User) -> None:
    factories.transcription(alice)
    urgent = factories.transcription(alice, priority=1).id
    assert lanes.dispatch(tools, alice.id) == urgent


def test_two_users_run_side_by_side(tools: Toolbox, alice: User, bob: User) -> None:
    hers, his = factories.transcription(alice).id, factories.transcription(bob).id
    assert lanes.dispatch(tools, alice.id) == hers
    assert lanes.dispatch(tools, bob.id) == his


def test_a_remote_engines_work_has_its_own_queue(tools: Toolbox, alice: User) -> None:
    row_id = factories.transcription(alice, engine="fake_remote").id
    lanes.dispatch(tools, alice.id)
    assert tickets.waiting(tools, "remote") == [f"t-{row_id}-1"]


def test_a_doubled_ticket_starts_nothing(tools: Toolbox, alice: User) -> None:
    claim = started(tools, alice)
    assert runs.start(tools, claim.id, claim.token) is None


def test_one_that_lets_others_go_first_keeps_the_moment_it_began(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    began_at, claim = clock.now(), started(tools, alice)
    runs.pass_on(tools, claim)
    clock.advance(60)
    assert runs.start(tools, claim.id, claim.token + 1)
    assert db.session.scalars(select(Transcription.started_at)).one() == began_at


def test_finishing_frees_the_lane_and_starts_the_next(tools: Toolbox, alice: User) -> None:
    claim = started(tools, alice)
    following = factories.transcription(alice).id
    runs.finish(tools, claim, Status.COMPLETED, text="done")
    assert (status(claim.id), status(following)) == (Status.COMPLETED, Status.QUEUED)


def test_a_finished_text_is_never_overwritten_by_a_stale_worker(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    stale = started(tools, alice)
    clock.advance(60)
    row = db.session.scalars(select(Transcription).where(Transcription.id == stale.id)).one()
    assert runs.reclaim(tools, stale.id, stale.token, row.heartbeat_at)
    fresh = runs.start(tools, stale.id, token(stale.id))
    assert fresh and fresh.token > stale.token
    runs.finish(tools, fresh, Status.COMPLETED, text="the right text")
    with pytest.raises(Fenced):
        runs.finish(tools, stale, Status.COMPLETED, text="the stale text")
    db.session.expire_all()
    assert db.session.get_one(Transcription, stale.seq).text == "the right text"


@pytest.mark.parametrize("prepare", ["pending", "queued", "processing"])
def test_cancelling_fences_the_worker_off_in_every_open_state(tools: Toolbox, alice: User, prepare: str) -> None:
    row_id = factories.transcription(alice).id
    claim = None
    if prepare != "pending":
        lanes.dispatch(tools, alice.id)
    held = token(row_id)
    if prepare == "processing":
        claim = runs.start(tools, row_id, held)
    assert lanes.cancel(tools, row_id)
    assert status(row_id) == Status.CANCELLED
    assert not runs.heartbeat(tools, row_id, held)
    assert runs.start(tools, row_id, held) is None
    if claim:
        with pytest.raises(Fenced):
            runs.write(tools, claim, progress=50.0)


def test_cancelling_what_is_over_changes_nothing(tools: Toolbox, alice: User) -> None:
    claim = started(tools, alice)
    runs.finish(tools, claim, Status.COMPLETED)
    assert not lanes.cancel(tools, claim.id)
    assert status(claim.id) == Status.COMPLETED


def test_cancelling_the_active_one_starts_the_next(tools: Toolbox, alice: User) -> None:
    claim = started(tools, alice)
    following = factories.transcription(alice).id
    lanes.cancel(tools, claim.id)
    assert status(following) == Status.QUEUED


def test_handed_back_work_runs_again_and_the_attempt_does_not_count(tools: Toolbox, alice: User) -> None:
    claim = started(tools, alice)
    assert runs.hand_back(tools, claim.id, claim.token)
    assert status(claim.id) == Status.QUEUED  # its owner had nothing else to do: it is dispatched again at once
    assert db.session.get_one(Transcription, claim.seq).attempts == 1
    assert token(claim.id) == claim.token + 2


def test_work_that_a_provider_has_is_not_handed_back(tools: Toolbox, alice: User) -> None:
    claim = started(tools, alice)
    runs.hand_over(tools, claim)
    assert not runs.hand_back(tools, claim.id, claim.token)
    assert (status(claim.id), token(claim.id)) == (Status.PROCESSING, claim.token)


def test_a_worker_lost_too_often_ends_the_job_with_a_reason(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    row_id = factories.transcription(alice).id
    lanes.dispatch(tools, alice.id)
    for _ in range(tools.settings.max_attempts):
        assert runs.start(tools, row_id, token(row_id))
        row = db.session.scalars(select(Transcription).where(Transcription.id == row_id)).one()
        runs.reclaim(tools, row_id, row.run_token, row.heartbeat_at)
        clock.advance(60)
    assert status(row_id) == Status.FAILED
    assert "worker was lost" in (db.session.scalars(select(Transcription.error).where(Transcription.id == row_id)).one() or "")


def test_reclaiming_spares_a_worker_that_has_just_beaten(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    claim = started(tools, alice)
    seen = db.session.get_one(Transcription, claim.seq).heartbeat_at
    assert seen
    clock.advance(60)
    assert runs.heartbeat(tools, claim.id, claim.token)
    assert not runs.reclaim(tools, claim.id, claim.token, seen)
    assert status(claim.id) == Status.PROCESSING


def test_a_retry_starts_afresh(tools: Toolbox, alice: User) -> None:
    claim = started(tools, alice)
    assert not lanes.requeue(tools, claim.id)
    runs.finish(tools, claim, Status.FAILED, error="It broke.")
    assert lanes.requeue(tools, claim.id, engine="fake_remote")
    row = db.session.get_one(Transcription, claim.seq)
    db.session.refresh(row)
    assert (row.status, row.error, row.attempts, row.engine) == (Status.QUEUED, None, 1, "fake_remote")


def test_a_leftover_lock_of_a_dead_run_does_not_block_the_lane(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    row_id = factories.transcription(alice).id
    lease_ms = tools.settings.lease_seconds * 1000
    locks.acquire(tools.redis, alice.id, "no-such-row:1", lease_ms)
    assert lanes.dispatch(tools, alice.id) is None  # as young as a claim that isn't committed yet
    tools.redis.pexpire(f"textor:lane:{alice.id}", lease_ms // 2)
    assert lanes.dispatch(tools, alice.id) == row_id


def test_without_redis_nothing_starts_and_nothing_is_lost(app: APIFlask, tools: Toolbox, alice: User, away: Toolbox) -> None:
    row_id = factories.transcription(alice).id
    assert lanes.dispatch(away, alice.id) is None
    assert status(row_id) == Status.PENDING
    assert lanes.dispatch(tools, alice.id) == row_id


def test_racing_dispatchers_never_give_a_user_two_active(app: APIFlask, tools: Toolbox, alice: User) -> None:
    for _ in range(20):
        factories.transcription(alice)
    user_id = alice.id

    def race(barrier: threading.Barrier) -> None:
        with app.app_context():
            barrier.wait()
            lanes.dispatch(tools, user_id)
            db.session.remove()

    run_together(race, 6)
    active = db.session.scalar(select(func.count()).where(Transcription.status.in_(ACTIVE)))
    assert active == 1


def test_the_database_alone_refuses_a_second_active_when_redis_forgets(app: APIFlask, tools: Toolbox, alice: User) -> None:
    """A flush takes every lock away at the worst moment: between a dispatcher's lock and its claim."""
    for _ in range(10):
        factories.transcription(alice)
    user_id = alice.id

    def race(barrier: threading.Barrier) -> None:
        with app.app_context():
            barrier.wait()
            for _ in range(5):
                tools.redis.flushdb()
                lanes.dispatch(tools, user_id)
            db.session.remove()

    run_together(race, 4)
    assert db.session.scalar(select(func.count()).where(Transcription.status.in_(ACTIVE))) == 1


def run_together(work: Callable[[threading.Barrier], None], count: int) -> None:
    barrier = threading.Barrier(count)
    threads = [threading.Thread(target=work, args=(barrier,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
