"""The shift at work, in threads and real time: what wakes it, what ends it, what it holds on to, what it does without."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from tests import factories, shifts
from tests.fakes import prompt_engine, remote_engine
from tests.providers import Stage, stage
from tests.waiting import until
from textor.domain.job_states import Status
from textor.domain.transcript import Transcript
from textor.extensions import db
from textor.features.transcription import remote
from textor.job_queue import settling, shift, slices, tickets
from textor.job_queue.crew import Terms
from textor.jobs import GuardedCrew
from textor.models import Slice
from textor.toolbox import Toolbox

__all__ = ["stage"]

QUICK = Terms(run_seconds=60, idle_seconds=60, drain_seconds=2, callback_pause_seconds=60)


@pytest.fixture
def now(stage: Stage) -> Stage:
    """The stage on the machine's clock."""
    stage.tools = stage.with_real_time()
    return stage


def states() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Slice.state).order_by(Slice.id)))


def due_at() -> datetime:
    db.session.rollback()
    return db.session.scalars(select(Slice.due_at)).one() or datetime.min.replace(tzinfo=UTC)


def is_over(stage: Stage) -> bool:
    return stage.open_count() == 0


def wait(gate: threading.Event) -> None:
    gate.wait(60)


def slowly(stage: Stage, verb: str) -> threading.Event:
    """Calls of that verb wait for the event."""
    gate = threading.Event()
    stage.provider.before_call = lambda called, job: wait(gate) if called == verb else None
    return gate


def test_a_callback_is_followed_by_a_look_within_half_a_second(now: Stage) -> None:
    engine = remote_engine("calling", callbacks=True)
    engine.finished = set()
    now.use(engine, public_url="https://textor.example")
    now.upload(engine="calling")
    with now.real_shift(QUICK):
        until(lambda: states() == ["remote"], "the provider has it", 10)
        (slice_id,) = db.session.scalars(select(Slice.id)).all()
        engine.finished = {"remote-1"}
        began = time.monotonic()
        proof = remote._proof(now.tools, slice_id, "path")
        assert remote.called_back(now.tools, slice_id, proof, remote.secret(now.tools, slice_id))
        until(lambda: engine.asked, "the provider was asked", 10)
        assert time.monotonic() - began < 0.5
        until(lambda: is_over(now), "it is over", 10)


def test_a_hand_over_is_taken_on_at_once(now: Stage) -> None:
    with now.real_shift(replace(QUICK, tick_seconds=5)):
        until(lambda: now.tools.redis.zcard(shift.ALIVE_KEY), "the shift is at work", 10)
        began = time.monotonic()
        now.upload()
        until(lambda: now.provider.heard, "the provider was asked", 10)
        assert time.monotonic() - began < 4


def test_leases_are_kept_while_a_provider_takes_its_time_to_answer(now: Stage) -> None:
    now.use(lease_seconds=2)
    gate = slowly(now, "start")
    now.upload()
    with now.real_shift(QUICK):
        until(lambda: states() == ["starting"], "it is being asked for", 10)
        first = due_at()
        with now.real_shift(QUICK):  # a second would take it
            until(lambda: due_at() > first + timedelta(seconds=3), "the lease was pushed ahead", 20)
        gate.set()
        until(lambda: is_over(now), "it is over", 30)
    assert now.provider.calls.count("start") == 1


def test_a_stop_waits_for_calls_under_way_and_begins_nothing_new(now: Stage) -> None:
    gate = slowly(now, "start")
    now.upload()
    with now.real_shift(replace(QUICK, drain_seconds=30)) as one:
        until(lambda: now.provider.calls, "it is being asked for", 10)
        one.stop()
        now.upload(owner=factories.user("Bob").id)
        gate.set()
        until(lambda: states()[0] == "remote", "the answer is kept", 10)
    assert states() == ["remote", "waiting"]


def test_a_stop_ends_in_bounded_time_though_a_provider_never_answers(now: Stage) -> None:
    gate = slowly(now, "start")
    now.upload()
    with now.real_shift(replace(QUICK, drain_seconds=0.5)):
        until(lambda: now.provider.calls, "it is being asked for", 10)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert states() == ["starting"]
    gate.set()


