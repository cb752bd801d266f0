"""Breakers: who may call a provider that fails, and when."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.fakes import FakeClock, remote_engine
from textor import toolbox
from textor.errors import EngineError
from textor.job_queue import breakers
from textor.job_queue.settling import Reports
from textor.toolbox import Toolbox

NAME = "fake_remote"


def open_by_two_failures(tools: Toolbox) -> None:
    breakers.failed(tools, NAME, 2, None, "Away.")


def pause(tools: Toolbox) -> float:
    return breakers.admit(tools, NAME, 1, 0).wait_seconds


def test_a_provider_nobody_has_heard_from_gets_two_calls_at_once(tools: Toolbox) -> None:
    assert breakers.admit(tools, NAME, 10, 0) == breakers.Admission(2)
    assert breakers.admit(tools, NAME, 10, 1) == breakers.Admission(1)
    assert breakers.admit(tools, NAME, 10, 2) == breakers.Admission(0)


def test_the_window_grows_with_every_call_that_works(tools: Toolbox) -> None:
    breakers.worked(tools, NAME, 2)
    assert breakers.admit(tools, NAME, 100, 0).count == 4
    breakers.worked(tools, NAME, 4)
    assert breakers.admit(tools, NAME, 100, 0).count == 8


def test_after_a_failure_one_call_goes_at_a_time_and_the_window_begins_anew(tools: Toolbox) -> None:
    breakers.worked(tools, NAME, 30)
    breakers.failed(tools, NAME, 1, None, "Away.")
    assert [breakers.admit(tools, NAME, 100, busy).count for busy in (0, 1)] == [1, 0]
    breakers.worked(tools, NAME, 1)
    assert breakers.admit(tools, NAME, 100, 0).count == 3


def test_a_provider_that_was_not_heard_for_a_while_is_met_by_two_first(tools: Toolbox, clock: FakeClock) -> None:
    breakers.worked(tools, NAME, 30)
    clock.advance(1.9)
    assert breakers.admit(tools, NAME, 100, 0).count == 32
    clock.advance(0.2)
    assert breakers.admit(tools, NAME, 100, 0).count == 2
    breakers.worked(tools, NAME, 1)
    assert breakers.admit(tools, NAME, 100, 0).count == 33


def test_the_window_has_an_end(tools: Toolbox) -> None:
    breakers.worked(tools, NAME, 1_000_000)
    assert breakers.admit(tools, NAME, 1_000_000, 0).count == breakers.LARGEST_WINDOW


def test_one_failure_leaves_it_closed_and_two_in_a_row_open_it(tools: Toolbox) -> None:
    breakers.failed(tools, NAME, 1, None, "Away.")
    assert not breakers.is_open(tools, NAME)
    breakers.worked(tools, NAME, 1)
    breakers.failed(tools, NAME, 1, None, "Away.")
    assert not breakers.is_open(tools, NAME)
    breakers.failed(tools, NAME, 1, None, "Away.")
    assert breakers.is_open(tools, NAME)
    assert breakers.last_error(tools, NAME) == "Away."


def test_the_pause_is_jittered_and_doubles_up_to_half_a_minute(tools: Toolbox, clock: FakeClock) -> None:
    open_by_two_failures(tools)
    pauses = []
    for _ in range(6):
        pauses.append(pause(tools))
        clock.advance(pauses[-1])
        assert breakers.admit(tools, NAME, 5, 0).count == 1
        breakers.failed(tools, NAME, 1, None, "Still away.")
    for seconds, least in zip(pauses, (4, 8, 16, 30, 30, 30), strict=True):
        assert least <= seconds <= least * 1.2


def test_pauses_differ_so_that_processes_do_not_come_back_together(tools: Toolbox) -> None:
    pauses = set()
    for _ in range(8):
        tools.redis.flushdb()
        open_by_two_failures(tools)
        pauses.add(pause(tools))
    assert len(pauses) > 1


def test_retry_after_is_obeyed_exactly_by_a_single_failure(tools: Toolbox, clock: FakeClock) -> None:
    breakers.failed(tools, NAME, 1, 41.5, "Too many.")
    assert breakers.admit(tools, NAME, 5, 0) == breakers.Admission(0, 41.5)
    clock.advance(41.4)
    assert breakers.admit(tools, NAME, 5, 0).count == 0
    clock.advance(0.1)
    assert breakers.admit(tools, NAME, 5, 0).count == 1


def test_after_the_pause_one_probe_goes_and_its_success_opens_the_way(tools: Toolbox, clock: FakeClock) -> None:
    open_by_two_failures(tools)
    clock.advance(pause(tools))
    assert [breakers.admit(tools, NAME, 5, 0).count for _ in range(3)] == [1, 0, 0]
    breakers.worked(tools, NAME, 1)
    assert breakers.admit(tools, NAME, 5, 0).count == 3
    assert not breakers.is_open(tools, NAME)


def test_a_probe_that_never_reports_keeps_others_away_for_half_a_minute(tools: Toolbox, clock: FakeClock) -> None:
    open_by_two_failures(tools)
    clock.advance(pause(tools))
    assert breakers.admit(tools, NAME, 1, 0).count == 1
    clock.advance(29.9)
    assert breakers.admit(tools, NAME, 1, 0).count == 0
    clock.advance(0.2)
    assert breakers.admit(tools, NAME, 1, 0).count == 1


def test_an_answer_to_a_call_from_before_does_not_close_it(tools: Toolbox) -> None:
    open_by_two_failures(tools)
    breakers.worked(tools, NAME, 5)
    assert breakers.is_open(tools, NAME)


def test_all_processes_share_a_breaker(tools: Toolbox) -> None:
    other = replace(tools, redis=toolbox.connect_redis(tools.settings.redis_url))
    open_by_two_failures(tools)
    assert breakers.is_open(other, NAME)
    assert breakers.admit(other, NAME, 5, 0).count == 0


def test_each_provider_has_a_breaker_of_its_own(tools: Toolbox) -> None:
    open_by_two_failures(tools)
    assert breakers.admit(tools, "assemblyai", 1, 0).count == 1


def test_redis_away_calls_go_through_and_nothing_breaks(away: Toolbox) -> None:
    breakers.failed(away, NAME, 2, None, "Away.")
    breakers.worked(away, NAME, 2)
    assert breakers.admit(away, NAME, 7, 3) == breakers.Admission(7)
    assert (breakers.is_open(away, NAME), breakers.last_error(away, NAME)) == (False, "")


def test_an_operator_sees_what_each_breaker_has_to_say(tools: Toolbox) -> None:
    other = replace(tools, engines={**tools.engines, "calm": remote_engine("calm")})
    breakers.worked(other, "calm", 3)
    breakers.failed(other, NAME, 1, 60, "Too many.")
    calm, away = breakers.states(other)
    assert (calm.engine, calm.window, calm.is_open, calm.error) == ("calm", 5, False, None)
    assert (away.engine, away.is_open, away.waits_seconds, away.error) == (NAME, True, 60, "Too many.")


@pytest.mark.parametrize(
    ("answers", "is_open"),
    [
        ([EngineError("Away.", retryable=True)] * 2, True),
        ([EngineError("No such key.")] * 9, False),
        ([EngineError("Away.", retryable=True)] * 2 + [None] * 5, False),
        ([EngineError("Too many.", retryable=True, retry_after=9)] + [None] * 5, True),
    ],
    ids=["all fail", "final errors", "most work", "one names a time"],
)
def test_a_round_of_calls_says_how_a_provider_is(tools: Toolbox, answers: list[EngineError | None], is_open: bool) -> None:
    reports = Reports()
    for answer in answers:
        reports.add(NAME, answer)
    reports.send(tools)
    assert breakers.is_open(tools, NAME) is is_open


def lost() -> EngineError:
    from textor.errors import JobLost

    return JobLost("Gone.", retryable=True)


def our_own() -> EngineError:
    from textor.errors import NotAsked

    return NotAsked("The store is away.", retryable=True)


@pytest.mark.parametrize("error", [lost, our_own])
def test_what_is_no_fault_of_the_provider_opens_nothing(tools: Toolbox, error: Callable[[], EngineError]) -> None:
    for _ in range(5):
        reports = Reports()
        reports.add(NAME, error())
        reports.send(tools)
    assert not breakers.is_open(tools, NAME)
