"""One transcription from ticket to text: at once, over a provider, cut off, broken; and the next one starts by itself."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from tests import factories
from tests.conftest import FIXTURES
from tests.fakes import FakeClock, FakeEngine
from textor import jobs
from textor.domain.job_states import Status
from textor.domain.transcript import Segment, Word
from textor.errors import EngineError, Fenced
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import control, pipeline
from textor.job_queue import lanes
from textor.models import Transcription, User
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases


@dataclass
class Stage:
    """Alice's lane with one recording of a dialogue in it."""

    tools: Toolbox
    owner_id: int

    def upload(self, engine: str = "fake", file: str = "dialogue_stereo.flac", **values: object) -> str:
        owner = db.session.get_one(User, self.owner_id)
        recording = factories.stored_recording(self.tools, owner, FIXTURES / file)
        row_id = factories.transcription(owner, recording, engine=engine, **values).id
        lanes.dispatch(self.tools, self.owner_id)
        return row_id

    def row(self, row_id: str) -> Transcription:
        db.session.expire_all()
        return db.session.scalars(select(Transcription).where(Transcription.id == row_id)).one()

    def run(self, row_id: str) -> None:
        pipeline.advance(self.tools, row_id, self.row(row_id).run_token)


@pytest.fixture
def stage(tools: Toolbox, alice: User) -> Stage:
    return Stage(tools, alice.id)


def fake(tools: Toolbox) -> FakeEngine:
    engine = tools.engines["fake"]
    assert isinstance(engine, FakeEngine)
    return engine


def test_a_recording_becomes_a_transcript(stage: Stage, tools: Toolbox) -> None:
    words = (Word("ten", 0.5, 0.9, 0.8), Word("o'clock", 0.9, 1.4, None))
    fake(tools).segments = [Segment(0.5, 1.4, " ten o'clock ", words, confidence=0.8), Segment(2, 3, "sharp", confidence=0.2)]
    row_id = stage.upload()
    stage.run(row_id)
    row = stage.row(row_id)
    assert (row.status, row.progress, row.error, row.active_for) == (Status.COMPLETED, 100.0, None, None)
    assert (row.text, row.language, row.language_confidence) == ("ten o'clock\nsharp", "en", 0.9)
    assert row.confidence == pytest.approx((0.8 * 0.9 + 0.2 * 1.0) / 1.9)
    first, second = library.segments(row)
    assert (first.text, first.words, second.text) == ("ten o'clock", words, "sharp")


def test_the_first_run_measures_the_recording(stage: Stage) -> None:
    row_id = stage.upload(file="monologue.flac")
    before = stage.row(row_id).recording.seconds
    stage.run(row_id)
    recording = stage.row(row_id).recording
    assert recording.seconds != before and recording.seconds > 5
    assert recording.peaks and not recording.is_dual_channel


def test_a_call_is_heard_channel_by_channel_in_the_order_of_time(stage: Stage, tools: Toolbox) -> None:
    fake(tools).segments = [Segment(0, 1, "early"), Segment(5, 6, "late")]
    row_id = stage.upload(diarize=True)
    stage.run(row_id)
    said = [(segment.text, segment.speaker) for segment in library.segments(stage.row(row_id))]
    assert said == [("early", "Speaker 1"), ("early", "Speaker 2"), ("late", "Speaker 1"), ("late", "Speaker 2")]


def test_a_call_without_speaker_labels_is_heard_as_one(stage: Stage, tools: Toolbox) -> None:
    row_id = stage.upload(diarize=False)
    stage.run(row_id)
    assert len(fake(tools).heard) == 1


def test_silence_is_a_success_without_words(stage: Stage, tools: Toolbox) -> None:
    row_id = stage.upload(file="silence.flac")
    stage.run(row_id)
    row = stage.row(row_id)
    assert (row.status, row.text, row.confidence) == (Status.COMPLETED, "", None)
    assert fake(tools).heard == [], "no engine is paid to listen to nothing"


def test_speech_that_nobody_understood_is_a_success_without_words(stage: Stage, tools: Toolbox) -> None:
    fake(tools).segments = []
    row_id = stage.upload()
    stage.run(row_id)
    assert (stage.row(row_id).status, stage.row(row_id).text) == (Status.COMPLETED, "")


def test_an_engines_failure_ends_with_its_sentence_and_the_next_starts(stage: Stage, tools: Toolbox) -> None:
    fake(tools).error = EngineError("The provider has no credit left.")
    row_id, following = stage.upload(), stage.upload()
    stage.run(row_id)
    assert (stage.row(row_id).status, stage.row(row_id).error) == (Status.FAILED, "The provider has no credit left.")
    assert stage.row(following).status == Status.QUEUED


def test_a_bug_in_an_engine_ends_with_a_sentence_and_not_with_its_own_words(
    stage: Stage, tools: Toolbox, caplog: pytest.LogCaptureFixture
) -> None:
    fake(tools).error = ZeroDivisionError("secret internals")
    row_id = stage.upload()
    handler = jobs.HANDLERS["transcribe"]
    with pytest.raises(ZeroDivisionError):
        handler.work(tools, row_id, 1)
    handler.give_up(tools, row_id, 1)
    row = stage.row(row_id)
    assert row.status == Status.FAILED and "secret" not in (row.error or "") and row.error == pipeline.SORRY


def test_segments_can_be_read_while_it_runs(stage: Stage, tools: Toolbox, clock: FakeClock) -> None:
    seen: list[int] = []
    row_id = stage.upload()

    def look(n: int) -> None:
        clock.advance(1)  # an engine that takes a second for each
        db.session.rollback()
        seen.append(len(library.segments(stage.row(row_id))))

    fake(tools).segments = [Segment(n, n + 1, f"s{n}") for n in range(3)]
    fake(tools).before_each = look
    stage.run(row_id)
    assert seen == [0, 1, 2]


def test_a_cancel_in_mid_run_stops_the_worker_and_keeps_the_cancel(stage: Stage, tools: Toolbox) -> None:
    row_id = stage.upload()

    def cancel(n: int) -> None:
        if n == 1:
            control.cancel(tools, stage.owner_id, row_id)

    fake(tools).before_each = cancel
    with pytest.raises(Fenced):
        stage.run(row_id)
    row = stage.row(row_id)
    assert (row.status, row.error, row.text) == (Status.CANCELLED, "Cancelled by user", None)


def test_a_run_that_starts_over_forgets_what_the_lost_one_wrote(stage: Stage, tools: Toolbox, clock: FakeClock) -> None:
    row_id = stage.upload()
    stage.run(row_id)
    control.retry(tools, stage.owner_id, row_id)
    fake(tools).segments = [Segment(0, 1, "the second time")]
    stage.run(row_id)
    assert [segment.text for segment in library.segments(stage.row(row_id))] == ["the second time"]


def test_an_engine_that_is_gone_fails_with_the_names_of_those_here(stage: Stage) -> None:
    row_id = stage.upload("gone")
    stage.run(row_id)
    row = stage.row(row_id)
    assert row.status == Status.FAILED and "sphinx" in (row.error or "")
