"""Several engines hear one recording: each has its own place in the lane, and nothing is asked or paid for twice."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from apiflask import APIFlask

from tests import factories
from tests.conftest import FIXTURES
from tests.fakes import FakeClock, remote_engine
from textor.domain.job_states import Status
from textor.domain.transcript import Segment
from textor.errors import InvalidInput, NotFound, OverBudget
from textor.extensions import db
from textor.features.recordings import library
from textor.features.recordings.filtering import Filters
from textor.features.transcription import comparing, segments
from textor.features.transcription.comparing import Other
from textor.models import Recording, Transcription, User
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases

REMOTE = Other("fake_remote")


@pytest.fixture
def base(alice: User) -> Transcription:
    """Alice's transcript of a recording."""
    row = factories.transcription(alice, status=Status.COMPLETED, requested_language="en", diarize=True)
    segments.replace_all(row.seq, [Segment(0, 1, "hello there")])
    db.session.commit()
    return row


def of(base: Transcription) -> list[Transcription]:
    db.session.rollback()
    db.session.expire_all()
    return comparing.rows(base.user_id, base.recording_id)


def heard(row: Transcription, text: str) -> None:
    row.status, row.active_for, row.text = Status.COMPLETED, None, text
    segments.replace_all(row.seq, [Segment(0, 1, text)])
    db.session.commit()


def test_others_hear_the_same_recording_with_the_same_wishes(tools: Toolbox, base: Transcription) -> None:
    assert comparing.begin(tools, base.user_id, base.id, [REMOTE, Other("sphinx")]) == base.recording_id
    _, remote, sphinx = of(base)
    assert (remote.engine, remote.requested_language, remote.diarize) == ("fake_remote", "en", True)
    assert (remote.status, sphinx.status) == (Status.QUEUED, Status.PENDING)  # one at a time, as ever


def test_asking_twice_orders_once(tools: Toolbox, base: Transcription) -> None:
    for _ in range(2):
        comparing.begin(tools, base.user_id, base.id, [REMOTE, REMOTE, Other("fake")])
    assert [row.engine for row in of(base)] == ["fake", "fake_remote"]


def test_of_two_that_ask_at_the_same_moment_one_orders(app: APIFlask, tools: Toolbox, base: Transcription) -> None:
    meet, user_id, base_id = threading.Barrier(2), base.user_id, base.id
    db.session.rollback()

    def ask() -> None:
        with app.app_context():
            meet.wait(10)
            comparing.begin(tools, user_id, base_id, [REMOTE])
            db.session.remove()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [row.engine for row in of(base)] == ["fake", "fake_remote"]


