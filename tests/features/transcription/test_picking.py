"""Another engine's better words, taken into a transcript stretch by stretch, and given back."""

import threading
from datetime import timedelta

import pytest
from apiflask import APIFlask

from tests import factories
from tests.fakes import FakeClock
from textor.domain.job_states import Status
from textor.domain.transcript import Segment, Word
from textor.errors import NotFound, WrongState
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import comparing, picking, segments
from textor.features.transcription.comparing import Shown
from textor.features.transcription.picking import Pick
from textor.models import Transcription, User
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases


def said(text: str, start: float, speaker: str | None = None, confidence: float = 0.5) -> Segment:
    words = tuple(Word(word, start + n * 0.5, start + n * 0.5 + 0.4, confidence) for n, word in enumerate(text.split()))
    return Segment(start, words[-1].end, text, words, confidence, speaker)


def heard(owner: User, of: Transcription | None, spoken: list[Segment], engine: str = "fake") -> Transcription:
    row = factories.transcription(owner, of.recording if of else None, engine=engine, status=Status.COMPLETED)
    segments.replace_all(row.seq, spoken)
    row.text = "\n".join(segment.text for segment in spoken)
    db.session.commit()
    return row


@pytest.fixture
def base(alice: User) -> Transcription:
    return heard(alice, None, [said("good mourning", 0, "A"), said("how are ewe", 5, "B"), said("fine", 10, "A")])


@pytest.fixture
def other(alice: User, base: Transcription) -> Transcription:
    spoken = [said("good morning", 0, "X", 0.9), said("how are", 5, "Y"), said("you", 6, "Y"), said("fine", 10, "X")]
    return heard(alice, base, spoken, "fake_remote")


def seen(base: Transcription) -> Shown:
    db.session.rollback()
    db.session.expire_all()
    return comparing.shown(base.user_id, base.recording_id)


def wish(base: Transcription, other: Transcription, stretch: int) -> Pick:
    return Pick(stretch, other.id, seen(base).version)


def take(tools: Toolbox, base: Transcription, other: Transcription, stretch: int) -> Pick:
    wanted = wish(base, other, stretch)
    picking.pick(tools, base.user_id, seen(base), wanted)
    return wanted


def rows(row: Transcription) -> list[tuple[int, str, str | None]]:
    db.session.rollback()
    db.session.expire_all()
    return [(one.n, one.text, one.engine) for one in comparing.segment_rows(row.seq)]


def test_a_stretch_gets_the_other_engines_words(tools: Toolbox, base: Transcription, other: Transcription) -> None:
    take(tools, base, other, 1)
    assert rows(base) == [
        (0, "good mourning", None),
        (1, "how are", "fake_remote"),
        (2, "you", "fake_remote"),
        (3, "fine", None),
    ]
    assert base.text == "good mourning\nhow are\nyou\nfine"
    assert [segment.speaker for segment in library.segments(base)] == ["A", "B", "B", "A"]
    assert [word.text for word in library.segments(base)[2].words] == ["you"]


def test_text_and_confidence_are_those_of_the_words_that_stand_there(
    tools: Toolbox, base: Transcription, other: Transcription, clock: FakeClock
) -> None:
    clock.advance(60)
    take(tools, base, other, 0)
    assert rows(base)[0] == (0, "good morning", "fake_remote")
    assert base.updated_at == clock.now()
    assert base.confidence is not None and 0.5 < base.confidence < 0.9
    assert rows(other)[0][1:] == ("good morning", None)  # is not touched


def test_what_the_base_missed_is_put_between(tools: Toolbox, alice: User) -> None:
    base = heard(alice, None, [said("first", 0), said("last", 60)])
    other = heard(alice, base, [said("first", 0), said("and then", 30), said("last", 60)], "fake_remote")
    gap = next(n for n, one in enumerate(comparing.compare(seen(base)).found.stretches) if not one.parts[0].pieces)  # type: ignore[union-attr]  # both have a text
    take(tools, base, other, gap)
    assert [text for _, text, _ in rows(base)] == ["first", "and then", "last"]
    picking.undo(tools, alice.id, base.id, str(comparing.told(base)["version"]))
    assert rows(base) == [(0, "first", None), (1, "last", None)]


def test_nothing_can_be_the_better_words(tools: Toolbox, alice: User) -> None:
    base = heard(alice, None, [said("first", 0), said("thank you for watching", 30), said("last", 60)])
    other = heard(alice, base, [said("first", 0), said("last", 60)], "fake_remote")
    take(tools, base, other, 1)
    assert rows(base) == [(0, "first", None), (1, "last", None)]