def test_a_call_that_outlasts_a_stop_and_has_no_number_is_told_of(now: Stage, caplog: pytest.LogCaptureFixture) -> None:
    gate, engine = threading.Event(), prompt_engine()
    engine.before_each = lambda _n: wait(gate)
    now.use(engine)
    now.upload(engine="prompt")
    with now.real_shift(replace(QUICK, drain_seconds=0.2)):
        until(lambda: engine.heard, "it is under way", 10)
    gate.set()
    assert "prompt took longer over slice 1 (12 s) than a stop waits (0.2 s)" in caplog.text
    assert "may be charged twice" in caplog.text


def test_looks_that_a_stop_cut_off_are_due_at_once(now: Stage) -> None:
    gate = slowly(now, "check")
    now.provider.poll_seconds = 0.01
    now.upload()
    with now.real_shift(replace(QUICK, drain_seconds=0.2)):
        until(lambda: "check" in now.provider.calls, "it is looked at", 10)
    assert due_at() <= datetime.now(UTC)
    gate.set()


@pytest.mark.parametrize("terms", [Terms(run_seconds=0.3, idle_seconds=60), Terms(run_seconds=60, idle_seconds=0.3)])
def test_a_shift_ends_after_its_time_or_when_there_is_nothing_to_do(now: Stage, terms: Terms) -> None:
    began = time.monotonic()
    shifts.work(now.tools, terms)
    assert time.monotonic() - began < 10


def test_a_shift_that_never_comes_to_rest_begins_nothing_more_after_its_longest_time(now: Stage) -> None:
    now.provider.poll_seconds, now.provider.finished = 0.01, set()
    now.upload()
    thread = threading.Thread(target=now.elsewhere(lambda: shifts.work(now.tools, Terms(run_seconds=0, longest_seconds=1))))
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert states() == ["remote"]


def test_the_database_away_loses_no_answer(now: Stage) -> None:
    """It goes while a provider takes a job on: the id is committed when it is back, and nobody is asked again."""
    is_away, tries = threading.Event(), []

    def refuse(*_: object) -> None:
        if is_away.is_set() and threading.current_thread().name == "shift":
            tries.append(time.monotonic())
            raise OperationalError("UPDATE", None, ConnectionError("away"))

    event.listen(db.engine, "before_cursor_execute", refuse)
    now.provider.before_call = lambda verb, job: is_away.set() if verb == "start" else None
    now.provider.poll_seconds = 0.01
    now.upload()
    with now.real_shift(QUICK):
        until(lambda: len(tries) >= 5, "the database was tried again", 20)
        assert tries[4] - tries[0] > 0.9  # no busy loop; the first may be the reconciler's, after which nobody waits
        assert states() == ["starting"]
        is_away.clear()
        until(lambda: is_over(now), "it is over", 30)
    assert now.provider.calls.count("start") == 1


@dataclass(frozen=True, slots=True)
class RefusedCrew(GuardedCrew):
    """What one slice has heard is more than the database takes."""

    refused_id: int

    def heard(self, one: slices.Taken, transcript: Transcript) -> None:
        if one.id == self.refused_id:
            raise OperationalError("UPDATE", None, ValueError("packet too large"))
        GuardedCrew.heard(self, one, transcript)

    def heard_many(self, found: Sequence[tuple[slices.Taken, Transcript]]) -> set[int]:
        if any(one.id == self.refused_id for one, _ in found):
            raise OperationalError("UPDATE", None, ValueError("packet too large"))
        return GuardedCrew.heard_many(self, found)


def test_an_answer_that_the_database_refuses_fails_its_transcription_and_no_other(now: Stage) -> None:
    now.provider.poll_seconds = 0.01
    refused, other = now.upload(), now.upload(owner=factories.user("Bob").id)
    with now.real_shift(QUICK, crew=RefusedCrew(now.tools, now.slices(refused)[0].id)):
        until(lambda: is_over(now), "both are over", 30)
    assert (now.row(refused).status, now.row(refused).error) == (Status.FAILED, settling.BROKEN)
    assert now.row(other).status == Status.COMPLETED


