"""Deleting and trying again at the same moment, from two tabs: whatever the order, what is deleted does not run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import pytest

from tests import factories
from tests.fakes import FakeClock
from textor.domain.job_states import Status
from textor.errors import WrongState
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import control
from textor.job_queue import lanes
from textor.models import Transcription, User
from textor.toolbox import Clock, Toolbox

pytestmark = pytest.mark.both_databases


@dataclass
class Interrupted(Clock):
    """Another process does something just before somebody here first asks for the time."""

    clock: FakeClock
    happens: list[Callable[[], object]]

    def now(self) -> datetime:
        while self.happens:
            self.happens.pop()()
        return self.clock.now()


def hidden(row: Transcription) -> bool:
    db.session.refresh(row)
    return row.deleted_at is not None


def test_a_retry_that_comes_before_the_hiding_is_stopped(alice: User, tools: Toolbox, clock: FakeClock) -> None:
    row = factories.transcription(alice, status=Status.FAILED)
    other_tab: list[Callable[[], object]] = [lambda: control.retry(tools, alice.id, row.id)]
    library.delete(replace(tools, clock=Interrupted(clock, other_tab)), alice.id, row.id)
    assert hidden(row) and row.status == Status.CANCELLED


def test_a_retry_that_comes_after_the_hiding_is_refused(alice: User, tools: Toolbox, clock: FakeClock) -> None:
    row = factories.transcription(alice, status=Status.FAILED)
    other_tab: list[Callable[[], object]] = [lambda: library.delete(tools, alice.id, row.id)]
    with pytest.raises(WrongState):
        control.retry(replace(tools, clock=Interrupted(clock, other_tab)), alice.id, row.id)
    assert hidden(row) and row.status == Status.FAILED


def test_what_is_deleted_waits_for_no_turn(alice: User, tools: Toolbox) -> None:
    row = factories.transcription(alice, status=Status.COMPLETED, deleted_at=factories.NOW)
    assert not lanes.requeue(tools, row.id)
    assert hidden(row) and row.status == Status.COMPLETED
