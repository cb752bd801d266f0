"""A provider that is away for a minute: every job completes, and hardly a call is made in vain."""

from collections.abc import Callable

import pytest

from tests import factories
from tests.fakes import FakeClock
from tests.providers import Stage, stage
from textor.domain.job_states import Status
from textor.errors import EngineError

__all__ = ["stage"]

OUTAGE_SECONDS = 60

Failure = Callable[[float], EngineError]


def unavailable(_left: float) -> EngineError:
    return EngineError("The provider is away (503).", retryable=True)


def too_many(_left: float) -> EngineError:
    return EngineError("Too many requests (429).", retryable=True)


def too_many_until(left: float) -> EngineError:
    return EngineError("Too many requests (429).", retryable=True, retry_after=left)


def too_many_for_a_moment(_left: float) -> EngineError:
    return EngineError("Too many requests (429).", retryable=True, retry_after=20)


def six_uploads(stage: Stage) -> list[str]:
    stage.provider.finished = {f"remote-{n}" for n in range(1, 7)}  # done at the first look
    return [stage.upload(owner=factories.user(f"User {n}").id) for n in range(6)]


def outage(stage: Stage, begin: float, failure: Failure) -> None:
    """From `begin` seconds on, every call fails for a minute."""
    first = stage.clock.now().timestamp() + begin

    def refuse(verb: str, job: str) -> None:
        left = first + OUTAGE_SECONDS - stage.clock.now().timestamp()
        if 0 < left <= OUTAGE_SECONDS:
            raise failure(left)

    stage.provider.before_call = refuse


def asking(stage: Stage) -> list[str]:
    return [verb for verb in stage.provider.calls if verb != "cancel"]


def test_without_an_outage_six_jobs_cost_six_starts_and_six_looks(stage: Stage) -> None:
    ids = six_uploads(stage)
    stage.until_over(60)
    assert {stage.row(row_id).status for row_id in ids} == {Status.COMPLETED}
    assert sorted(asking(stage)) == ["check"] * 6 + ["start"] * 6


@pytest.mark.parametrize("failure", [unavailable, too_many, too_many_until, too_many_for_a_moment])
@pytest.mark.parametrize("begin", [0, 3], ids=["before the starts", "before the looks"])
def test_six_jobs_complete_after_a_minute_without_their_provider(stage: Stage, failure: Failure, begin: float) -> None:
    outage(stage, begin, failure)
    ids = six_uploads(stage)
    seconds = stage.until_over(300, step=1)
    assert {stage.row(row_id).status for row_id in ids} == {Status.COMPLETED}
    assert len(asking(stage)) <= 18
    assert seconds <= 120
    assert len(stage.provider.heard) == 6  # each was taken on once


def test_retry_after_is_obeyed_to_the_second(stage: Stage, clock: FakeClock) -> None:
    times: list[float] = []

    def refuse(verb: str, job: str) -> None:
        times.append(clock.now().timestamp())
        if len(times) == 1:
            raise EngineError("Too many requests.", retryable=True, retry_after=37)

    stage.provider.before_call = refuse
    stage.upload()
    stage.until_over(100)
    assert 37 <= times[1] - times[0] < 38


def test_a_wrong_key_is_no_outage(stage: Stage) -> None:
    ids = six_uploads(stage)
    refused = iter(range(3))

    def refuse(verb: str, job: str) -> None:
        if next(refused, None) is not None:
            raise EngineError("The provider refuses the key (401).")

    stage.provider.before_call = refuse
    seconds = stage.until_over(60)
    states = [stage.row(row_id).status for row_id in ids]
    assert (states.count(Status.FAILED), states.count(Status.COMPLETED)) == (3, 3)
    assert seconds < 15
    assert {stage.row(row_id).error for row_id in ids} == {None, "The provider refuses the key (401)."}
