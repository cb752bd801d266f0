"""The states of a transcription and the ways between them."""

import pytest

from textor.domain.job_states import ACTIVE, DONE, FINAL, OPEN, Status, may_follow


def test_every_state_is_either_open_or_final() -> None:
    assert set(Status) == OPEN | FINAL
    assert not OPEN & FINAL


def test_what_is_active_is_open_and_what_is_done_is_final() -> None:
    assert ACTIVE < OPEN
    assert DONE < FINAL


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Status.PENDING, Status.QUEUED),
        (Status.QUEUED, Status.PROCESSING),
        (Status.PROCESSING, Status.COMPLETED),
        (Status.PROCESSING, Status.PARTIAL),
        (Status.PROCESSING, Status.FAILED),
        (Status.PROCESSING, Status.PENDING),
        (Status.QUEUED, Status.PENDING),
        (Status.FAILED, Status.PENDING),
    ],
)
def test_the_ways_of_the_lane_are_open(before: Status, after: Status) -> None:
    assert may_follow(before, after)


@pytest.mark.parametrize("before", sorted(OPEN))
def test_whatever_is_open_can_be_cancelled(before: Status) -> None:
    assert may_follow(before, Status.CANCELLED)


@pytest.mark.parametrize("before", sorted(FINAL))
def test_what_is_final_leaves_only_by_a_retry(before: Status) -> None:
    assert {after for after in Status if may_follow(before, after)} == {Status.PENDING}


# PARTIAL: missing parts that waited to be tried again, and were cancelled
@pytest.mark.parametrize("after", sorted(set(Status) - {Status.QUEUED, Status.CANCELLED, Status.PARTIAL}))
def test_nothing_pending_skips_the_queue(after: Status) -> None:
    assert not may_follow(Status.PENDING, after)
