"""Variants of the queue, each without one of its safeguards: what the machine must catch, else it proves nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Update, bindparam, text, update

from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.transcription import bulk
from textor.job_queue import claims, lanes, reconciler, runs, slices
from textor.job_queue.claims import Claim
from textor.job_queue.settling import Desk
from textor.job_queue.slices import Taken
from textor.models import Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

Mutation = Callable[[pytest.MonkeyPatch], None]


def without_the_token(patch: pytest.MonkeyPatch) -> None:
    """Whoever has ever started a transcription may write as long as it is being processed."""

    def mine(claim: Claim) -> Update:
        return update(Transcription).where(Transcription.seq == claim.seq, Transcription.status == Status.PROCESSING)

    patch.setattr(claims, "mine", mine)


def without_lock_and_unique_column(patch: pytest.MonkeyPatch) -> None:
    """Only the look before the claim says whether the user has an active one."""

    def take(tools: Toolbox, claim: Claim, lease_seconds: int | None = None) -> bool:
        return True

    patch.setattr(lanes, "take", take)
    table = Transcription.metadata.tables["transcriptions"]
    unique = next(one for one in table.constraints if one.name == "uq_transcriptions_active_for")
    db.session.remove()
    db.drop_all()
    table.constraints.remove(unique)
    try:
        db.create_all()
    finally:
        table.constraints.add(unique)


def without_the_reconciler(patch: pytest.MonkeyPatch) -> None:
    """What is lost stays lost."""

    def reconcile(tools: Toolbox) -> dict[str, int]:
        return {}

    patch.setattr(reconciler, "reconcile", reconcile)


def without_the_slices_lease(patch: pytest.MonkeyPatch) -> None:
    """Whoever has ever taken a slice may take it again, and write."""

    def change(one: Taken, **values: Any) -> bool:
        return claims.change(update(Slice).where(Slice.id == one.id).values(values))

    def held(row_id: str, lease: str) -> Update:
        return update(Slice).where(Slice.id == bindparam(row_id), bindparam(lease).is_not(None))

    patch.setattr(slices, "change", change)
    patch.setattr(slices, "_held", held)


def without_a_look_at_whose_texts_they_are(patch: pytest.MonkeyPatch) -> None:
    """Texts that come together are written whoever has their slices now."""
    patch.setattr(bulk, "_is_ours", lambda one, rows: len(rows) == 1)


def without_the_remote_id(patch: pytest.MonkeyPatch) -> None:
    """A job is waited for, and its id isn't written down."""

    def started(self: Desk, one: Taken, job: object) -> None:
        slices.change(one, due_at=one.until)
        db.session.commit()

    patch.setattr(Desk, "_started", started)


def without_a_cancels_own_lease(patch: pytest.MonkeyPatch) -> None:
    """A start that is under way when its transcription is cancelled still writes its answer."""

    def let_go(tools: Toolbox, seq: int) -> None:
        slices._discard(tools, seq, slices.OPEN)
        under_way = (Slice.transcription_seq == seq, Slice.state.in_(slices.OPEN))
        db.session.execute(update(Slice).where(*under_way).values(state=SliceState.WAITING, remote_id=None, due_at=None))

    patch.setattr(slices, "let_go", let_go)


def without_the_start_token(patch: pytest.MonkeyPatch) -> None:
    """Any ticket of a transcription starts it."""

    def start(tools: Toolbox, transcription_id: str, token: int) -> Claim | None:
        row = db.session.execute(
            text(
                "SELECT seq, user_id, engine, run_token FROM transcriptions WHERE id = :id AND status IN ('queued', 'processing')"
            ),
            {"id": transcription_id},
        ).first()
        db.session.execute(
            update(Transcription)
            .where(Transcription.id == transcription_id, Transcription.status == Status.QUEUED)
            .values(status=Status.PROCESSING)
        )
        db.session.commit()
        return Claim(row.seq, transcription_id, row.user_id, row.run_token, row.engine) if row else None

    patch.setattr(runs, "start", start)


def without_discards(patch: pytest.MonkeyPatch) -> None:
    """What a provider holds is forgotten."""
    patch.setattr(slices, "_discard", lambda tools, seq, states: None)


def without_the_jobs_that_were_too_long(patch: pytest.MonkeyPatch) -> None:
    """What a provider took on, and then found too long, stays with it."""
    plan_anew = runs.plan_anew

    def forgetful(tools: Toolbox, one: Taken, error: str, details: dict[str, Any]) -> None:
        plan_anew(tools, replace(one, remote_id=None), error, details)

    patch.setattr(runs, "plan_anew", forgetful)


@contextmanager
def mutated(mutation: Mutation) -> Iterator[None]:
    """The queue is like that meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        mutation(patch)
        yield
