"""A large transcript as a file: made once, by the worker, and kept for a day."""

import uuid
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from tests.conftest import missing
from tests.fakes import FakeClock
from tests.features.recordings.export_stage import ALL, FakeFormat, ask, contents, job, transcript
from textor import jobs
from textor.adapters.exports.port import ExportOptions
from textor.errors import NotFound, Unavailable
from textor.extensions import db
from textor.features.recordings import exports, library
from textor.features.recordings.exports import Making, Ready
from textor.job_queue import tickets
from textor.models import Job, Transcription, User
from textor.models.jobs import JobState
from textor.toolbox import Toolbox


def test_a_large_one_is_handed_to_the_worker(press: Toolbox, asked: Job, fake: FakeFormat) -> None:
    assert not fake.asked
    assert (asked.kind, asked.state, asked.run_token) == ("export", JobState.QUEUED, 1)
    assert tickets.waiting(press, "exports") == [f"export-{asked.id}-1"]


@pytest.mark.both_databases
def test_and_sent_when_it_is_ready(press: Toolbox, asked: Job, long: Transcription) -> None:
    ready = worked(press, long, asked)
    assert contents(ready) == b"Hello there, this is long.\nAnd it goes on."
    assert isinstance(ready, Ready)
    assert ready.filename == "Meeting.fake"
    assert (job().state, job().progress, job().attempts) == (JobState.COMPLETED, 100.0, 1)


def test_it_can_be_fetched_again_and_again(press: Toolbox, asked: Job, long: Transcription, fake: FakeFormat) -> None:
    exports.make_export(press, asked.id)
    assert contents(ask(press, long)) == contents(ask(press, long))
    assert len(fake.asked) == 1


def test_asking_again_while_it_is_made_makes_no_second_one(press: Toolbox, asked: Job, long: Transcription) -> None:
    assert ask(press, long) == Making(asked.id, 0.0)
    assert len(tickets.waiting(press, "exports")) == 1


def test_two_tickets_make_it_once(press: Toolbox, asked: Job, fake: FakeFormat) -> None:
    exports.make_export(press, asked.id)
    exports.make_export(press, asked.id)
    assert len(fake.asked) == 1


def test_other_options_are_another_file(press: Toolbox, asked: Job, long: Transcription) -> None:
    other = ask(press, long, options=ExportOptions(speakers=False))
    assert isinstance(other, Making)
    assert other.job_id != asked.id


def test_a_changed_text_or_title_is_another_file(press: Toolbox, asked: Job, long: Transcription, clock: FakeClock) -> None:
    clock.advance(1)
    library.rename(press, long.user_id, long.id, "Another title")
    other = ask(press, long)
    assert isinstance(other, Making)
    assert other.job_id != asked.id


def test_a_lost_ticket_is_written_anew(press: Toolbox, asked: Job, long: Transcription, clock: FakeClock) -> None:
    press.redis.flushdb()
    ask(press, long)
    assert tickets.waiting(press, "exports") == []
    clock.advance(30)
    ask(press, long)
    assert tickets.waiting(press, "exports") == [f"export-{asked.id}-2"]


def test_without_redis_it_waits(away: Toolbox, long: Transcription, fake: FakeFormat) -> None:
    made = exports.export(replace(away, formats={"fake": fake}), long.user_id, long.id, "fake", ALL)
    assert made == Making(job().id, 0.0)


def worked(press: Toolbox, row: Transcription, asked: Job) -> Ready | Making:
    """What the owner gets after the worker's turn, which takes the session's rows with it."""
    user_id, transcription_id = row.user_id, row.id
    jobs.run("export", asked.id)
    return exports.export(press, user_id, transcription_id, "fake", ALL)


def taken(asked: Job, clock: FakeClock, **values: object) -> None:
    """A worker has the job since now."""
    asked.state, asked.run_token, asked.updated_at = JobState.RUNNING, 2, clock.now()
    for name, value in values.items():
        setattr(asked, name, value)
    db.session.commit()


def test_a_job_whose_worker_died_is_made_again(press: Toolbox, asked: Job, long: Transcription, clock: FakeClock) -> None:
    taken(asked, clock)
    clock.advance(179)
    ask(press, long)
    assert job().state == JobState.RUNNING
    clock.advance(1)
    ask(press, long)
    exports.make_export(press, asked.id)
    assert contents(ask(press, long))


