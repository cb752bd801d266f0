"""Refusals for length that come at the same time as everything else: nothing is lost, doubled or left behind."""

import math
from contextlib import suppress

import pytest
from sqlalchemy import update

from tests import factories
from tests.features.transcription.test_recutting import Picky, assert_covers, picky, taken, uploaded
from tests.providers import Stage, stage
from tests.waiting import until
from textor.adapters.stt.port import Capabilities
from textor.domain.job_states import Status
from textor.domain.transcript import Segment, Transcript
from textor.errors import Fenced, TooLong
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import control, planning, recutting
from textor.job_queue import attention, runs, slices
from textor.jobs import GuardedCrew
from textor.models import Slice

__all__ = ["picky", "stage"]

pytestmark = pytest.mark.both_databases


class Narrow(Picky):
    """Cut into many slices from the start."""

    capabilities = Capabilities(languages=None, max_seconds=7)


def test_slices_refused_one_after_the_other_all_end_up_short(stage: Stage, picky: Picky) -> None:
    """The second refusal comes under a claim that is over: the first has sent the transcription back."""
    row_id = uploaded(stage)
    crew, held = GuardedCrew(stage.tools), taken(stage)
    refusal = TooLong("Picky takes less at once.", seconds=6)
    assert len(held) == 2
    assert all(crew.failed(one, refusal) for one in held)
    assert stage.states(row_id) == ["waiting", "waiting"]
    stage.advance(row_id)
    assert_covers(stage, row_id, 6)
    stage.until_over(60)
    assert (stage.row(row_id).status, picky.refused) == (Status.COMPLETED, [])


def test_a_refusal_that_comes_after_the_new_plan_is_cut_up_as_well(stage: Stage, picky: Picky) -> None:
    row_id = uploaded(stage)
    crew, (first, second) = GuardedCrew(stage.tools), taken(stage)
    refusal = TooLong("Picky takes less at once.", seconds=6)
    crew.failed(first, refusal)
    stage.advance(row_id)
    crew.failed(second, refusal)
    stage.advance(row_id)
    assert_covers(stage, row_id, 6)
    stage.until_over(60)
    assert stage.row(row_id).status == Status.COMPLETED


def test_what_an_engine_takes_grows_no_more_by_a_late_refusal_of_a_longer_slice(stage: Stage, picky: Picky) -> None:
    row_id = uploaded(stage)
    crew, (first, second) = GuardedCrew(stage.tools), taken(stage)
    crew.failed(first, TooLong("Picky takes less at once.", seconds=6))
    stage.advance(row_id)
    crew.failed(second, TooLong("Picky takes less at once.", seconds=math.inf))
    stage.advance(row_id)
    assert_covers(stage, row_id, 6)


def test_a_text_that_comes_after_the_new_plan_is_kept(stage: Stage, picky: Picky) -> None:
    row_id = uploaded(stage)
    crew, (first, second) = GuardedCrew(stage.tools), taken(stage)
    crew.failed(first, TooLong("Picky takes less at once.", seconds=6))
    stage.advance(row_id)
    crew.heard(second, Transcript([Segment(second.start, second.end, "the late one")], language="en"))
    stage.until_over(60)
    row = stage.row(row_id)
    assert (row.status, (row.text or "").splitlines()[-1]) == (Status.COMPLETED, "the late one")
    assert max(picky.lengths) <= 6.1


def test_two_shifts_that_are_refused_many_slices_at_once_hear_each_piece_once(stage: Stage) -> None:
    picky = Narrow(accepted=5, takes=lambda seconds: seconds <= 5.1)
    stage.use(picky)
    stage.tools = stage.with_real_time()
    ids = [uploaded(stage, owner=factories.user(f"User {n}").id) for n in range(3)]

    def is_over() -> bool:
        for row_id in [row_id for row_id in ids if stage.row(row_id).status == Status.QUEUED]:
            with suppress(Fenced):  # as jobs.run does: a shift may be quicker, and have it planned anew already
                stage.advance(row_id)
        return stage.open_count() == 0

    with stage.real_shift(tools=stage.tools), stage.real_shift(tools=stage.tools):
        until(is_over, "all are over", 60)
    rows = [stage.row(row_id) for row_id in ids]
    assert {row.status for row in rows} == {Status.COMPLETED}
    assert picky.refused
    assert len(picky.lengths) == sum(len(library.segments(row)) for row in rows)


def test_a_shift_killed_before_it_wrote_the_refusal_costs_a_lease(stage: Stage, picky: Picky) -> None:
    row_id = uploaded(stage)
    for one in taken(stage):
        with pytest.raises(TooLong):
            GuardedCrew(stage.tools).ask(one)
    stage.until_over(120)
    assert stage.row(row_id).status == Status.COMPLETED


def test_what_a_shift_takes_in_hand_while_it_is_being_planned_stays(stage: Stage, picky: Picky) -> None:
    row_id = uploaded(stage)
    for one in taken(stage):
        GuardedCrew(stage.tools).failed(one, TooLong("Picky takes less at once.", seconds=6))
    row = stage.row(row_id)
    claim = runs.start(stage.tools, row_id, row.run_token)
    key, known = row.recording.storage_key, planning.slices_of(row.seq)
    first_end, one_id = known[0].end, known[0].id

    def take() -> None:
        db.session.execute(update(Slice).where(Slice.id == one_id).values(lease=5))
        db.session.commit()

    stage.elsewhere(take)()
    with stage.tools.storage.local_path(key) as path:
        assert claim and recutting.recut(stage.tools, claim, path, known)
    cut = stage.slices(row_id)
    assert (cut[0].end, cut[0].lease) == (first_end, 5)
    assert [one.n for one in cut] == list(range(len(cut)))
    assert len(cut) > 3


def test_nobody_takes_what_waits_before_it_is_planned_anew(stage: Stage, picky: Picky) -> None:
    row_id = uploaded(stage)
    refused = slices.take(stage.tools, attention.due(stage.tools, "picky", 1, starts=True))
    GuardedCrew(stage.tools).failed(refused[0], TooLong("Picky takes less at once.", seconds=6))
    assert stage.states(row_id) == ["waiting", "waiting"]
    runs.start(stage.tools, row_id, stage.row(row_id).run_token)
    assert taken(stage) == []


def test_a_plan_without_the_claim_changes_nothing(stage: Stage, picky: Picky) -> None:
    row_id = uploaded(stage)
    GuardedCrew(stage.tools).failed(taken(stage)[0], TooLong("Picky takes less at once.", seconds=6))
    row = stage.row(row_id)
    claim = runs.start(stage.tools, row_id, row.run_token)
    known = planning.slices_of(row.seq)
    stage.elsewhere(lambda: control.cancel(stage.tools, stage.owner_id, row_id))()
    with stage.tools.storage.local_path(row.recording.storage_key) as path, pytest.raises(Fenced):
        assert claim and recutting.recut(stage.tools, claim, path, known)
    assert len(stage.slices(row_id)) == 2


def test_a_refusal_that_comes_after_a_cancel_changes_nothing(stage: Stage, picky: Picky) -> None:
    row_id = uploaded(stage)
    cancel = stage.elsewhere(lambda: control.cancel(stage.tools, stage.owner_id, row_id))
    (held, _) = taken(stage)
    cancel()
    with pytest.raises(Fenced):
        GuardedCrew(stage.tools).failed(held, TooLong("Picky takes less at once.", seconds=6))
    assert (stage.row(row_id).status, stage.states(row_id)) == (Status.CANCELLED, ["waiting", "waiting"])
    assert stage.row(row_id).details == {}