def test_one_that_has_failed_is_asked_again(tools: Toolbox, base: Transcription, alice: User) -> None:
    failed = factories.transcription(alice, base.recording, engine="fake_remote", status=Status.FAILED, error="Out of breath.")
    comparing.begin(tools, alice.id, base.id, [REMOTE])
    assert [row.id for row in of(base)] == [base.id, failed.id]
    assert of(base)[1].status == Status.QUEUED


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([], "one or two"),
        ([Other("fake"), Other("fake_remote"), Other("sphinx")], "one or two"),
        ([REMOTE, Other("nobody")], "There is no engine"),
        ([REMOTE, Other("assemblyai")], "ASSEMBLYAI_API_KEY"),
        ([REMOTE, Other("fake", "large")], "no model"),
    ],
)
def test_a_choice_that_cannot_be_honoured_orders_nothing(
    tools: Toolbox, base: Transcription, others: list[Other], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        comparing.begin(tools, base.user_id, base.id, others)
    assert of(base) == [base]


def test_one_that_has_failed_stays_so_where_another_has_the_text(tools: Toolbox, base: Transcription, alice: User) -> None:
    """Two of one engine: one of them was tried again with that engine."""
    for status in (Status.FAILED, Status.COMPLETED):
        factories.transcription(alice, base.recording, engine="fake_remote", status=status)
    comparing.begin(tools, base.user_id, base.id, [REMOTE])
    assert [row.status for row in of(base)] == [Status.COMPLETED, Status.FAILED, Status.COMPLETED]


def test_of_two_that_have_failed_one_is_asked_again(tools: Toolbox, base: Transcription, alice: User) -> None:
    for _ in range(2):
        factories.transcription(alice, base.recording, engine="fake_remote", status=Status.FAILED)
    comparing.begin(tools, base.user_id, base.id, [REMOTE])
    assert [row.status for row in of(base)] == [Status.COMPLETED, Status.FAILED, Status.QUEUED]


def test_a_default_that_is_named_is_the_same_as_one_that_is_not(tools: Toolbox, base: Transcription) -> None:
    default = tools.engines["whisper"].models()[0].name
    for other in ([Other("whisper"), Other("whisper", default)], [Other("whisper", default)]):
        comparing.begin(tools, base.user_id, base.id, other)
    assert [row.engine for row in of(base)] == ["fake", "whisper"]


def test_the_budget_covers_all_or_none_is_asked(tools: Toolbox, base: Transcription) -> None:
    paid = {name: remote_engine(name, usd_per_hour=1800.0) for name in ("dear", "dearer")}  # two seconds: one dollar
    tools = replace(tools, engines={**tools.engines, **paid}, settings=replace(tools.settings, monthly_budget=1.5))
    with pytest.raises(OverBudget):
        comparing.begin(tools, base.user_id, base.id, [Other("dear"), Other("dearer")])
    assert of(base) == [base]
    comparing.begin(tools, base.user_id, base.id, [Other("dear")])
    assert len(of(base)) == 2


def test_hints_go_to_those_who_take_them_and_of_the_others_it_is_said(tools: Toolbox, base: Transcription) -> None:
    base.vocabulary, base.speaker_count = ["Textor"], 2
    db.session.commit()
    attentive = remote_engine("attentive", vocabulary=True, speaker_count=True)
    tools = replace(tools, engines={**tools.engines, "attentive": attentive})
    comparing.begin(tools, base.user_id, base.id, [Other("attentive"), REMOTE])
    assert [(row.vocabulary, row.speaker_count) for row in of(base)[1:]] == [(["Textor"], 2), ([], None)]
    columns = comparing.shown(base.user_id, base.recording_id).columns
    assert [column.has_no_hints for column in columns] == [False, False, True]


def test_bob_can_neither_ask_nor_look(tools: Toolbox, base: Transcription, bob: User) -> None:
    with pytest.raises(NotFound):
        comparing.begin(tools, bob.id, base.id, [REMOTE])
    with pytest.raises(NotFound):
        comparing.shown(bob.id, base.recording_id)
    assert len(of(base)) == 1


def test_side_by_side_they_tell_words_agreement_and_time(tools: Toolbox, base: Transcription) -> None:
    comparing.begin(tools, base.user_id, base.id, [REMOTE])
    assert comparing.compare(comparing.shown(base.user_id, base.recording_id)).found is None
    other = of(base)[1]
    other.started_at, other.finished_at = factories.NOW, factories.NOW + timedelta(seconds=7)
    heard(other, "hello here dear")
    shown = comparing.compare(comparing.shown(base.user_id, base.recording_id)).shown
    assert [(column.words, column.seconds) for column in shown.columns] == [(2, None), (3, 7.0)]
    assert shown.columns[1].agreement == pytest.approx(2 / 5)


def test_who_stands_beside_whom_can_be_chosen(tools: Toolbox, base: Transcription, alice: User) -> None:
    more = [factories.transcription(alice, base.recording, status=Status.COMPLETED) for _ in range(3)]
    shown = comparing.shown(alice.id, base.recording_id)
    assert [column.row.id for column in shown.columns] == [base.id, more[1].id, more[2].id]
    shown = comparing.shown(alice.id, base.recording_id, more[0].id, [base.id, "unknown"])
    assert [column.row.id for column in shown.columns] == [more[0].id, base.id]
    assert len(shown.rows) == 4


def test_the_version_changes_with_what_is_shown(base: Transcription, alice: User) -> None:
    other = factories.transcription(alice, base.recording, status=Status.COMPLETED)
    before = comparing.shown(alice.id, base.recording_id).version
    assert comparing.shown(alice.id, base.recording_id).version == before
    other.updated_at += timedelta(seconds=1)
    db.session.commit()
    assert comparing.shown(alice.id, base.recording_id).version != before


def test_the_sound_stays_while_another_transcription_of_it_does(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    recording = factories.stored_recording(tools, alice, FIXTURES / "sample.flac")
    both = [factories.transcription(alice, recording, status=Status.COMPLETED) for _ in range(2)]
    for row, is_left in zip(both, (True, False), strict=True):
        library.delete(tools, alice.id, row.id)
        clock.advance(tools.settings.undo_seconds + 1)
        assert library.purge(tools) == 1
        assert (db.session.get(Recording, recording.id) is not None) == is_left
        assert bool(list(tools.storage.files("recordings/"))) == is_left


def test_both_are_listed_found_and_named_by_their_engines(base: Transcription, alice: User) -> None:
    other = factories.transcription(alice, base.recording, engine="fake_remote", status=Status.COMPLETED, text="general")
    factories.spoken(other, "general")
    assert {row.engine for row in library.page(alice.id, Filters()).rows} == {"fake", "fake_remote"}
    found = library.page(alice.id, Filters(text="general")).rows
    assert [row.id for row in found] == [other.id]
    assert library.document(other).engine == "fake_remote"
