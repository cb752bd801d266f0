"""Background jobs whose row is a Job: claimed once, fenced, tried again, cancelled; never lost and never done twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from apiflask import APIFlask

from tests.fakes import FakeClock
from tests.job_queue.backgrounds import begun, late, row, running, take_a_ticket, waiting
from textor.errors import Fenced
from textor.extensions import db
from textor.job_queue import background, healing
from textor.job_queue.background import Run
from textor.models import User
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

both = pytest.mark.both_databases


def test_a_job_has_a_ticket_in_the_queue_of_its_kind(tools: Toolbox, alice: User) -> None:
    first, second = begun(tools, alice), begun(tools, alice, "retranslate")
    assert waiting(tools) == [("summary", first, 1)]
    assert waiting(tools, "speech") == [("retranslate", second, 1)]


def test_a_claim_says_what_is_to_be_done(tools: Toolbox, alice: User) -> None:
    run = running(tools, alice)
    assert (run.kind, run.user_id, run.attempts, run.payload) == ("summary", alice.id, 1, {"n": 1})
    assert row(run.id).state == JobState.RUNNING


def test_of_two_tickets_for_one_run_one_begins(tools: Toolbox, alice: User) -> None:
    job_id = begun(tools, alice)
    assert background.claim(tools, job_id, 1) and not background.claim(tools, job_id, 1)
    assert row(job_id).attempts == 1


@both
def test_of_many_workers_at_once_one_begins(app: APIFlask, tools: Toolbox, alice: User) -> None:
    job_id, all_there = begun(tools, alice), Barrier(4)

    def worker(_n: int) -> bool:
        with app.app_context():
            all_there.wait()
            return background.claim(tools, job_id, 1) is not None

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(worker, range(4))) == [False, False, False, True]


@both
def test_of_a_cancel_and_an_end_at_the_same_moment_one_counts(app: APIFlask, tools: Toolbox, alice: User) -> None:
    run, owner_id, all_there = running(tools, alice), alice.id, Barrier(2)

    def cancel() -> bool:
        with app.app_context():
            all_there.wait()
            was_open = background.cancel(tools, owner_id, run.id)
            db.session.commit()
            return was_open

    def finish() -> bool:
        with app.app_context():
            all_there.wait()
            try:
                background.finish(tools, run, {})
            except Fenced:
                return False
            db.session.commit()
            return True

    with ThreadPoolExecutor(2) as pool:
        is_cancelled, is_done = (one.result() for one in [pool.submit(cancel), pool.submit(finish)])
    assert is_cancelled is not is_done
    assert row(run.id).state == (JobState.CANCELLED if is_cancelled else JobState.COMPLETED)


WRITES: dict[str, Callable[[Toolbox, Run], object]] = {
    "report": lambda tools, run: background.report(tools, run, progress=50),
    "finish": lambda tools, run: background.finish(tools, run, {}),
    "fail": lambda tools, run: background.fail(tools, run, "No."),
    "again": lambda tools, run: background.again(tools, run, "Busy."),
    "look_again": lambda tools, run: background.look_again(tools, run, 1, {}),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_whoever_has_lost_the_claim_writes_nothing(
    tools: Toolbox, alice: User, clock: FakeClock, write: Callable[[Toolbox, Run], object]
) -> None:
    old = running(tools, alice)
    late(tools, clock)
    assert healing.heal(tools) == 1
    new = background.claim(tools, old.id, old.token + 1)
    assert new and new.attempts == 2
    with pytest.raises(Fenced):
        write(tools, old)
    assert not background.heartbeat(tools, old.id, old.token)
    assert not background.hand_back(tools, old.id, old.token)
    assert (row(old.id).state, row(old.id).run_token, row(old.id).progress) == (JobState.RUNNING, new.token, 0)


def test_what_is_reported_is_there_at_once(tools: Toolbox, alice: User) -> None:
    run = running(tools, alice)
    background.report(tools, run, progress=40, message="x" * 300, result={"parts": [1]})
    found = row(run.id)
    assert (found.progress, len(found.message or ""), found.result) == (40, background.LONGEST_MESSAGE, {"parts": [1]})


def test_a_job_that_is_done_stays_so(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    run = running(tools, alice)
    background.finish(tools, run, {"text": "Done."})
    db.session.commit()
    late(tools, clock)
    assert healing.heal(tools) == 0 and not background.cancel(tools, alice.id, run.id)
    assert background.heartbeat(tools, run.id, run.token), "its work-horse may put its things away"
    assert (row(run.id).state, row(run.id).progress, row(run.id).result) == (JobState.COMPLETED, 100, {"text": "Done."})


@both
def test_one_that_is_tried_again_waits_longer_each_time(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    job_id = begun(tools, alice)
    take_a_ticket(tools)
    pauses = []
    while True:
        run = background.claim(tools, job_id, row(job_id).run_token)
        assert run
        if not background.again(tools, run, "The provider is busy."):
            break
        db.session.commit()
        pauses.append(((row(job_id).due_at or clock.now()) - clock.now()).total_seconds())
        background.hand_out(tools, job_id)
        clock.advance(pauses[-1] - 0.1)
        assert healing.heal(tools) == 0 and waiting(tools) == [], "not before its time"
        clock.advance(0.2)
        assert healing.heal(tools) == 1
        take_a_ticket(tools)
        assert healing.heal(tools) == 0, "a worker is about to begin"
    assert [round(pause / 2**n) in {2, 3} for n, pause in enumerate(pauses)] == [True] * (background.MAX_ATTEMPTS - 1)


def test_nobody_is_asked_again_before_they_said(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    run = running(tools, alice)
    assert background.again(tools, run, "Too many requests.", retry_after=90)
    db.session.commit()
    assert row(run.id).due_at == clock.now() + timedelta(seconds=90)
    assert row(run.id).message == "Too many requests."


def test_looking_after_somebody_elses_work_is_no_attempt(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    job_id = begun(tools, alice)
    for _ in range(2 * background.MAX_ATTEMPTS):
        run = background.claim(tools, job_id, row(job_id).run_token)
        assert run and run.attempts == 1
        background.look_again(tools, run, 5, {"remote_id": "r-1"})
        db.session.commit()
        clock.advance(5)
        assert healing.heal(tools) >= 1
    assert row(job_id).result == {"remote_id": "r-1"}


def test_a_cancelled_job_is_never_begun(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    job_id = begun(tools, alice)
    assert background.cancel(tools, alice.id, job_id)
    db.session.commit()
    assert background.claim(tools, job_id, 1) is None
    late(tools, clock)
    assert healing.heal(tools) == 0
    assert row(job_id).state == JobState.CANCELLED


def test_one_that_waits_for_another_try_can_be_cancelled(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    run = running(tools, alice)
    background.again(tools, run, "Busy.")
    db.session.commit()
    assert background.cancel(tools, alice.id, run.id)
    db.session.commit()
    clock.advance(600)
    assert healing.heal(tools) == 0


def test_nobody_cancels_somebody_elses_job(tools: Toolbox, alice: User, bob: User) -> None:
    job_id = begun(tools, alice)
    assert not background.cancel(tools, bob.id, job_id)
    assert background.find(bob.id, job_id, "summary") is None
    assert background.find(alice.id, job_id, "chat") is None
    assert background.find(alice.id, job_id, "chat", "summary")


def test_a_run_that_is_handed_back_begins_anew_at_once_and_was_no_attempt(tools: Toolbox, alice: User) -> None:
    run = running(tools, alice)
    take_a_ticket(tools)
    assert background.hand_back(tools, run.id, run.token)
    assert waiting(tools) == [("summary", run.id, 2)]
    assert (row(run.id).state, row(run.id).attempts) == (JobState.QUEUED, 0)
