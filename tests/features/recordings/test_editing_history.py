"""What was changed is told and taken back exactly: across other engines' words, and after an engine has heard more."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from tests import factories
from tests.features.recordings.test_editing import said
from tests.features.transcription.test_finishing import SPOKEN, lose, short_of
from tests.features.transcription.test_planning import local
from tests.providers import Stage, stage
from textor.domain.job_states import Status
from textor.domain.transcript import Segment
from textor.errors import EngineError, NotFound, Stale, WrongState
from textor.extensions import db
from textor.features.recordings import editing, history, library, versions
from textor.features.recordings.editing import Correction
from textor.features.transcription import comparing, control, picking, segments
from textor.features.transcription.picking import Pick
from textor.models import SegmentRow, Transcription, User
from textor.toolbox import Toolbox

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases


def heard(owner: User, of: Transcription | None, *spoken: Segment, engine: str = "fake") -> Transcription:
    row = factories.transcription(owner, of.recording if of else None, engine=engine, status=Status.COMPLETED)
    segments.replace_all(row.seq, spoken)
    db.session.commit()
    return row


@pytest.fixture
def row(alice: User) -> Transcription:
    return heard(alice, None, said("good mourning", 0, "A"), said("how are ewe", 5, "B"), said("fine", 10, "A"))


def state(row: Transcription) -> dict[str, Any]:
    """All that can be read of it."""
    db.session.rollback()
    db.session.expire_all()
    return {"lines": versions.lines(row.seq), "names": versions.names(row.seq), "segments": library.segments(row)}


def correct(tools: Toolbox, row: Transcription, n: int, text: str) -> None:
    db.session.expire_all()
    editing.correct(tools, row.user_id, row.id, n, Correction(text), row.version)


def restore(tools: Toolbox, row: Transcription, version: int) -> None:
    db.session.expire_all()
    history.restore(tools, row.user_id, row.id, version, row.version)


def kinds(row: Transcription) -> list[tuple[int, str]]:
    db.session.expire_all()
    return [(one.version, one.kind) for one in history.history(row.user_id, row.id).versions]


def test_every_version_can_be_brought_back_from_every_other(tools: Toolbox, row: Transcription) -> None:
    states = [state(row)]
    changes: list[Callable[[], object]] = [
        lambda: correct(tools, row, 0, "good morning"),
        lambda: editing.call(tools, row.user_id, row.id, {"A": "Ann"}, 1),
        lambda: correct(tools, row, 1, "how are you"),
        lambda: restore(tools, row, 1),
        lambda: editing.correct(tools, row.user_id, row.id, 2, Correction(speaker="B"), 4),
        lambda: restore(tools, row, 3),
        lambda: correct(tools, row, 0, ""),
    ]
    for change in changes:
        change()
        states.append(state(row))
    assert (states[4], states[6], row.version) == (states[1], states[3], 7)
    for target in (0, 5, 2, 7, 6, 1, 4, 3, 0):
        restore(tools, row, target)
        assert state(row) == states[target]
        assert row.text == "\n".join(line["text"] for line in states[target]["lines"] if line["text"])


def test_the_history_tells_who_did_what_when(tools: Toolbox, row: Transcription) -> None:
    correct(tools, row, 1, "how are you")
    editing.call(tools, row.user_id, row.id, {"B": "Ben"}, 1)
    editing.correct(tools, row.user_id, row.id, 0, Correction(speaker="B"), 2)
    restore(tools, row, 1)
    db.session.expire_all()
    told = history.history(row.user_id, row.id)
    assert (told.version, told.shown) == (4, 4)
    facts = [(one.version, one.kind, one.n, one.start, one.text, one.names, one.of) for one in told.versions]
    assert facts == [
        (4, "restore", None, None, None, None, 1),
        (3, "speaker", 0, 0.0, "B", None, None),
        (2, "names", None, None, None, {"B": "Ben"}, None),
        (1, "text", 1, 5.0, "how are you", None, None),
        (0, "heard", None, None, None, None, None),
    ]
    assert {(one.by, one.at) for one in told.versions[:-1]} == {("Alice", tools.clock.now())}


def test_a_version_that_is_there_already_or_was_never_there_is_no_change(tools: Toolbox, row: Transcription, bob: User) -> None:
    correct(tools, row, 0, "one")
    assert history.restore(tools, row.user_id, row.id, 1, 1) == 1
    for wanted in (2, -1, 10**30):
        with pytest.raises(NotFound):
            history.restore(tools, row.user_id, row.id, wanted, 1)
    with pytest.raises(Stale):
        history.restore(tools, row.user_id, row.id, 0, 0)
    for user_id, id_ in ((bob.id, row.id), (row.user_id, "nobody")):
        with pytest.raises(NotFound):
            history.restore(tools, user_id, id_, 0, 1)
        with pytest.raises(NotFound):
            history.history(user_id, id_)
    assert kinds(row) == [(1, "text"), (0, "heard")]


def pick(tools: Toolbox, row: Transcription, other: Transcription, stretch: int) -> None:
    db.session.expire_all()
    seen = comparing.shown(row.user_id, row.recording_id)
    picking.pick(tools, row.user_id, seen, Pick(stretch, other.id, seen.version))


def test_the_way_back_leads_across_words_of_another_engine(tools: Toolbox, row: Transcription, alice: User) -> None:
    other = heard(alice, row, said("good morning", 0), said("how are", 5), said("you", 7), said("fine", 10), engine="fake_remote")
    states = [state(row)]
    changes: list[Callable[[], object]] = [
        lambda: correct(tools, row, 2, "fine thanks"),
        lambda: pick(tools, row, other, 1),  # one segment becomes two: all behind get other numbers
        lambda: correct(tools, row, 3, "fine, thanks"),
    ]
    for change in changes:
        change()
        states.append(state(row))
    assert [len(one["lines"]) for one in states] == [3, 3, 4, 4]
    assert kinds(row) == [(3, "text"), (2, "pick"), (1, "text"), (0, "heard")]
    for target in (0, 2, 1, 3):
        restore(tools, row, target)
        assert state(row) == states[target]


def test_a_pick_that_is_undone_is_a_version_and_one_that_was_edited_is_not_undone(
    tools: Toolbox, row: Transcription, alice: User
) -> None:
    other = heard(alice, row, said("good morning", 0), said("how are you", 5), said("fine", 10), engine="fake_remote")
    before = state(row)
    pick(tools, row, other, 0)
    picking.undo(tools, alice.id, row.id, str(comparing.told(row)["version"]))
    assert (state(row), kinds(row)) == (before, [(2, "unpick"), (1, "pick"), (0, "heard")])
    pick(tools, row, other, 0)
    seen = str(comparing.told(row)["version"])
    correct(tools, row, 0, "Good morning!")
    assert comparing.told(row) == {}
    with pytest.raises(WrongState, match="changed"):
        picking.undo(tools, alice.id, row.id, seen)
    assert state(row)["lines"][0]["text"] == "Good morning!"


def test_a_text_that_is_heard_anew_has_a_new_history(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = lose(stage, engine)
    owner = stage.owner_id
    editing.correct(stage.tools, owner, row_id, 0, Correction("mine"), 0)
    control.retry(stage.tools, owner, row_id)
    with pytest.raises(WrongState):
        history.history(owner, row_id)
    stage.advance(row_id)
    stage.until_over(60)
    assert kinds(stage.row(row_id)) == [(2, "heard")]
    with pytest.raises(Stale):
        editing.correct(stage.tools, owner, row_id, 0, Correction("late"), 1)
    editing.correct(stage.tools, owner, row_id, 0, Correction("again"), 2)
    history.restore(stage.tools, owner, row_id, 0, 3)
    assert (stage.row(row_id).text or "").startswith("part ")


def test_corrections_survive_when_only_what_is_missing_is_heard_again(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = lose(stage, engine, "remote-2")
    owner, count = stage.owner_id, len((stage.row(row_id).text or "").splitlines())
    heard_first = (stage.row(row_id).text or "").splitlines()
    for version, (n, text) in enumerate([(0, "corrected"), (count - 1, "the end"), (0, "corrected twice")]):
        editing.correct(stage.tools, owner, row_id, n, Correction(text), version)
    control.retry(stage.tools, owner, row_id)
    stage.advance(row_id)
    stage.until_over(60)
    row = stage.row(row_id)
    said_now = (row.text or "").splitlines()
    assert (row.status, len(said_now)) == (Status.COMPLETED, count + 1)
    assert [text for text in said_now if not text.startswith("part ")] == ["corrected twice", "the end"]
    assert kinds(row) == [(7, "text"), (6, "text"), (5, "text"), (4, "heard")]
    history.restore(stage.tools, owner, row_id, 0, 7)
    assert set(heard_first) < set((stage.row(row_id).text or "").splitlines())


def test_corrections_stay_while_this_machine_tries_again_what_is_missing(stage: Stage) -> None:
    engine = local(stage)

    def refuse(n: int) -> None:
        if n in {2, 3}:
            raise EngineError("This part broke the decoder.")

    engine.before_each = refuse
    row_id = stage.upload(SPOKEN, engine="fake")
    editing.correct(stage.tools, stage.owner_id, row_id, 0, Correction("mine"), 0)
    control.retry(stage.tools, stage.owner_id, row_id)
    stage.accept(owner=factories.user("Bob").id, engine="fake")  # who has his turn after the next part
    stage.advance(row_id)
    assert (stage.row(row_id).status, library.segments(stage.row(row_id))[0].text) == (Status.QUEUED, "mine")
    control.cancel(stage.tools, stage.owner_id, row_id)
    assert kinds(stage.row(row_id)) == [(3, "text"), (2, "heard")]
    history.restore(stage.tools, stage.owner_id, row_id, 0, 3)
    assert library.segments(stage.row(row_id))[0].text == "slice 1"


def test_a_correction_whose_segment_is_no_more_is_told_as_lost(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = lose(stage, engine, "remote-2")
    db.session.execute(update(SegmentRow).values(start=0.123).where(SegmentRow.n == 0))
    db.session.commit()
    editing.correct(stage.tools, stage.owner_id, row_id, 0, Correction("stood elsewhere"), 0)
    control.retry(stage.tools, stage.owner_id, row_id)
    stage.advance(row_id)
    stage.until_over(60)
    told = history.history(stage.owner_id, row_id).versions
    assert [(one.kind, one.text) for one in told] == [("lost", "stood elsewhere"), ("heard", None)]
    assert "elsewhere" not in (stage.row(row_id).text or "")
    before = state(stage.row(row_id))
    restore(stage.tools, stage.row(row_id), 0)
    assert state(stage.row(row_id)) == before


def test_a_retry_that_is_cancelled_keeps_the_corrections_and_their_history(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = lose(stage, engine, "remote-2")
    owner = stage.owner_id
    editing.correct(stage.tools, owner, row_id, 0, Correction("mine"), 0)
    control.retry(stage.tools, owner, row_id)
    control.cancel(stage.tools, owner, row_id)
    told = history.history(owner, row_id)
    assert (told.version, told.shown, (stage.row(row_id).text or "").splitlines()[0]) == (2, 1, "mine")
    assert history.restore(stage.tools, owner, row_id, 2, 2) == 2
    editing.correct(stage.tools, owner, row_id, 0, Correction("mine, too"), 2)
    assert [version for version, _ in kinds(stage.row(row_id))] == [3, 1, 0]
    history.restore(stage.tools, owner, row_id, 1, 3)
    assert db.session.scalars(select(SegmentRow.text).where(SegmentRow.n == 0)).one() == "mine"
