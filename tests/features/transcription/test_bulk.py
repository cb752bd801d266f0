"""Texts that come together are written together, and each as if it had come alone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from tests import factories, shifts
from tests.providers import Stage, stage
from textor.domain.job_states import Status
from textor.domain.transcript import Segment, Transcript, Word
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import bulk
from textor.job_queue import attention, deliveries, lanes, reconciler, slices, tickets
from textor.job_queue.slices import Taken
from textor.jobs import GuardedCrew
from textor.models import Delivery, Discard, Slice, Speaker, Transcription, User

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases

WORDS = (Word("good", 0.5, 0.9, 0.8), Word("morning", 1.0, 1.5, None))
SAID = [
    Segment(0.5, 1.5, "good morning", WORDS, 0.8, "A", 0.7),
    Segment(1.6, 1.9, "  "),
    Segment(2.0, 99.0, "to you", (), 0.4, "B"),
]
TEXT = Transcript(SAID, "en", 0.93, {"topics": ["greetings"], "nothing": []})


def taken(stage: Stage, count: int, first: int = 0) -> list[Taken]:
    """So many transcriptions at the provider, each somebody's own and in the hands of a shift."""
    for n in range(first, first + count):
        stage.upload(owner=factories.user(f"person{n}").id)
    stage.shift()
    stage.clock.advance(6)
    return slices.take(stage.tools, attention.due(stage.tools, "fake_remote", count, starts=False))


def finish(stage: Stage, held: Sequence[Taken], text: Transcript = TEXT) -> set[int]:
    return bulk.finish(stage.tools, [(one, text) for one in held])


def rows(stage: Stage, held: Sequence[Taken]) -> list[Transcription]:
    return [stage.row(one.claim.id) for one in held]


@contextmanager
def counted() -> Iterator[Callable[[], int]]:
    """How many statements and commits were sent meanwhile."""
    sent: list[object] = []
    engine = db.engine

    def statement(*args: Any) -> None:
        sent.append(args[2])

    def committed(connection: object) -> None:
        sent.append(connection)

    listeners = {"before_cursor_execute": statement, "commit": committed}
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    yield lambda: len(sent)
    for name, listener in listeners.items():
        event.remove(engine, name, listener)


def test_nine_texts_cost_no_more_statements_than_three(stage: Stage) -> None:
    costs = []
    for first, last in ((0, 3), (3, 12)):
        held = taken(stage, last - first, first)
        with counted() as so_far:
            assert finish(stage, held) == {one.id for one in held}
            costs.append(so_far())
    assert costs[0] == costs[1]
    assert costs[0] < 20


@dataclass(frozen=True, slots=True)
class OneByOne(GuardedCrew):
    """Writes every text by itself."""

    def heard_many(self, found: Sequence[tuple[Taken, Transcript]]) -> set[int]:
        return set()


def facts(stage: Stage, row_id: str) -> dict[str, Any]:
    """All that is left of a transcription, but for what is its own."""
    row = stage.row(row_id)
    own = {"seq", "id", "user_id", "recording_id", "recording"}
    columns = {c.key: getattr(row, c.key) for c in Transcription.__table__.columns if c.key not in own}
    segments = library.segments(row)
    speakers = list(db.session.scalars(select(Speaker.label).where(Speaker.transcription_seq == row.seq).order_by(Speaker.id)))
    return columns | {"segments": segments, "speakers": speakers, "slices": len(stage.slices(row_id))}


def test_what_is_written_together_is_what_would_be_written_alone(stage: Stage) -> None:
    held = taken(stage, 2)
    crew = OneByOne(stage.tools)
    crew.heard(held[0], TEXT)
    assert finish(stage, held[1:]) == {held[1].id}
    alone, together = (facts(stage, one.claim.id) for one in held)
    assert together == alone | {"remote_id": held[1].remote_id}
    assert together["text"] == "good morning\nto you"
    assert together["details"] == {"topics": ["greetings"]}
    assert together["speakers"] == ["A", "B"]


def test_each_providers_copy_is_to_be_deleted(stage: Stage) -> None:
    held = taken(stage, 2)
    finish(stage, held)
    assert set(db.session.scalars(select(Discard.remote_id))) == {"remote-1", "remote-2"}
    assert db.session.scalar(select(func.count()).select_from(Slice)) == 0