def test_redis_away_polling_goes_on_and_the_shift_outlasts_its_time(now: Stage, away: Toolbox) -> None:
    now.provider.poll_seconds, now.provider.finished = 0.05, set()
    ids = [now.upload(), now.upload(owner=factories.user("Bob").id)]
    without = replace(now.tools, redis=away.redis)
    with now.real_shift(Terms(run_seconds=0, idle_seconds=0, drain_seconds=2, tick_seconds=0.05), without):
        until(lambda: len(now.provider.asked) >= 6, "both are looked at again and again", 30)
        now.provider.finished = {"remote-1", "remote-2", "remote-3"}
        until(lambda: is_over(now), "both are over", 30)
        ids.append(now.upload(owner=factories.user("Carol").id))
        until(lambda: is_over(now), "one that came meanwhile is over", 30)
    assert {now.row(row_id).status for row_id in ids} == {Status.COMPLETED}


def test_a_shift_does_not_wait_long_for_a_redis_that_hangs(stage: Stage) -> None:
    options = shift.impatient(stage.tools).redis.connection_pool.connection_kwargs
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (1.0, 1.0)


def test_a_provider_that_hangs_leaves_threads_to_the_others(now: Stage) -> None:
    hanging, gate = remote_engine("hanging"), threading.Event()
    hanging.before_call = lambda verb, job: wait(gate)
    now.use(hanging)
    for n in range(6):
        now.upload(owner=factories.user(f"User {n}").id, engine="hanging")
    last = now.upload()
    now.provider.poll_seconds = 0.01
    with now.real_shift(replace(QUICK, start_threads=3, poll_threads=3, most_of_one=2, drain_seconds=0.2)):
        until(lambda: now.row(last).status == Status.COMPLETED, "the other provider's is done", 20)
        assert len(hanging.calls) == 2
    gate.set()


def test_a_provider_at_its_limit_keeps_no_other_waiting(stage: Stage) -> None:
    full = remote_engine("full", max_in_flight=1)
    full.finished = set()
    stage.use(full)
    for n in range(60):
        stage.upload(owner=factories.user(f"User {n}").id, engine="full")
    last = stage.upload()
    stage.until_over(20)
    assert stage.row(last).status == Status.COMPLETED
    assert len(full.heard) == 1


def test_two_shifts_never_fill_a_providers_last_place_twice(now: Stage) -> None:
    engine = remote_engine("narrow", max_in_flight=2)
    engine.poll_seconds, engine.finished = 0.02, {f"remote-{n}" for n in range(1, 20)}
    now.use(engine)
    for n in range(10):
        now.upload(owner=factories.user(f"User {n}").id, engine="narrow")
    counts = []
    with now.real_shift(QUICK), now.real_shift(QUICK):
        while not is_over(now):
            counts.append(slices.in_flight(now.tools).get("narrow", 0))
    assert max(counts) == 2


def test_while_one_shift_counts_the_places_of_a_provider_no_other_does(stage: Stage) -> None:
    engine = remote_engine("narrow", max_in_flight=2)
    stage.use(engine)
    stage.upload(engine="narrow")
    counting = stage.tools.redis.lock("textor:shift:choosing:narrow", timeout=60)
    assert counting.acquire(blocking=False)
    stage.shift()
    assert engine.heard == []
    counting.release()
    stage.shift()
    assert len(engine.heard) == 1


def test_one_ticket_is_handed_out_while_nobody_has_the_shift(stage: Stage) -> None:
    def waiting() -> int:
        return len(tickets.waiting(stage.tools, shift.QUEUE))

    shift.ensure(stage.tools)
    assert waiting() == 0  # there is nothing to do
    stage.upload()
    for _ in range(3):
        shift.ensure(stage.tools)
    assert waiting() == 1
    stage.tools.redis.flushdb()
    stage.tools.redis.zadd(shift.ALIVE_KEY, {"another": stage.clock.now().timestamp() + 5})
    shift.ensure(stage.tools)
    assert waiting() == 0
    stage.clock.advance(6)
    shift.ensure(stage.tools)
    assert waiting() == 1
