"""One's own transcriptions: found, filtered, counted, renamed, deleted and brought back."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from apiflask import APIFlask
from sqlalchemy import event, select, update

from tests import factories
from tests.fakes import FakeClock
from tests.waiting import is_waited_for, until
from textor.domain.job_states import Status
from textor.domain.transcript import Gap
from textor.errors import InvalidInput, NotFound, WrongState
from textor.extensions import db
from textor.features.recordings import library
from textor.features.recordings.filtering import Filters
from textor.job_queue import lanes
from textor.models import Recording, SegmentRow, Speaker, Transcription, User
from textor.toolbox import Toolbox

EVERYTHING = Filters()


def titled(owner: User, title: str, **values: object) -> Transcription:
    return factories.spoken(factories.transcription(owner, factories.recording(owner, title=title), **values))


def completed(owner: User, title: str = "done", text: str = "hello") -> Transcription:
    row = factories.transcription(owner, factories.recording(owner, title=title), status=Status.COMPLETED, text=text)
    return factories.spoken(row, text)


def test_a_page_is_newest_first_and_knows_its_place(alice: User) -> None:
    ids = [titled(alice, f"r{n}").id for n in range(5)]
    page = library.page(alice.id, EVERYTHING, number=2, per_page=2)
    assert [row.id for row in page.rows] == [ids[2], ids[1]]
    assert (page.number, page.pages, page.total, page.first, page.last) == (2, 3, 5, 3, 4)


@pytest.mark.parametrize(("asked", "got"), [(-3, 1), (0, 1), (99, 3)])
def test_a_page_that_does_not_exist_becomes_the_nearest(alice: User, asked: int, got: int) -> None:
    for n in range(5):
        titled(alice, f"r{n}")
    assert library.page(alice.id, EVERYTHING, number=asked, per_page=2).number == got


def test_an_empty_library_has_one_empty_page(alice: User) -> None:
    page = library.page(alice.id, EVERYTHING)
    assert (list(page.rows), page.pages, page.first, page.last) == ([], 1, 0, 0)


@pytest.mark.both_databases
def test_filters_narrow_the_list_by_status_and_text(alice: User) -> None:
    titled(alice, "Interview in Prague")
    failed = titled(alice, "Broken", status=Status.FAILED)
    found = completed(alice, "Podcast", text="the interview went well in prague")
    assert [r.id for r in library.page(alice.id, Filters(status="failed")).rows] == [failed.id]
    assert library.page(alice.id, Filters(text="PRAGUE interview")).total == 2
    assert [r.id for r in library.page(alice.id, Filters(status="done", text="prague")).rows] == [found.id]


@pytest.mark.parametrize("text", ["%", "_", "100%_sure\\"])
def test_wildcards_in_a_search_are_plain_characters(alice: User, text: str) -> None:
    titled(alice, "nothing special")
    hit = titled(alice, f"it is {text} here")
    assert [r.id for r in library.page(alice.id, Filters(text=text)).rows] == [hit.id]


@pytest.mark.both_databases
def test_counts_follow_the_text_and_ignore_the_status(alice: User) -> None:
    for status in (Status.PENDING, Status.COMPLETED, Status.PARTIAL, Status.FAILED, Status.CANCELLED):
        titled(alice, f"talk {status}", status=status)
    titled(alice, "other", status=Status.FAILED)
    counts = library.counts(alice.id, Filters(status="done", text="talk"))
    assert (counts.all, counts.active, counts.done, counts.failed, counts.cancelled) == (5, 1, 2, 1, 1)
    assert (counts.running, counts.waiting) == (0, 1)


def test_nobody_sees_what_is_not_theirs(alice: User, bob: User, tools: Toolbox) -> None:
    hers = completed(alice)
    assert library.page(bob.id, EVERYTHING).total == 0
    assert library.counts(bob.id, EVERYTHING).all == 0
    for ask in (
        lambda: library.find(bob.id, hers.id),
        lambda: library.audio(bob.id, hers.id),
        lambda: library.rename(tools, bob.id, hers.id, "mine now"),
        lambda: library.delete(tools, bob.id, hers.id),
        lambda: library.undo_delete(tools, bob.id, hers.id),
    ):
        with pytest.raises(NotFound):
            ask()


@pytest.mark.both_databases
def test_the_fingerprint_moves_with_everything_a_list_shows(alice: User, bob: User, tools: Toolbox, clock: FakeClock) -> None:
    seen = {library.fingerprint(alice.id)}
    first, second = completed(alice), completed(alice)
    seen.add(library.fingerprint(alice.id))
    clock.advance(1)
    library.rename(tools, alice.id, first.id, "new name")
    seen.add(library.fingerprint(alice.id))
    clock.advance(1)
    library.delete(tools, alice.id, first.id)
    seen.add(library.fingerprint(alice.id))
    clock.advance(1)
    library.undo_delete(tools, alice.id, first.id)
    seen.add(library.fingerprint(alice.id))
    clock.advance(1)
    lanes.requeue(tools, second.id)
    seen.add(library.fingerprint(alice.id))
    assert len(seen) == 6
    before = library.fingerprint(alice.id)
    completed(bob)
    assert library.fingerprint(alice.id) == before


def test_places_in_the_lane_count_from_one_in_order_of_turn(alice: User) -> None:
    first, second = titled(alice, "a"), titled(alice, "b")
    urgent = titled(alice, "c", priority=5)
    assert library.positions(alice.id) == {urgent.id: 1, first.id: 2, second.id: 3}


@pytest.mark.parametrize("title", ["", "   ", "\n\t"])
def test_a_title_needs_a_letter(alice: User, tools: Toolbox, title: str) -> None:
    row = completed(alice)
    with pytest.raises(InvalidInput):
        library.rename(tools, alice.id, row.id, title)


def test_segments_carry_the_names_people_gave_the_speakers(alice: User) -> None:
    row = titled(alice, "a call", status=Status.COMPLETED)
    agent = Speaker(transcription_seq=row.seq, label="Speaker 1", name="Agent Smith")
    other = Speaker(transcription_seq=row.seq, label="Speaker 2")
    db.session.add_all([agent, other])
    db.session.flush()
    for n, speaker in enumerate((agent, other, None)):
        words = [["hi", n, n + 0.5, 0.75]]
        speaker_id = speaker.id if speaker else None
        db.session.add(
            SegmentRow(transcription_seq=row.seq, n=n, start=n, end=n + 1, text="hi", speaker_id=speaker_id, words=words)
        )
    db.session.commit()
    found = library.document(row).segments
    assert [segment.speaker for segment in found] == ["Agent Smith", "Speaker 2", None]
    assert found[1].words[0].confidence == 0.75 and found[1].words[0].start == 1


def test_there_is_no_document_of_what_is_not_finished(alice: User) -> None:
    with pytest.raises(WrongState):
        library.document(titled(alice, "waiting"))


@pytest.mark.both_databases
def test_deleting_hides_at_once_and_undo_brings_back(alice: User, tools: Toolbox) -> None:
    row_id = completed(alice).id
    library.delete(tools, alice.id, row_id)
    with pytest.raises(NotFound):
        library.find(alice.id, row_id)
    library.undo_delete(tools, alice.id, row_id)
    assert library.find(alice.id, row_id).status == Status.COMPLETED


def test_undoing_the_deletion_of_a_waiting_one_puts_it_back_in_the_lane(alice: User, tools: Toolbox) -> None:
    row_id = titled(alice, "waiting").id
    lanes.dispatch(tools, alice.id)
    library.delete(tools, alice.id, row_id)
    assert library.undo_delete(tools, alice.id, row_id).status == Status.QUEUED


@pytest.mark.both_databases
def test_what_was_deleted_is_destroyed_when_undo_is_over(alice: User, tools: Toolbox, clock: FakeClock, tmp_path: Path) -> None:
    sound = tmp_path / "sound"
    sound.write_bytes(b"x" * 10)
    recording = factories.stored_recording(tools, alice, sound)
    key = recording.storage_key
    row = factories.transcription(alice, recording, status=Status.COMPLETED)
    row_id = row.id
    db.session.add(SegmentRow(transcription_seq=row.seq, n=0, start=0, end=1, text="secret"))
    db.session.commit()
    library.delete(tools, alice.id, row_id)
    assert library.purge(tools) == 0
    clock.advance(tools.settings.undo_seconds + 1)
    assert library.purge(tools) == 1
    for model in (Transcription, Recording, SegmentRow):
        assert db.session.scalars(select(model)).all() == []
    with pytest.raises(NotFound):
        tools.storage.size(key)
    with pytest.raises(NotFound):
        library.undo_delete(tools, alice.id, row_id)


def test_a_recording_outlives_one_of_its_two_transcriptions(alice: User, tools: Toolbox, clock: FakeClock) -> None:
    recording = factories.recording(alice)
    gone = factories.transcription(alice, recording, status=Status.COMPLETED)
    kept = factories.transcription(alice, recording, status=Status.COMPLETED)
    kept_id = kept.id
    library.delete(tools, alice.id, gone.id)
    clock.advance(tools.settings.undo_seconds + 1)
    library.purge(tools)
    assert library.find(alice.id, kept_id).recording.title == "A recording"


def test_a_list_costs_the_same_number_of_statements_at_any_size(alice: User) -> None:
    def cost() -> int:
        db.session.expire_all()
        statements: list[str] = []

        def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
            statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        rows = library.page(user_id, EVERYTHING, per_page=50).rows
        assert all(row.recording.title for row in rows)
        library.counts(user_id, EVERYTHING)
        library.positions(user_id)
        event.remove(db.engine, "before_cursor_execute", note)
        return len(statements)

    user_id = alice.id
    completed(alice)
    small = cost()
    for n in range(40):
        completed(alice, f"r{n}")
    assert cost() == small


def test_a_persian_title_keeps_its_joiners(alice: User, tools: Toolbox) -> None:
    row = completed(alice)
    library.rename(tools, alice.id, row.id, "  گفت\u200cوگوی\u202e صبح ")
    assert library.find(alice.id, row.id).recording.title == "گفت\u200cوگوی صبح"


def test_a_document_lists_what_is_missing_and_who_took_over(alice: User) -> None:
    gaps = [
        {"start": 60.0, "end": 90.0, "channel": 1, "error": "Away."},
        {"start": 0.0, "end": 30.0, "channel": None, "error": None},
    ]
    details = {"gaps": gaps, "failover": [{"from": "one", "to": "two", "reason": "It was away."}]}
    found = library.document(titled(alice, "Holed", status=Status.PARTIAL, text="hello", details=details))
    assert found.gaps == [Gap(0.0, 30.0, ""), Gap(60.0, 90.0, "Away.", 1)]
    assert found.warnings == ("two took over from one: It was away.",)


@pytest.mark.both_databases
def test_a_title_given_while_the_recording_is_measured_waits_for_its_end(
    app: APIFlask, tools: Toolbox, alice: User, clock: FakeClock
) -> None:
    """Whoever holds a transcription and its recording holds the transcription first."""
    row = titled(alice, "as it came")
    user_id, row_id, seq, recording_id = alice.id, row.id, row.seq, row.recording_id
    clock.advance(1)
    db.session.commit()

    def rename() -> None:
        with app.app_context():
            library.rename(tools, user_id, row_id, "a better name")
            db.session.remove()

    db.session.execute(update(Transcription).where(Transcription.seq == seq).values(message="Reading the recording"))
    with ThreadPoolExecutor(1) as pool:
        renamed = pool.submit(rename)
        until(is_waited_for, "the new title waits")
        db.session.execute(update(Recording).where(Recording.id == recording_id).values(seconds=7.0))
        db.session.commit()
        renamed.result(30)
    db.session.expire_all()
    assert (row.recording.title, row.recording.seconds) == ("a better name", 7.0)