def test_a_double_click_takes_once(tools: Toolbox, base: Transcription, other: Transcription) -> None:
    wanted = take(tools, base, other, 1)
    after = rows(base)
    picking.pick(tools, base.user_id, seen(base), wanted)
    assert rows(base) == after


def test_the_last_pick_is_undone_once(tools: Toolbox, base: Transcription, other: Transcription) -> None:
    before = rows(base)
    text = base.text
    take(tools, base, other, 1)
    version = str(comparing.told(base)["version"])
    for _ in range(2):
        picking.undo(tools, base.user_id, base.id, version)
        assert rows(base) == before
    assert (base.text, comparing.told(base)) == (text, {})
    assert [segment.speaker for segment in library.segments(base)] == ["A", "B", "A"]


def test_two_picks_one_after_the_other(tools: Toolbox, base: Transcription, other: Transcription) -> None:
    take(tools, base, other, 0)
    take(tools, base, other, 1)
    picking.undo(tools, base.user_id, base.id, str(comparing.told(base)["version"]))
    assert [text for _, text, _ in rows(base)] == ["good morning", "how are ewe", "fine"]


def test_what_was_not_seen_is_not_taken(tools: Toolbox, base: Transcription, other: Transcription) -> None:
    early = wish(base, other, 1)
    take(tools, base, other, 0)
    after = rows(base)
    with pytest.raises(WrongState, match="has changed"):
        picking.pick(tools, base.user_id, seen(base), early)
    assert rows(base) == after
    with pytest.raises(WrongState, match="has changed"):
        picking.undo(tools, base.user_id, base.id, "another")
    assert rows(base) == after


@pytest.mark.parametrize("status", [Status.PENDING, Status.FAILED, Status.CANCELLED])
def test_only_a_text_that_is_there_takes_words(tools: Toolbox, base: Transcription, other: Transcription, status: Status) -> None:
    base.status = status
    db.session.commit()
    shown = comparing.shown(base.user_id, base.recording_id, base.id, [other.id])
    with pytest.raises(WrongState, match="finished"):
        picking.pick(tools, base.user_id, shown, Pick(0, other.id, shown.version))


def test_words_that_nobody_showed_are_not_found(tools: Toolbox, base: Transcription, other: Transcription, bob: User) -> None:
    for wanted in (wish(base, other, 99), wish(base, other, -1), wish(base, base, 0)):
        with pytest.raises(NotFound):
            picking.pick(tools, base.user_id, seen(base), wanted)
    with pytest.raises(NotFound):
        picking.undo(tools, bob.id, base.id, "any")


def test_a_retry_meanwhile_leaves_nothing_to_undo(tools: Toolbox, base: Transcription, other: Transcription) -> None:
    take(tools, base, other, 1)
    version = str(comparing.told(base)["version"])
    base.run_token += 1  # it was tried again: all rows are new
    db.session.commit()
    after = rows(base)
    picking.undo(tools, base.user_id, base.id, version)
    assert rows(base) == after


def test_words_that_change_while_they_are_taken_are_not_taken(
    app: APIFlask, tools: Toolbox, base: Transcription, other: Transcription, clock: FakeClock
) -> None:
    """The other engine is asked again between the look at the page's version and the look at its words."""
    wanted, before = wish(base, other, 1), rows(base)
    user_id, other_id, other_seq = base.user_id, other.id, other.seq
    shown = seen(base)
    assert shown.version == wanted.version

    def again() -> None:
        with app.app_context():
            segments.replace_all(other_seq, [said("nothing of the kind", 0), said("nor here", 5)])
            library.find(user_id, other_id).updated_at = clock.now() + timedelta(seconds=1)
            db.session.commit()
            db.session.remove()

    thread = threading.Thread(target=again)
    thread.start()
    thread.join(60)
    with pytest.raises(WrongState):
        picking.pick(tools, user_id, shown, wanted)
    assert rows(base) == before


def test_of_two_at_the_same_moment_one_is_refused(
    app: APIFlask, tools: Toolbox, base: Transcription, other: Transcription, clock: FakeClock
) -> None:
    """Both have read the same; the second to write finds it changed. The clock moves, as clocks do."""
    clock.advance(1)
    meet, told = threading.Barrier(2), list[str]()
    wishes = [wish(base, other, n) for n in (0, 1)]
    user_id, recording_id = base.user_id, base.recording_id
    db.session.rollback()

    def choose(wanted: Pick) -> None:
        with app.app_context():
            shown = comparing.shown(user_id, recording_id)
            meet.wait(10)
            try:
                picking.pick(tools, user_id, shown, wanted)
                told.append("taken")
            except WrongState:
                told.append("refused")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=choose, args=(one,)) for one in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(told) == ["refused", "taken"]
    assert sum(engine is not None for _, _, engine in rows(base)) in {1, 2}
