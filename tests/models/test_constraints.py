"""What the database itself refuses, on SQLite and on PostgreSQL, whatever the code above it does."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import delete, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from tests import factories
from textor.domain.job_states import ACTIVE, Status
from textor.extensions import db
from textor.models import ApiKey, Charge, Job, Recording, SegmentRow, Speaker, Transcription, User

pytestmark = pytest.mark.both_databases
NOW = factories.NOW


@pytest.fixture
def alice(app: APIFlask) -> User:
    return factories.user("Alice")


def refused(row: Any) -> bool:
    """Whether the database refuses this row."""
    db.session.add(row)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return True
    return False


def job(**values: Any) -> Job:
    return Job(**({"id": "j1", "kind": "export", "created_at": NOW, "updated_at": NOW} | values))


def changed(row: Transcription, **values: Any) -> bool:
    """Whether the database lets this row become so."""
    try:
        db.session.execute(update(Transcription).where(Transcription.seq == row.seq).values(**values))
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    return True


def test_one_user_has_one_active_transcription(alice: User) -> None:
    first, second = factories.transcription(alice), factories.transcription(alice)
    assert changed(first, status=Status.PROCESSING, active_for=alice.id)
    assert not changed(second, status=Status.QUEUED, active_for=alice.id)
    assert changed(first, status=Status.COMPLETED, active_for=None)
    assert changed(second, status=Status.QUEUED, active_for=alice.id)


def test_two_users_are_active_side_by_side(alice: User) -> None:
    bob = factories.user("Bob")
    assert changed(factories.transcription(alice), status=Status.QUEUED, active_for=alice.id)
    assert changed(factories.transcription(bob), status=Status.QUEUED, active_for=bob.id)


def test_nobody_occupies_somebody_elses_lane(alice: User) -> None:
    bob = factories.user("Bob")
    assert not changed(factories.transcription(alice), status=Status.QUEUED, active_for=bob.id)


@pytest.mark.parametrize("status", list(Status))
def test_the_lane_is_occupied_exactly_while_a_transcription_is_active(alice: User, status: Status) -> None:
    row = factories.transcription(alice)
    assert changed(row, status=status, active_for=alice.id) is (status in ACTIVE)
    assert changed(row, status=status, active_for=None) is (status not in ACTIVE)


@pytest.mark.parametrize("values", [{"status": "lost"}, {"progress": -0.1}, {"progress": 100.1}])
def test_a_transcription_outside_its_bounds_is_refused(alice: User, values: dict[str, Any]) -> None:
    assert not changed(factories.transcription(alice), **values)


@pytest.mark.parametrize("values", [{"size_bytes": 0}, {"seconds": -1.0}])
def test_a_recording_outside_its_bounds_is_refused(alice: User, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        factories.recording(alice, **values)


@pytest.mark.parametrize("values", [{"state": "lost"}, {"progress": 101.0}])
def test_a_job_outside_its_bounds_is_refused(app: APIFlask, values: dict[str, Any]) -> None:
    assert refused(job(**values))


def test_the_same_work_is_one_job(app: APIFlask) -> None:
    assert not refused(job(dedupe_key="export 1 pdf"))
    assert refused(job(id="j2", dedupe_key="export 1 pdf"))
    assert not refused(job(id="j3"))
    assert not refused(job(id="j4"))


def test_names_and_addresses_are_taken_once(alice: User) -> None:
    facts = {"username": "x", "session_token": "t", "created_at": NOW}
    assert refused(User(username_key=alice.username_key, **facts))
    assert refused(User(username_key="x", email_key=alice.email_key, **facts))
    assert refused(User(username_key="x", role="king", **facts))
    assert not refused(User(username_key="x", **facts))


def test_a_user_takes_everything_of_theirs_along(alice: User) -> None:
    row = factories.transcription(alice)
    speaker = Speaker(transcription_seq=row.seq, label="A")
    db.session.add(speaker)
    db.session.flush()
    db.session.add(SegmentRow(transcription_seq=row.seq, n=0, start=0, end=1, text="hello", speaker_id=speaker.id))
    db.session.add(ApiKey(user_id=alice.id, name="n", prefix="tx_", key_hash="h", created_at=NOW))
    db.session.add(job(user_id=alice.id))
    db.session.commit()
    db.session.execute(delete(User).where(User.id == alice.id))
    db.session.commit()
    assert {
        kind: db.session.query(kind).count() for kind in (Recording, Transcription, Speaker, SegmentRow, ApiKey, Job)
    } == dict.fromkeys((Recording, Transcription, Speaker, SegmentRow, ApiKey, Job), 0)


def test_a_segment_outlives_its_speaker(alice: User) -> None:
    row = factories.transcription(alice)
    speaker = Speaker(transcription_seq=row.seq, label="A")
    db.session.add(speaker)
    db.session.flush()
    segment = SegmentRow(transcription_seq=row.seq, n=0, start=0, end=1, text="hello", speaker_id=speaker.id)
    db.session.add(segment)
    db.session.commit()
    db.session.execute(delete(Speaker))
    db.session.commit()
    assert segment.speaker_id is None


def test_a_charge_outlives_its_transcription_and_goes_with_its_user(alice: User) -> None:
    row = factories.transcription(alice)
    charge = Charge(user_id=alice.id, transcription_seq=row.seq, engine="fake", seconds=60.0, usd=0.1, at=NOW)
    db.session.add(charge)
    db.session.commit()
    db.session.execute(delete(Transcription))
    db.session.commit()
    assert charge.transcription_seq is None
    db.session.execute(delete(User))
    db.session.commit()
    assert db.session.query(Charge).count() == 0


def test_a_segments_number_and_a_speakers_label_are_taken_once(alice: User) -> None:
    row = factories.transcription(alice)
    for _ in range(2):
        is_second = bool(_)
        assert refused(SegmentRow(transcription_seq=row.seq, n=0, start=0, end=1, text="hello")) is is_second
        assert refused(Speaker(transcription_seq=row.seq, label="A")) is is_second


def test_a_recording_needs_its_user(app: APIFlask) -> None:
    with pytest.raises(IntegrityError):
        factories.recording(User(id=4711))


def test_a_deleted_last_rows_number_is_never_given_again(alice: User) -> None:
    row = factories.transcription(alice)
    gone = row.seq
    db.session.delete(row)
    db.session.commit()
    assert factories.transcription(alice).seq > gone


def test_a_time_comes_back_to_the_microsecond_in_utc(alice: User) -> None:
    tehran = timezone(timedelta(hours=3, minutes=30))
    alice.last_login_at = datetime(2026, 11, 20, 15, 30, 0, 123_456, tehran)
    db.session.commit()
    assert alice.last_login_at == datetime(2026, 11, 20, 12, 0, 0, 123_456, UTC)
    assert alice.last_login_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(alice: User) -> None:
    alice.last_login_at = datetime(2026, 11, 20)  # noqa: DTZ001 - the zone is what is missing
    with pytest.raises(StatementError, match="without a zone"):
        db.session.commit()
    db.session.rollback()


def test_no_time_stays_none(alice: User) -> None:
    db.session.expire(alice)
    assert alice.last_login_at is None
    assert db.session.execute(text("SELECT last_login_at FROM users")).scalar_one() is None
