"""A transcript as a file: small ones at once, large ones by the worker, each made once and kept for a day."""

import uuid
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.fakes import FakeClock
from textor import jobs
from textor.adapters.exports.port import ExportFormat, ExportOptions
from textor.domain.job_states import Status
from textor.domain.transcript import Document
from textor.errors import InvalidInput, NotFound, Unavailable, WrongState
from textor.extensions import db
from textor.features.recordings import exports, library
from textor.features.recordings.exports import Making, Ready
from textor.job_queue import tickets
from textor.models import Job, SegmentRow, Speaker, Transcription, User
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

ALL = ExportOptions()


@dataclass
class FakeFormat(ExportFormat):
    """A heavy one that writes down what it was asked to write."""

    error: Exception | None = None
    lacking: str | None = None
    asked: list[tuple[Document, ExportOptions]] = field(default_factory=list)

    name = "fake"
    title = "Fake"
    media_type = "application/x-fake"
    is_heavy = True
    large_characters = 20

    def missing(self) -> str | None:
        return self.lacking

    def write(self, document: Document, options: ExportOptions, out: BinaryIO) -> None:
        self.asked.append((document, options))
        if self.error:
            raise self.error
        out.write("\n".join(segment.text for segment in document.segments).encode())


@pytest.fixture
def fake() -> FakeFormat:
    return FakeFormat()


@pytest.fixture
def tools(tools: Toolbox, fake: FakeFormat) -> Toolbox:
    return replace(tools, formats={**tools.formats, "fake": fake})


def transcript(owner: User, *said: str, title: str = "Meeting") -> Transcription:
    row = factories.transcription(owner, factories.recording(owner, title=title), status=Status.COMPLETED, language="en")
    speaker = Speaker(transcription_seq=row.seq, label="A", name="Ann")
    db.session.add(speaker)
    db.session.flush()
    for n, text in enumerate(said):
        values = {"n": n, "start": n * 2.0, "end": n * 2.0 + 1, "text": text, "speaker_id": speaker.id, "words": []}
        db.session.add(SegmentRow(transcription_seq=row.seq, **values))
    db.session.commit()
    return row


@pytest.fixture
def short(alice: User) -> Transcription:
    return transcript(alice, "Hello there.")


@pytest.fixture
def long(alice: User) -> Transcription:
    return transcript(alice, "Hello there, this is long.", "And it goes on.")


def contents(ready: Ready | Making) -> bytes:
    assert isinstance(ready, Ready)
    with ready.open() as file:
        data = file.read()
    assert len(data) == ready.size_bytes
    return data


def job() -> Job:
    db.session.expire_all()
    return db.session.scalars(select(Job)).one()


def ask(tools: Toolbox, row: Transcription, name: str = "fake", options: ExportOptions = ALL) -> Ready | Making:
    return exports.export(tools, row.user_id, row.id, name, options)


@pytest.fixture
def asked(tools: Toolbox, long: Transcription) -> Job:
    """A large export somebody waits for."""
    assert isinstance(ask(tools, long), Making)
    return job()


def test_a_small_one_is_made_at_once(tools: Toolbox, short: Transcription) -> None:
    ready = ask(tools, short)
    assert contents(ready) == b"Hello there."
    assert isinstance(ready, Ready)
    assert (ready.filename, ready.media_type) == ("Meeting.fake", "application/x-fake")
    assert db.session.scalar(select(func.count()).select_from(Job)) == 0


@pytest.mark.both_databases
def test_every_format_is_offered_and_made(tools: Toolbox, short: Transcription) -> None:
    for name, kind in tools.formats.items():
        if not kind.missing():
            assert contents(ask(tools, short, name))


def test_a_light_format_is_made_at_once_however_long(tools: Toolbox, alice: User) -> None:
    assert len(contents(ask(tools, transcript(alice, "word " * 20_000), "txt"))) > 90_000


def test_the_options_reach_the_format(tools: Toolbox, short: Transcription, fake: FakeFormat) -> None:
    assert contents(ask(tools, short, options=ExportOptions(speakers=False, timestamps=False)))
    document, options = fake.asked[0]
    assert options == ExportOptions(speakers=False, timestamps=False)
    assert document.speakers == ("Ann",)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ALL),
        ({"speakers": "false"}, ExportOptions(speakers=False)),
        ({"timestamps": "0"}, ExportOptions(timestamps=False)),
        ({"speakers": "NO", "timestamps": "on"}, ExportOptions(speakers=False)),
    ],
)
def test_options_are_read_from_a_query(query: dict[str, str], expected: ExportOptions) -> None:
    assert exports.read_options(query) == expected


def test_an_option_that_is_neither_true_nor_false_is_refused() -> None:
    with pytest.raises(InvalidInput, match="timestamps must be true or false"):
        exports.read_options({"timestamps": "maybe"})


