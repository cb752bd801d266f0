"""What becomes of slices when their transcription is stopped."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from apiflask import APIFlask
from sqlalchemy import select, update

from tests import factories
from tests.waiting import is_waited_for, until
from textor.domain.job_states import Status
from textor.extensions import db
from textor.job_queue import lanes
from textor.models import Discard, Slice, User
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases


def half_done(owner: User) -> str:
    """One slice was heard, the other is with the provider."""
    row = factories.transcription(owner, status=Status.PROCESSING, active_for=owner.id, engine="fake_remote", is_with_shift=True)
    same = {"transcription_seq": row.seq, "engine": "fake_remote"}
    heard = Slice(n=0, start=0.0, end=1.0, state=SliceState.COMPLETED, remote_id="heard", result={"segments": []}, **same)
    db.session.add_all([heard, Slice(n=1, start=1.0, end=2.0, state=SliceState.REMOTE, remote_id="under way", **same)])
    db.session.commit()
    return row.id


def test_a_cancelled_transcriptions_finished_slices_are_deleted_at_the_provider_and_kept_here(
    tools: Toolbox, alice: User
) -> None:
    lanes.cancel(tools, half_done(alice))
    assert set(db.session.scalars(select(Discard.remote_id))) == {"heard", "under way"}
    slices = db.session.scalars(select(Slice).order_by(Slice.n)).all()
    assert [(one.state, one.remote_id, bool(one.result)) for one in slices] == [
        ("completed", None, True),
        ("waiting", None, False),
    ]


def test_an_operator_who_keeps_what_providers_hold_keeps_the_finished_ones(tools: Toolbox, alice: User) -> None:
    lanes.cancel(replace(tools, settings=replace(tools.settings, delete_at_provider=False)), half_done(alice))
    assert set(db.session.scalars(select(Discard.remote_id))) == {"under way"}


def test_who_cancels_and_who_takes_slices_in_hand_do_not_wait_for_each_other(app: APIFlask, tools: Toolbox, alice: User) -> None:
    """The lowest number goes first, whatever order the rows lie in."""
    row_id = half_done(alice)
    first, second = db.session.scalars(select(Slice.id).order_by(Slice.id)).all()
    for place in (10, 11):  # the database writes it anew, behind the other
        db.session.execute(update(Slice).where(Slice.id == first).values(n=place, state=SliceState.REMOTE))
        db.session.commit()

    def cancel() -> None:
        with app.app_context():
            lanes.cancel(tools, row_id)
            db.session.remove()

    db.session.execute(update(Slice).where(Slice.id == first).values(attempts=7))
    with ThreadPoolExecutor(1) as pool:
        cancelled = pool.submit(cancel)
        until(is_waited_for, "the cancel waits")
        db.session.execute(update(Slice).where(Slice.id == second).values(attempts=7))
        db.session.commit()
        cancelled.result(30)
    assert [one.state for one in db.session.scalars(select(Slice))] == [SliceState.WAITING] * 2
