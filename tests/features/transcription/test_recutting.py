"""An engine that takes less than it said gets shorter slices: nothing is asked for twice that was heard, no word is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import update

from tests.fakes import FakeRemoteEngine
from tests.providers import Stage, stage
from textor.adapters.stt.port import Audio, Capabilities, Options, Progress, RemoteJob
from textor.domain.job_states import Status
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError, TooLong
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import recutting
from textor.job_queue import attention, slices
from textor.job_queue.slices import Taken
from textor.jobs import GuardedCrew
from textor.models import Recording, Slice

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases

SPOKEN = "monologue.flac"  # 25 s


@dataclass
class Picky(FakeRemoteEngine):
    """Takes what `takes` allows; says that it takes `accepted` seconds. Its text is where each of its pieces begins."""

    accepted: float = 6
    takes: Callable[[float], bool] = lambda seconds: seconds <= 6.1
    lengths: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    is_slow: bool = False

    name = "picky"
    capabilities = Capabilities(languages=None, max_seconds=20)

    def start(self, audio: Audio, options: Options) -> Transcript | RemoteJob:
        self._called("start", "")
        if not self.takes(audio.seconds):
            self.refused.append(audio.seconds)
            raise TooLong("Picky takes less at once.", seconds=self.accepted)
        self.lengths.append(audio.seconds)
        if self.is_slow:
            return RemoteJob(f"job-{len(self.lengths)}")
        middle = audio.seconds / 2
        return Transcript([Segment(middle, middle + 0.4, f"piece of {audio.seconds:.2f} s")], language="en")

    def check(self, job: RemoteJob, options: Options) -> Transcript | Progress:
        return Transcript([Segment(0.1, 0.5, job.id)], language="en")


@pytest.fixture
def picky(stage: Stage) -> Picky:
    engine = Picky()
    stage.use(engine)
    return engine


def uploaded(stage: Stage, file: str = SPOKEN, **values: Any) -> str:
    return stage.upload(file, engine="picky", **values)


def taken(stage: Stage) -> list[Taken]:
    """What a shift has in hand that is killed, or slow."""
    return slices.take(stage.tools, attention.due(stage.tools, "picky", 99, starts=True))


def assert_covers(stage: Stage, row_id: str, longest: float) -> None:
    cut = stage.slices(row_id)
    assert [one.n for one in cut] == list(range(len(cut)))
    assert (cut[0].start, cut[-1].end) == (0, stage.row(row_id).recording.seconds)
    for before, after in pairwise(cut):
        assert after.start + after.overlap == pytest.approx(before.end)
    assert all(one.end - one.start <= longest + 0.1 for one in cut if one.state == "waiting")


def test_a_recording_that_is_too_long_is_cut_up_and_heard_whole(stage: Stage, picky: Picky) -> None:
    row_id = uploaded(stage)
    stage.use(delete_at_provider=False)  # the slices stay to be looked at
    stage.until_over(60)
    row = stage.row(row_id)
    assert (row.status, row.error, row.details.get("gaps")) == (Status.COMPLETED, None, None)
    assert_covers(stage, row_id, 6)
    assert len(picky.lengths) == len(library.segments(row)) == len(stage.slices(row_id)) >= 5
    assert sum(picky.lengths) >= 25


def test_the_refusal_is_no_attempt_and_the_place_in_the_lane_is_kept(stage: Stage, picky: Picky) -> None:
    row_id, following = uploaded(stage), stage.accept(engine="picky")
    stage.shift()
    row = stage.row(row_id)
    assert (row.status, row.attempts, row.is_with_shift) == (Status.QUEUED, 1, False)
    assert stage.row(following).status == Status.PENDING


def test_what_was_heard_is_kept_and_never_asked_for_again(stage: Stage, picky: Picky) -> None:
    row_id = uploaded(stage)
    first = stage.slices(row_id)[0].end
    picky.takes = lambda seconds: seconds == first or seconds <= 6.1
    stage.until_over(60)
    row = stage.row(row_id)
    assert (row.status, picky.lengths.count(first)) == (Status.COMPLETED, 1)
    assert row.text and row.text.splitlines()[0] == f"piece of {first:.2f} s"
    assert sum(picky.lengths) == pytest.approx(row.recording.seconds, abs=4)


def test_a_job_that_the_provider_has_goes_on_while_the_rest_is_cut(stage: Stage, picky: Picky) -> None:
    picky.is_slow = True
    row_id = uploaded(stage)
    first = stage.slices(row_id)[0].end
    picky.takes = lambda seconds: seconds == first or seconds <= 6.1
    stage.shift()
    assert stage.states(row_id) == ["remote", "waiting"]
    stage.advance(row_id)
    assert stage.states(row_id)[0] == "remote"
    assert_covers(stage, row_id, 6)
    stage.until_over(60)
    row = stage.row(row_id)
    assert (row.status, len(picky.lengths)) == (Status.COMPLETED, len(library.segments(row)))
    assert row.text and row.text.startswith("job-1\n")


def test_pieces_begin_and_end_where_their_slice_did(stage: Stage, picky: Picky) -> None:
    """Also where two slices overlap, and where there is a little less sound than the recording says."""
    row_id = uploaded(stage)
    _, last = stage.slices(row_id)
    start = last.start - 2
    db.session.execute(update(Slice).where(Slice.id == last.id).values(start=start, overlap=2.0, end=last.end + 0.3))
    db.session.execute(update(Recording).values(seconds=Recording.seconds + 0.3))
    db.session.commit()
    crew = GuardedCrew(stage.tools)
    assert all(crew.failed(one, TooLong("Picky takes less at once.", seconds=6)) for one in taken(stage))
    stage.advance(row_id)
    assert_covers(stage, row_id, 6.3)
    assert len(stage.slices(row_id)) > 4
    assert [one.overlap for one in stage.slices(row_id) if one.start == start] == [2.0]


def test_an_engine_that_refuses_what_it_said_it_takes_gets_half_of_that(stage: Stage, picky: Picky) -> None:
    picky.accepted, picky.takes = 60, lambda seconds: seconds <= 7
    row_id = uploaded(stage)
    stage.until_over(60)
    assert (stage.row(row_id).status, max(picky.lengths) <= 7) == (Status.COMPLETED, True)


def test_an_engine_that_takes_nothing_at_all_is_given_up(stage: Stage, picky: Picky) -> None:
    picky.takes = lambda seconds: False
    row_id = uploaded(stage)
    stage.until_over(300)
    row = stage.row(row_id)
    assert (row.status, row.error) == (Status.FAILED, "Picky takes less at once.")
    assert min(picky.refused) >= recutting.SHORTEST_SECONDS / 2
    assert len(picky.refused) < 40


def test_the_sides_of_a_call_are_cut_up_apart(stage: Stage, picky: Picky) -> None:
    row_id = uploaded(stage, "dialogue_stereo.flac", diarize=True)
    seconds = stage.slices(row_id)[-1].end
    stage.use(delete_at_provider=False)
    stage.until_over(60)
    assert stage.row(row_id).status == Status.COMPLETED
    for channel in (0, 1):
        cut = [one for one in stage.slices(row_id) if one.channel == channel]
        assert len(cut) > 1
        assert (cut[0].start, cut[-1].end) == (0, seconds)
    assert len({tuple(one.start for one in stage.slices(row_id) if one.channel == channel) for channel in (0, 1)}) == 2
    assert {segment.speaker for segment in library.segments(stage.row(row_id))} == {"Speaker 1", "Speaker 2"}


def test_a_job_refused_for_its_length_when_it_is_looked_at_is_deleted_there(stage: Stage, picky: Picky) -> None:
    picky.is_slow, picky.takes = True, lambda seconds: True
    row_id = uploaded(stage)
    stage.shift()
    stage.clock.advance(6)
    looks = slices.take(stage.tools, attention.due(stage.tools, "picky", 9, starts=False))
    refused = looks[0]
    GuardedCrew(stage.tools).failed(refused, TooLong("Picky takes less at once.", seconds=6))
    found = next((one.state, one.remote_id) for one in stage.slices(row_id) if one.n == refused.n)
    assert found == ("waiting", None)
    stage.until_over(90)
    stage.shift(1)
    assert stage.row(row_id).status == Status.COMPLETED
    assert refused.remote_id in picky.cancelled


def test_a_refusal_for_length_is_an_answer_and_no_outage() -> None:
    refusal = TooLong("Too long.", seconds=50)
    assert isinstance(refusal, EngineError)
    assert (refusal.retryable, refusal.is_lost, refusal.seconds) == (False, False, 50)