def test_an_unknown_format_is_told_what_there_is(tools: Toolbox, short: Transcription) -> None:
    with pytest.raises(NotFound, match="Available: txt, docx, pdf, srt, vtt, md, csv, json, fake"):
        ask(tools, short, "exe")


def test_bob_cannot_take_alices_transcript_away(tools: Toolbox, short: Transcription, bob: User) -> None:
    with pytest.raises(NotFound, match="no such transcript"):
        exports.export(tools, bob.id, short.id, "txt", ALL)


@pytest.mark.parametrize("status", [Status.PENDING, Status.FAILED, Status.CANCELLED])
def test_what_is_not_finished_can_not_be_downloaded(tools: Toolbox, alice: User, status: Status) -> None:
    with pytest.raises(WrongState, match="no text to download yet"):
        ask(tools, factories.transcription(alice, status=status))


def test_what_the_server_lacks_is_said(tools: Toolbox, short: Transcription, fake: FakeFormat) -> None:
    fake.lacking = "Fakes need glue. Install glue."
    with pytest.raises(Unavailable, match="Install glue"):
        ask(tools, short)


def test_a_format_that_fails_leaves_no_open_file(tools: Toolbox, short: Transcription, fake: FakeFormat) -> None:
    fake.error = Unavailable("No font.")
    with pytest.raises(Unavailable, match="No font"):
        ask(tools, short)


def test_a_large_one_is_handed_to_the_worker(tools: Toolbox, asked: Job, fake: FakeFormat) -> None:
    assert not fake.asked
    assert (asked.kind, asked.state, asked.run_token) == ("export", JobState.QUEUED, 1)
    assert tickets.waiting(tools, "exports") == [f"export-{asked.id}-1"]


@pytest.mark.both_databases
def test_and_sent_when_it_is_ready(tools: Toolbox, asked: Job, long: Transcription) -> None:
    ready = worked(tools, long, asked)
    assert contents(ready) == b"Hello there, this is long.\nAnd it goes on."
    assert isinstance(ready, Ready)
    assert ready.filename == "Meeting.fake"
    assert (job().state, job().progress, job().attempts) == (JobState.COMPLETED, 100.0, 1)


def test_it_can_be_fetched_again_and_again(tools: Toolbox, asked: Job, long: Transcription, fake: FakeFormat) -> None:
    exports.make_export(tools, asked.id)
    assert contents(ask(tools, long)) == contents(ask(tools, long))
    assert len(fake.asked) == 1


def test_asking_again_while_it_is_made_makes_no_second_one(tools: Toolbox, asked: Job, long: Transcription) -> None:
    assert ask(tools, long) == Making(asked.id, 0.0)
    assert len(tickets.waiting(tools, "exports")) == 1


def test_two_tickets_make_it_once(tools: Toolbox, asked: Job, fake: FakeFormat) -> None:
    exports.make_export(tools, asked.id)
    exports.make_export(tools, asked.id)
    assert len(fake.asked) == 1


def test_other_options_are_another_file(tools: Toolbox, asked: Job, long: Transcription) -> None:
    other = ask(tools, long, options=ExportOptions(speakers=False))
    assert isinstance(other, Making)
    assert other.job_id != asked.id


def test_a_changed_text_or_title_is_another_file(tools: Toolbox, asked: Job, long: Transcription, clock: FakeClock) -> None:
    clock.advance(1)
    library.rename(tools, long.user_id, long.id, "Another title")
    other = ask(tools, long)
    assert isinstance(other, Making)
    assert other.job_id != asked.id


def test_a_lost_ticket_is_written_anew(tools: Toolbox, asked: Job, long: Transcription, clock: FakeClock) -> None:
    tools.redis.flushdb()
    ask(tools, long)
    assert tickets.waiting(tools, "exports") == []
    clock.advance(30)
    ask(tools, long)
    assert tickets.waiting(tools, "exports") == [f"export-{asked.id}-2"]


def test_without_redis_it_waits(away: Toolbox, long: Transcription, fake: FakeFormat) -> None:
    made = exports.export(replace(away, formats={"fake": fake}), long.user_id, long.id, "fake", ALL)
    assert made == Making(job().id, 0.0)


def worked(tools: Toolbox, row: Transcription, asked: Job) -> Ready | Making:
    """What the owner gets after the worker's turn, which takes the session's rows with it."""
    user_id, transcription_id = row.user_id, row.id
    jobs.run("export", asked.id)
    return exports.export(tools, user_id, transcription_id, "fake", ALL)


def taken(asked: Job, clock: FakeClock, **values: object) -> None:
    """A worker has the job since now."""
    asked.state, asked.run_token, asked.updated_at = JobState.RUNNING, 2, clock.now()
    for name, value in values.items():
        setattr(asked, name, value)
    db.session.commit()