def test_the_worker_taken_for_dead_changes_nothing(press: Toolbox, asked: Job, fake: FakeFormat) -> None:
    def given_to_another() -> None:
        db.session.execute(update(Job).values(run_token=9, state=JobState.RUNNING))
        db.session.commit()

    fake.meanwhile = given_to_another
    exports.make_export(press, asked.id)
    assert (job().state, job().run_token) == (JobState.RUNNING, 9)


def test_a_job_that_kills_its_workers_is_given_up(press: Toolbox, asked: Job, long: Transcription, clock: FakeClock) -> None:
    taken(asked, clock, attempts=3)
    clock.advance(180)
    ask(press, long)
    with pytest.raises(Unavailable, match="its worker stopped several times"):
        ask(press, long)


def test_why_it_failed_is_said_for_a_minute_then_it_is_tried_again(
    press: Toolbox, asked: Job, long: Transcription, fake: FakeFormat, clock: FakeClock
) -> None:
    fake.error = Unavailable("The server has no font for it.")
    exports.make_export(press, asked.id)
    clock.advance(59)
    with pytest.raises(Unavailable, match="no font") as refused:
        ask(press, long)
    assert 0 < refused.value.retry_after <= 2
    clock.advance(2)
    assert isinstance(ask(press, long), Making)
    fake.error = None
    exports.make_export(press, asked.id)
    assert contents(ask(press, long))


def test_a_worker_that_breaks_leaves_a_sentence_and_no_file(
    press: Toolbox, asked: Job, long: Transcription, fake: FakeFormat
) -> None:
    fake.error = RuntimeError("secret detail")
    with pytest.raises(Unavailable) as refused:
        worked(press, long, asked)
    assert "secret" not in refused.value.message
    assert list(press.settings.incoming_dir.iterdir()) == []


def test_a_transcript_deleted_meanwhile_ends_its_job(press: Toolbox, asked: Job, long: Transcription) -> None:
    library.delete(press, long.user_id, long.id)
    exports.make_export(press, asked.id)
    assert job().state == JobState.FAILED


def test_a_file_that_the_store_lost_is_made_again(press: Toolbox, asked: Job, long: Transcription) -> None:
    exports.make_export(press, asked.id)
    press.storage.delete(f"exports/{asked.id}")
    assert isinstance(ask(press, long), Making)
    exports.make_export(press, asked.id)
    assert contents(ask(press, long))


def test_an_unknown_job_is_nothing(press: Toolbox, alice: User) -> None:
    exports.make_export(press, str(uuid.uuid4()))


def test_files_are_kept_for_a_day(press: Toolbox, asked: Job, clock: FakeClock) -> None:
    exports.make_export(press, asked.id)
    key = f"exports/{asked.id}"
    clock.advance(24 * 3600)
    assert exports.sweep_exports(press) == 0
    clock.advance(1)
    assert exports.sweep_exports(press) == 1
    assert db.session.scalar(select(func.count()).select_from(Job)) == 0
    with pytest.raises(NotFound):
        press.storage.size(key)


def test_files_of_a_deleted_transcript_go_at_the_next_sweep(press: Toolbox, asked: Job, long: Transcription) -> None:
    exports.make_export(press, asked.id)
    library.delete(press, long.user_id, long.id)
    assert exports.sweep_exports(press) == 1


def test_the_sweep_leaves_other_jobs_alone(press: Toolbox, alice: User, clock: FakeClock) -> None:
    db.session.add(Job(id=str(uuid.uuid4()), kind="download_model", created_at=clock.now(), updated_at=clock.now()))
    db.session.commit()
    clock.advance(10 * 24 * 3600)
    assert exports.sweep_exports(press) == 0


def test_a_real_pdf_of_a_long_transcript_is_made_by_the_worker(press: Toolbox, alice: User) -> None:
    if press.formats["pdf"].missing():
        missing("what PDF needs (Pango)")
    row = transcript(alice, *(["این یک جملهٔ فارسی است. " * 10] * 100), title="گزارش جلسه")
    assert isinstance(ask(press, row, "pdf"), Making)
    exports.make_export(press, job().id)
    ready = ask(press, row, "pdf")
    assert contents(ready).startswith(b"%PDF")
    assert isinstance(ready, Ready)
    assert ready.filename == "گزارش جلسه.pdf"
