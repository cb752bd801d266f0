"""A person corrects a transcript: segments, who speaks, what the speakers are called; of two at once, one wins."""

import threading
from collections.abc import Callable

import pytest
from apiflask import APIFlask

from tests import factories
from tests.fakes import FakeClock
from textor.domain.job_states import Status
from textor.domain.transcript import Segment, Word
from textor.errors import InvalidInput, NotFound, Stale, WrongState
from textor.extensions import db
from textor.features.recordings import editing, library, versions
from textor.features.recordings.editing import Correction
from textor.features.recordings.filtering import Filters
from textor.features.transcription import segments
from textor.models import Edit, Transcription, User
from textor.toolbox import Toolbox

both_databases = pytest.mark.both_databases
PERSIAN = "می‌روم به خانه\u200f، 👍🏽"


def said(text: str, start: float, speaker: str | None = None) -> Segment:
    words = tuple(Word(word, start + n, start + n + 0.8, 0.6) for n, word in enumerate(text.split()))
    return Segment(start, words[-1].end, text, words, 0.6, speaker, 0.9 if speaker else None)


@pytest.fixture
def row(alice: User) -> Transcription:
    made = factories.transcription(alice, status=Status.COMPLETED, text="?", confidence=0.1)
    segments.replace_all(made.seq, [said("good mourning", 0, "A"), said("how are you", 5, "B")])
    db.session.commit()
    return made


def lines(row: Transcription) -> list[tuple[str, str | None]]:
    db.session.rollback()
    db.session.expire_all()
    return [(segment.text, segment.speaker) for segment in library.segments(row)]


@both_databases
def test_a_segment_gets_the_text_of_a_person(tools: Toolbox, row: Transcription, clock: FakeClock) -> None:
    clock.advance(60)
    found = editing.correct(tools, row.user_id, row.id, 0, Correction("Good\nmorning "), 0)
    assert (found.n, found.line["text"], found.speaker, found.version) == (0, "Good morning", "A", 1)
    assert lines(row) == [("Good morning", "A"), ("how are you", "B")]
    assert (row.text, row.version, row.updated_at) == ("Good morning\nhow are you", 1, clock.now())
    words = library.segments(row)[0].words
    assert [(word.text, word.start, word.confidence) for word in words] == [("Good", 0, None), ("morning", 1, None)]
    assert library.segments(row)[0].confidence is None
    assert row.confidence == pytest.approx(0.6)


@both_databases
@pytest.mark.parametrize("text", [PERSIAN, "نیم‌فاصله", "👩‍👩‍👧", "\u200fمتن", "</p><script>", "x" * editing.LONGEST_TEXT])
def test_any_script_is_kept_as_it_is(tools: Toolbox, row: Transcription, text: str) -> None:
    editing.correct(tools, row.user_id, row.id, 1, Correction(text), 0)
    assert lines(row)[1][0] == text


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 100_000])
def test_what_can_not_be_kept_is_refused_with_a_sentence(tools: Toolbox, row: Transcription, text: str) -> None:
    for wanted in (Correction(text), Correction(speaker=text)):
        with pytest.raises(InvalidInput, match=r"can't be kept|has at most"):
            editing.correct(tools, row.user_id, row.id, 0, wanted, 0)
    with pytest.raises(InvalidInput):
        editing.call(tools, row.user_id, row.id, {"A": text}, 0)
    assert (lines(row)[0], row.version) == (("good mourning", "A"), 0)


def test_text_that_nobody_said_is_taken_out(tools: Toolbox, row: Transcription) -> None:
    editing.correct(tools, row.user_id, row.id, 0, Correction(" "), 0)
    assert (lines(row)[0], row.text) == (("", "A"), "how are you")


@both_databases
def test_a_segment_is_given_to_another_speaker_by_label_by_name_and_to_somebody_new(tools: Toolbox, row: Transcription) -> None:
    editing.correct(tools, row.user_id, row.id, 0, Correction(speaker="B"), 0)
    assert (lines(row)[0], library.segments(row)[0].speaker_confidence) == (("good mourning", "B"), None)
    editing.call(tools, row.user_id, row.id, {"A": "Ann"}, 1)
    assert editing.correct(tools, row.user_id, row.id, 0, Correction(speaker="Ann"), 2).line["speaker"] == "A"
    editing.correct(tools, row.user_id, row.id, 1, Correction("Fine.", "مریم"), 3)
    assert lines(row) == [("good mourning", "Ann"), ("Fine.", "مریم")]
    editing.correct(tools, row.user_id, row.id, 1, Correction(speaker=""), 4)
    assert lines(row)[1] == ("Fine.", None)