def test_a_job_whose_worker_died_is_made_again(tools: Toolbox, asked: Job, long: Transcription, clock: FakeClock) -> None:
    taken(asked, clock)
    clock.advance(179)
    ask(tools, long)
    assert job().state == JobState.RUNNING
    clock.advance(1)
    ask(tools, long)
    exports.make_export(tools, asked.id)
    assert contents(ask(tools, long))


def test_the_worker_taken_for_dead_changes_nothing(tools: Toolbox, asked: Job, fake: FakeFormat) -> None:
    def meanwhile_given_to_another(document: Document, options: ExportOptions, out: BinaryIO) -> None:
        db.session.execute(Job.__table__.update().values(run_token=9, state=JobState.RUNNING))  # type: ignore[attr-defined]
        db.session.commit()

    fake.write = meanwhile_given_to_another  # type: ignore[method-assign]
    exports.make_export(tools, asked.id)
    assert (job().state, job().run_token) == (JobState.RUNNING, 9)


def test_a_job_that_kills_its_workers_is_given_up(tools: Toolbox, asked: Job, long: Transcription, clock: FakeClock) -> None:
    taken(asked, clock, attempts=3)
    clock.advance(180)
    ask(tools, long)
    with pytest.raises(Unavailable, match="its worker stopped several times"):
        ask(tools, long)


def test_why_it_failed_is_said_for_a_minute_then_it_is_tried_again(
    tools: Toolbox, asked: Job, long: Transcription, fake: FakeFormat, clock: FakeClock
) -> None:
    fake.error = Unavailable("The server has no font for it.")
    exports.make_export(tools, asked.id)
    clock.advance(59)
    with pytest.raises(Unavailable, match="no font") as refused:
        ask(tools, long)
    assert 0 < refused.value.retry_after <= 2
    clock.advance(2)
    assert isinstance(ask(tools, long), Making)
    fake.error = None
    exports.make_export(tools, asked.id)
    assert contents(ask(tools, long))


def test_a_worker_that_breaks_leaves_a_sentence_and_no_file(
    tools: Toolbox, asked: Job, long: Transcription, fake: FakeFormat
) -> None:
    fake.error = RuntimeError("secret detail")
    with pytest.raises(Unavailable) as refused:
        worked(tools, long, asked)
    assert "secret" not in refused.value.message
    assert list(tools.settings.incoming_dir.iterdir()) == []


def test_a_transcript_deleted_meanwhile_ends_its_job(tools: Toolbox, asked: Job, long: Transcription) -> None:
    library.delete(tools, long.user_id, long.id)
    exports.make_export(tools, asked.id)
    assert job().state == JobState.FAILED


def test_a_file_that_the_store_lost_is_made_again(tools: Toolbox, asked: Job, long: Transcription) -> None:
    exports.make_export(tools, asked.id)
    tools.storage.delete(f"exports/{asked.id}")
    assert isinstance(ask(tools, long), Making)
    exports.make_export(tools, asked.id)
    assert contents(ask(tools, long))


def test_an_unknown_job_is_nothing(tools: Toolbox, alice: User) -> None:
    exports.make_export(tools, str(uuid.uuid4()))


def test_files_are_kept_for_a_day(tools: Toolbox, asked: Job, clock: FakeClock) -> None:
    exports.make_export(tools, asked.id)
    key = f"exports/{asked.id}"
    clock.advance(24 * 3600)
    assert exports.sweep_exports(tools) == 0
    clock.advance(1)
    assert exports.sweep_exports(tools) == 1
    assert db.session.scalar(select(func.count()).select_from(Job)) == 0
    with pytest.raises(NotFound):
        tools.storage.size(key)


def test_files_of_a_deleted_transcript_go_at_the_next_sweep(tools: Toolbox, asked: Job, long: Transcription) -> None:
    exports.make_export(tools, asked.id)
    library.delete(tools, long.user_id, long.id)
    assert exports.sweep_exports(tools) == 1


def test_the_sweep_leaves_other_jobs_alone(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    db.session.add(Job(id=str(uuid.uuid4()), kind="download_model", created_at=clock.now(), updated_at=clock.now()))
    db.session.commit()
    clock.advance(10 * 24 * 3600)
    assert exports.sweep_exports(tools) == 0


def test_a_real_pdf_of_a_long_transcript_is_made_by_the_worker(tools: Toolbox, alice: User) -> None:
    from tests.conftest import missing

    if tools.formats["pdf"].missing():
        missing("what PDF needs (Pango)")
    row = transcript(alice, *(["این یک جملهٔ فارسی است. " * 10] * 100), title="گزارش جلسه")
    assert isinstance(ask(tools, row, "pdf"), Making)
    exports.make_export(tools, job().id)
    ready = ask(tools, row, "pdf")
    assert contents(ready).startswith(b"%PDF")
    assert isinstance(ready, Ready)
    assert ready.filename == "گزارش جلسه.pdf"
