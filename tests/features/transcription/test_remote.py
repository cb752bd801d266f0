"""A recording at a provider: submitted once, looked at until it is done, whatever happens on the way."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from tests import factories
from tests.providers import Stage, stage
from tests.waiting import until
from textor.domain.job_states import Status
from textor.domain.transcript import Transcript
from textor.errors import NotFound
from textor.extensions import db
from textor.features.recordings import library, removing
from textor.features.transcription import control
from textor.job_queue import attention, reconciler, runs, slices
from textor.job_queue.slices import Taken
from textor.jobs import GuardedCrew
from textor.models import Discard, SegmentRow, Slice, Transcription

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases

ENGINE = "fake_remote"


def taken(stage: Stage, *, starts: bool) -> list[Taken]:
    """What a shift that is killed at once has in hand."""
    return slices.take(stage.tools, attention.due(stage.tools, ENGINE, 9, starts=starts))


def test_a_job_is_submitted_once_and_looked_at_until_it_is_done(stage: Stage) -> None:
    row_id = stage.upload()
    stage.shift()
    assert [(one.state, one.remote_id) for one in stage.slices(row_id)] == [("remote", "remote-1")]
    stage.shift(6)
    assert stage.row(row_id).status == Status.PROCESSING
    stage.shift(6)
    row = stage.row(row_id)
    assert (row.status, row.text, row.remote_id) == (Status.COMPLETED, "hello there\ngeneral", "remote-1")
    assert (stage.provider.asked, len(stage.provider.heard)) == (["remote-1", "remote-1"], 1)
    assert [segment.text for segment in library.segments(row)] == ["hello there", "general"]


def test_the_providers_copy_is_deleted_once_the_text_is_kept(stage: Stage) -> None:
    row_id = stage.upload()
    stage.until_over(60)
    stage.shift(1)
    assert stage.provider.cancelled == ["remote-1"]
    assert (stage.slices(row_id), db.session.scalars(select(Discard)).all()) == ([], [])


def test_nobody_looks_before_the_providers_id_is_committed(stage: Stage) -> None:
    """Another connection sees the id when the first look is under way."""
    seen: list[str | None] = []
    row_id = stage.upload()

    def look() -> None:
        seen.extend(one.remote_id for one in stage.slices(row_id))

    stage.provider.before_call = lambda verb, job: stage.elsewhere(look)() if verb == "check" else None
    stage.until_over(60)
    assert seen == ["remote-1", "remote-1"]


def test_a_shift_killed_while_it_starts_a_job_costs_exactly_that_call(stage: Stage) -> None:
    row_id = stage.upload()
    GuardedCrew(stage.tools).ask(taken(stage, starts=True)[0])  # and then the kill: nobody writes the answer
    stage.shift(stage.tools.settings.lease_seconds - 1)
    assert len(stage.provider.heard) == 1
    stage.shift(1)
    assert [(one.remote_id, one.attempts) for one in stage.slices(row_id)] == [("remote-2", 2)]
    stage.until_over(60)
    assert (stage.row(row_id).status, len(stage.provider.heard)) == (Status.COMPLETED, 2)


def test_a_shift_killed_while_it_looks_delays_by_a_lease_and_starts_nothing_again(stage: Stage) -> None:
    row_id = stage.upload()
    stage.shift()
    stage.clock.advance(6)
    assert len(taken(stage, starts=False)) == 1
    stage.shift(stage.tools.settings.lease_seconds - 1)
    assert stage.provider.asked == []
    stage.shift(1)
    assert stage.provider.asked == ["remote-1"]
    stage.until_over(60)
    assert (stage.row(row_id).status, len(stage.provider.heard)) == (Status.COMPLETED, 1)


def test_two_shifts_at_once_never_ask_twice(stage: Stage) -> None:
    ids = [stage.upload(owner=factories.user(f"User {n}").id) for n in range(12)]
    stage.provider.finished = {f"remote-{n}" for n in range(1, 13)}
    stage.provider.poll_seconds = 0.05
    db.session.execute(update(Slice).values(due_at=datetime.now(UTC)))
    db.session.commit()
    db.session.remove()
    tools = stage.with_real_time()
    with stage.real_shift(tools=tools), stage.real_shift(tools=tools):
        until(lambda: stage.open_count() == 0, "all are over", 30)
    assert {stage.row(row_id).status for row_id in ids} == {Status.COMPLETED}
    assert sorted(verb for verb in stage.provider.calls if verb != "cancel") == ["check"] * 12 + ["start"] * 12


def test_an_answer_that_comes_after_a_cancel_is_discarded_and_its_job_deleted(stage: Stage) -> None:
    row_id = stage.upload()
    cancel = stage.elsewhere(lambda: control.cancel(stage.tools, stage.owner_id, row_id))
    stage.provider.before_call = lambda verb, job: cancel() if verb == "start" else None
    stage.shift()
    assert (stage.row(row_id).status, stage.states(row_id)) == (Status.CANCELLED, ["waiting"])
    stage.shift(60)
    assert (stage.provider.asked, stage.provider.cancelled) == ([], ["remote-1"])


def test_a_transcript_that_comes_after_a_cancel_is_not_kept(stage: Stage) -> None:
    row_id = stage.upload()
    stage.shift()
    cancel = stage.elsewhere(lambda: control.cancel(stage.tools, stage.owner_id, row_id))
    stage.provider.finished = {"remote-1"}
    stage.provider.before_call = lambda verb, job: cancel() if verb == "check" else None
    stage.shift(6)
    row = stage.row(row_id)
    assert (row.status, row.text, stage.states(row_id)) == (Status.CANCELLED, None, ["waiting"])
    stage.shift(1)
    assert stage.provider.cancelled == ["remote-1"]


def at_hand_over(stage: Stage) -> None:
    """Nothing was asked yet."""


def while_starting(stage: Stage) -> None:
    taken(stage, starts=True)


def with_the_provider(stage: Stage) -> None:
    stage.shift()


def over(stage: Stage) -> None:
    stage.until_over(60)


STATES = [at_hand_over, while_starting, with_the_provider, over]


@pytest.mark.parametrize("reach", STATES)
def test_deleting_works_in_every_state_and_leaves_nothing_behind(stage: Stage, reach: Callable[[Stage], None]) -> None:
    row_id = stage.upload()
    key = stage.row(row_id).recording.storage_key
    reach(stage)
    stage.elsewhere(lambda: library.delete(stage.tools, stage.owner_id, row_id))()
    stage.shift(stage.tools.settings.undo_seconds + 1)
    assert library.purge(stage.tools) == 1
    stage.shift(1)
    assert sorted(stage.provider.cancelled) == [f"remote-{n + 1}" for n in range(len(stage.provider.heard))]
    for model in (Transcription, Slice, Discard, SegmentRow):
        assert db.session.scalars(select(model)).all() == []
    with pytest.raises(NotFound):
        stage.tools.storage.size(key)


@pytest.mark.parametrize("reach", STATES[1:3])
def test_deleting_for_good_while_a_provider_is_at_it_brings_nothing_back(stage: Stage, reach: Callable[[Stage], None]) -> None:
    row_id = stage.upload()
    reach(stage)
    stage.elsewhere(lambda: removing.remove(stage.tools, stage.owner_id, row_id))()
    stage.shift(60)
    assert sorted(stage.provider.cancelled) == [f"remote-{n + 1}" for n in range(len(stage.provider.heard))]
    for model in (Transcription, Slice, Discard, SegmentRow):
        assert db.session.scalars(select(model)).all() == []


@pytest.mark.parametrize("reach", STATES[:3])
def test_one_that_was_cancelled_in_any_state_runs_when_it_is_tried_again(stage: Stage, reach: Callable[[Stage], None]) -> None:
    row_id = stage.upload()
    reach(stage)
    stage.elsewhere(lambda: control.cancel(stage.tools, stage.owner_id, row_id))()
    stage.elsewhere(lambda: control.retry(stage.tools, stage.owner_id, row_id))()
    stage.advance(row_id)
    stage.until_over(60)
    row = stage.row(row_id)
    assert (row.status, row.text) == (Status.COMPLETED, "hello there\ngeneral")


def test_a_provider_can_be_let_keep_its_copy_until_the_user_deletes(stage: Stage) -> None:
    stage.use(delete_at_provider=False)
    row_id = stage.upload()
    stage.until_over(60)
    stage.shift(60)
    assert (stage.row(row_id).status, stage.provider.cancelled) == (Status.COMPLETED, [])
    library.delete(stage.tools, stage.owner_id, row_id)
    stage.clock.advance(stage.tools.settings.undo_seconds + 1)
    library.purge(stage.tools)
    stage.shift(1)
    assert stage.provider.cancelled == ["remote-1"]


def test_a_run_whose_worker_was_lost_for_good_leaves_nothing_with_the_provider(stage: Stage) -> None:
    row_id = stage.upload()
    stage.shift()
    db.session.execute(update(Transcription).values(is_with_shift=False, attempts=stage.tools.settings.max_attempts))
    db.session.commit()
    stage.clock.advance(60)
    reconciler.reconcile(stage.tools)
    assert (stage.row(row_id).status, stage.states(row_id)) == (Status.FAILED, ["waiting"])
    stage.shift(1)
    assert stage.provider.cancelled == ["remote-1"]


def test_an_answer_that_lands_after_its_run_was_taken_up_anew_is_kept_and_ends_that(stage: Stage) -> None:
    row_id = stage.upload()
    stage.shift()
    stage.provider.finished = {"remote-1"}
    stage.clock.advance(6)
    (late,) = taken(stage, starts=False)
    heard = GuardedCrew(stage.tools).ask(late)
    assert runs.reclaim(stage.tools, row_id, late.claim.token, stage.row(row_id).heartbeat_at)
    stage.advance(row_id)
    assert isinstance(heard, Transcript)
    GuardedCrew(stage.tools).heard(late, heard)
    assert (stage.row(row_id).status, len(stage.provider.heard)) == (Status.COMPLETED, 1)