@both_databases
def test_speakers_are_called_as_people_call_them_until_the_name_is_taken_away(tools: Toolbox, row: Transcription) -> None:
    assert editing.call(tools, row.user_id, row.id, {"A": " Ann ", "B": "Ann"}, 0).names == {"A": "Ann", "B": "Ann"}
    assert lines(row) == [("good mourning", "Ann"), ("how are you", "Ann")]
    editing.call(tools, row.user_id, row.id, {"A": None, "B": " "}, 1)
    assert ([speaker for _, speaker in lines(row)], row.version) == (["A", "B"], 2)
    with pytest.raises(InvalidInput, match="Nobody of that name"):
        editing.call(tools, row.user_id, row.id, {"C": "Carl"}, 2)
    assert editing.speakers(row.user_id, row.id) == {"A": None, "B": None}


def test_what_is_so_already_makes_no_version(tools: Toolbox, row: Transcription) -> None:
    assert editing.correct(tools, row.user_id, row.id, 0, Correction("good mourning", "A"), 0).version == 0
    assert editing.call(tools, row.user_id, row.id, {"A": None}, 0).version == 0
    db.session.expire_all()
    assert (row.version, db.session.query(Edit).count()) == (0, 0)


@both_databases
def test_who_has_not_seen_the_last_version_changes_nothing(tools: Toolbox, row: Transcription) -> None:
    editing.correct(tools, row.user_id, row.id, 0, Correction("one"), 0)
    for change in (
        lambda: editing.correct(tools, row.user_id, row.id, 0, Correction("two"), 0),
        lambda: editing.call(tools, row.user_id, row.id, {"A": "Ann"}, 7),
    ):
        with pytest.raises(Stale) as caught:
            change()
        assert caught.value.version == 1
    assert lines(row)[0] == ("one", "A")


@pytest.mark.parametrize("status", [Status.PENDING, Status.FAILED, Status.CANCELLED])
def test_only_a_text_that_is_there_is_changed(tools: Toolbox, row: Transcription, status: Status) -> None:
    row.status = status
    db.session.commit()
    with pytest.raises(WrongState, match="finished"):
        editing.correct(tools, row.user_id, row.id, 0, Correction("x"), 0)


@both_databases
@pytest.mark.parametrize("n", [2, 10**9, 10**30])
def test_a_segment_that_is_not_there_is_not_found(tools: Toolbox, row: Transcription, n: int) -> None:
    with pytest.raises(NotFound):
        editing.correct(tools, row.user_id, row.id, n, Correction("x"), 0)


def test_bob_cannot_change_alices_transcript_nor_anybody_a_deleted_one(tools: Toolbox, row: Transcription, bob: User) -> None:
    for change in (
        lambda user_id: editing.correct(tools, user_id, row.id, 0, Correction("mine"), 0),
        lambda user_id: editing.call(tools, user_id, row.id, {"A": "Bob"}, 0),
    ):
        with pytest.raises(NotFound):
            change(bob.id)
    library.delete(tools, row.user_id, row.id)
    with pytest.raises(NotFound):
        editing.correct(tools, row.user_id, row.id, 0, Correction("x"), 0)


@both_databases
def test_of_two_at_the_same_moment_exactly_one_wins(app: APIFlask, tools: Toolbox, row: Transcription) -> None:
    meet, told = threading.Barrier(2), list[str]()
    user_id, row_id = row.user_id, row.id
    db.session.rollback()

    def change(text: str) -> Callable[[], None]:
        def run() -> None:
            with app.app_context():
                meet.wait(10)
                try:
                    told.append(str(editing.correct(tools, user_id, row_id, 0, Correction(text), 0).version))
                except Stale as error:
                    told.append(f"refused at {error.version}")
                finally:
                    db.session.remove()

        return run

    threads = [threading.Thread(target=change(text)) for text in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(told) == ["1", "refused at 1"]
    assert (lines(row)[0][0] in {"one", "two"}, row.version, len(versions.edits(row.seq))) == (True, 1, 1)


@both_databases
def test_a_correction_is_found_by_the_search(tools: Toolbox, row: Transcription) -> None:
    editing.correct(tools, row.user_id, row.id, 0, Correction("Reykjavík calling"), 0)
    for text, count in (("Reykjavík", 1), ("mourning", 0)):
        assert library.page(row.user_id, Filters(text=text)).total == count