def test_those_who_want_to_know_are_told_of_each(stage: Stage) -> None:
    held = taken(stage, 3)
    db.session.get_one(User, held[0].claim.user_id).webhook_url = "https://zero.example/hook"
    db.session.execute(
        update(Transcription).where(Transcription.seq == held[1].claim.seq).values(webhook_url="https://one.example")
    )
    db.session.commit()
    finish(stage, held)
    told = db.session.scalars(select(Delivery).order_by(Delivery.url.desc())).all()
    assert [(one.url, one.payload["data"]["id"]) for one in told] == [
        ("https://zero.example/hook", held[0].claim.id),
        ("https://one.example", held[1].claim.id),
    ]
    assert {one.payload["data"]["status"] for one in told} == {"completed"}
    assert tickets.waiting(stage.tools, deliveries.QUEUE)


def test_everybodys_next_one_begins(stage: Stage) -> None:
    held = taken(stage, 2)
    following = [stage.accept(owner=one.claim.user_id) for one in held[:1]]
    assert [stage.row(row_id).status for row_id in following] == [Status.PENDING]
    finish(stage, held)
    assert [stage.row(row_id).status for row_id in following] == [Status.QUEUED]


def test_one_that_was_cancelled_meanwhile_is_left_alone(stage: Stage) -> None:
    held = taken(stage, 2)
    lanes.cancel(stage.tools, held[0].claim.id)
    assert finish(stage, held) == {held[1].id}
    assert [(row.status, row.text) for row in rows(stage, held)] == [
        (Status.CANCELLED, None),
        (Status.COMPLETED, "good morning\nto you"),
    ]


def test_one_that_another_shift_has_is_left_alone(stage: Stage) -> None:
    held = taken(stage, 2)
    assert finish(stage, [replace(held[0], lease=held[0].lease + 1), held[1]]) == {held[1].id}
    assert [row.status for row in rows(stage, held)] == [Status.PROCESSING, Status.COMPLETED]


def test_one_that_another_run_has_is_left_alone(stage: Stage) -> None:
    held = taken(stage, 1)
    db.session.execute(update(Transcription).values(run_token=Transcription.run_token + 1))
    db.session.commit()
    assert finish(stage, held) == set()
    assert (rows(stage, held)[0].status, len(stage.slices(held[0].claim.id))) == (Status.PROCESSING, 1)


def test_one_whose_turn_is_yet_to_come_again_is_left_alone(stage: Stage) -> None:
    """Its run was taken back: what was heard is kept as a checkpoint, by itself."""
    held = taken(stage, 1)
    stage.clock.advance(3600)
    db.session.execute(update(Slice).values(due_at=None))
    db.session.commit()
    reconciler.reconcile(stage.tools)
    assert finish(stage, held) == set()
    assert rows(stage, held)[0].text is None


def test_a_slice_of_many_is_left_alone(stage: Stage) -> None:
    held = taken(stage, 1)
    values = {column.key: getattr(stage.slices(held[0].claim.id)[0], column.key) for column in Slice.__table__.columns}
    db.session.add(Slice(**{**values, "id": None, "n": 1}))
    db.session.commit()
    assert finish(stage, held) == set()
    assert rows(stage, held)[0].status == Status.PROCESSING


def test_names_that_people_gave_are_kept_and_who_is_silent_goes(stage: Stage) -> None:
    held = taken(stage, 1)
    for label, name in (("A", "Ann"), ("C", "Cy")):
        db.session.add(Speaker(transcription_seq=held[0].claim.seq, label=label, name=name))
    db.session.commit()
    finish(stage, held)
    found = db.session.execute(select(Speaker.label, Speaker.name).order_by(Speaker.label)).all()
    assert [tuple(row) for row in found] == [("A", "Ann"), ("B", None)]


def test_silence_is_a_text_without_words(stage: Stage) -> None:
    held = taken(stage, 2)
    finish(stage, held, Transcript([]))
    assert [(row.status, row.text) for row in rows(stage, held)] == [(Status.COMPLETED, "")] * 2


def test_where_providers_keep_their_copies_nothing_is_written_together(stage: Stage) -> None:
    stage.use(delete_at_provider=False)
    held = taken(stage, 1)
    assert finish(stage, held) == set()
    shifts.work(stage.tools)


@dataclass(frozen=True, slots=True)
class Breaks(GuardedCrew):
    """Finds a bug in one text."""

    bad_id: int

    def heard(self, one: Taken, transcript: Transcript) -> None:
        GuardedCrew.heard(self, one, replace(transcript, details={"when": object()} if one.id == self.bad_id else {}))


def test_a_bug_met_together_ends_the_one_that_it_hits(stage: Stage) -> None:
    held = taken(stage, 2)
    bad = replace(TEXT, details={"when": object()})
    crew = Breaks(stage.tools, held[0].id)
    assert crew.heard_many([(held[0], bad), (held[1], TEXT)]) == set()
    for one in held:
        crew.heard(one, TEXT)
    assert [row.status for row in rows(stage, held)] == [Status.FAILED, Status.COMPLETED]
