"""Into which slices a recording is divided; on this machine each is a checkpoint and a turn."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from tests import factories
from tests.conftest import FIXTURES
from tests.fakes import FakeEngine, FakeRemoteEngine, remote_engine
from tests.providers import Stage, stage
from textor.adapters.audio import convert, encoding
from textor.adapters.stt.port import Audio, Capabilities, Options, RemoteJob
from textor.domain.job_states import Status
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import pipeline, planning
from textor.job_queue import reconciler, tickets
from textor.models import Recording, Slice

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases

SPOKEN = "monologue.flac"  # 25 s


class ListeningEngine(FakeEngine):
    """On this machine: says how many seconds it was given, and how many it has been given so far."""

    lengths: list[float]

    def start(self, audio: Audio, options: Options) -> Transcript | RemoteJob:
        self.heard.append(options)
        if self.error:
            raise self.error
        self.lengths = [*getattr(self, "lengths", []), audio.seconds]
        self.before_each(len(self.lengths))
        return Transcript([Segment(0.5, 1.0, f"slice {len(self.lengths)}")], language="en")


class TimelessEngine(FakeEngine):
    """On this machine: says how many seconds it was given, without times."""

    name = "timeless"
    capabilities = Capabilities(segment_times=False, runs_locally=True)

    def start(self, audio: Audio, options: Options) -> Transcript | RemoteJob:
        return Transcript([Segment(0, 0, f"{audio.seconds:.1f} s")])


@pytest.fixture
def long(tmp_path: Path) -> str:
    """A recording of 90 seconds, with a pause before every thirtieth."""
    samples = np.concatenate(list(convert.blocks(FIXTURES / "dialogue_mono.flac")))
    encoding.write([samples] * 3, tmp_path / "long.flac")
    return str(tmp_path / "long.flac")


def local(stage: Stage, longest: float = 5) -> ListeningEngine:
    engine = ListeningEngine()
    stage.use(engine)
    stage.tools = replace(stage.tools, settings=replace(stage.tools.settings, slice_minutes=longest / 60))  # type: ignore[arg-type]  # seconds, for a short test
    return engine


def planned(stage: Stage, **can: Any) -> tuple[str, FakeRemoteEngine]:
    engine = remote_engine("planned", **can)
    stage.use(engine)
    return stage.upload(SPOKEN, engine="planned"), engine


def test_a_provider_without_limits_gets_the_recording_itself(stage: Stage) -> None:
    row_id, _ = planned(stage)
    (one,) = stage.slices(row_id)
    assert (one.start, one.end, one.storage_key) == (0, stage.row(row_id).recording.seconds, None)


def test_slices_cover_the_recording_and_none_is_longer_than_the_provider_takes(stage: Stage) -> None:
    row_id, _ = planned(stage, max_seconds=7)
    cut = stage.slices(row_id)
    assert cut[0].start == 0
    assert cut[-1].end == pytest.approx(stage.row(row_id).recording.seconds, abs=0.01)
    assert all(one.end - one.start <= 7 for one in cut)
    for before, after in pairwise(cut):
        assert after.start + after.overlap == pytest.approx(before.end)
    assert len({one.storage_key for one in cut} - {None}) == len(cut)


def test_no_file_is_larger_than_the_provider_takes(stage: Stage) -> None:
    row_id, _ = planned(stage, max_bytes=40_000)
    sizes = [stage.tools.storage.size(one.storage_key or "") for one in stage.slices(row_id)]
    assert len(sizes) > 1
    assert max(sizes) <= 40_000


def test_a_recording_that_is_only_too_large_goes_as_one_compressed_file(stage: Stage) -> None:
    row_id, _ = planned(stage, max_bytes=200_000, formats=frozenset({"flac", "opus", "mp3"}))
    (one,) = stage.slices(row_id)
    assert (one.start, one.end) == (0, stage.row(row_id).recording.seconds)
    assert (one.storage_key or "").endswith(".opus")


def test_a_recording_that_is_smaller_than_textor_would_make_it_goes_as_it_is(stage: Stage) -> None:
    stage.use(remote_engine("planned", max_bytes=40_000))
    row_id = stage.accept(SPOKEN, engine="planned")
    stage.row(row_id).recording.size_bytes = 39_000
    db.session.commit()
    stage.advance(row_id)
    assert [one.storage_key for one in stage.slices(row_id)] == [None]


def test_a_recording_in_a_format_that_the_provider_does_not_take_is_converted(stage: Stage) -> None:
    row_id, engine = planned(stage, formats=frozenset({"mp3"}))
    (one,) = stage.slices(row_id)
    assert (one.storage_key or "").endswith(".mp3")
    stage.shift()
    assert [name.suffix for name in engine.paths] == [".mp3"]


def test_the_recording_itself_goes_out_under_a_name_that_fits_it(stage: Stage) -> None:
    row_id, engine = planned(stage, formats=frozenset({"wav"}))
    assert stage.slices(row_id)[0].storage_key is None
    stage.shift()
    assert [name.suffix for name in engine.paths] == [".wav"]


def test_an_engine_without_times_hears_short_pieces_and_each_is_timed_by_its_piece(stage: Stage, long: str) -> None:
    engine = remote_engine("planned", segment_times=False)
    engine.segments, engine.polls = (Segment(0, 0, "all that was said"),), 0
    stage.use(engine)
    row_id = stage.upload(long, engine="planned")
    pieces = [(one.start, one.end) for one in stage.slices(row_id)]
    assert len(pieces) == 3
    assert all(end - start <= 30 for start, end in pieces)
    stage.until_over(60)
    assert [(one.start, one.end) for one in library.segments(stage.row(row_id))] == pieces


def test_the_pieces_of_an_engine_without_times_leave_silence_out(stage: Stage, long: str) -> None:
    stage.use(remote_engine("planned", segment_times=False))
    row_id = stage.accept(long, engine="planned")
    recording = stage.row(row_id).recording
    recording.seconds, recording.peaks = 88.8, bytes([0] * 222 + [200] * 666)  # nothing in the first 22 seconds
    db.session.commit()
    stage.advance(row_id)
    assert stage.slices(row_id)[0].start == pytest.approx(22.2 - planning.AIR_SECONDS)


def test_an_engine_without_times_on_this_machine_hears_short_pieces_too(stage: Stage, long: str) -> None:
    stage.use(TimelessEngine())
    row_id = stage.upload(long, engine="timeless")
    heard = library.segments(stage.row(row_id))
    assert len(heard) == 3
    assert [one.text for one in heard] == [f"{one.end - one.start:.1f} s" for one in heard]


@pytest.mark.parametrize("can", [{"channels": True, "max_bytes": 1_000_000}, {"channels": True}], ids=["converted", "as it is"])
def test_a_call_keeps_its_sides_apart_where_it_is_converted(stage: Stage, can: dict[str, Any]) -> None:
    """What Textor writes has one channel."""
    engine = remote_engine("planned", **can)
    stage.use(engine)
    row_id = stage.accept("dialogue_stereo.flac", engine="planned", diarize=True)
    row = stage.row(row_id)
    row.recording.size_bytes = 2_000_000
    db.session.commit()
    stage.advance(row_id)
    assert [one.channel for one in stage.slices(row_id)] == ([0, 1] if "max_bytes" in can else [None])
    stage.shift()
    assert [options.diarize for options in engine.heard] == ([False, False] if "max_bytes" in can else [True])


def test_a_call_goes_as_two_jobs_to_a_provider_that_can_not_tell_channels_apart(stage: Stage) -> None:
    engine = remote_engine("planned")
    engine.finished = {"remote-1", "remote-2"}
    stage.use(engine)
    row_id = stage.upload("dialogue_stereo.flac", engine="planned", diarize=True)
    db.session.execute(update(Recording).values(is_dual_channel=True))
    assert [one.channel for one in stage.slices(row_id)] == [0, 1]
    stage.until_over(60)
    row = stage.row(row_id)
    assert {segment.speaker for segment in library.segments(row)} == {"Speaker 1", "Speaker 2"}
    assert [options.diarize for options in engine.heard] == [False, False]


def test_a_plan_is_made_once(stage: Stage) -> None:
    row_id, _ = planned(stage, max_seconds=7)
    before = [(one.id, one.storage_key) for one in stage.slices(row_id)]
    stage.clock.advance(60)
    db.session.execute(update(Slice).values(due_at=None))
    db.session.commit()
    reconciler.reconcile(stage.tools)
    stage.advance(row_id)
    assert [(one.id, one.storage_key) for one in stage.slices(row_id)] == before


def test_a_little_longer_than_a_slice_is_one_slice_on_this_machine(stage: Stage) -> None:
    engine = local(stage, 20)
    row_id = stage.upload(SPOKEN, engine="fake")
    assert (stage.row(row_id).status, len(engine.heard)) == (Status.COMPLETED, 1)


def test_a_run_killed_in_its_third_slice_does_not_hear_the_first_two_again(stage: Stage) -> None:
    engine = local(stage)

    def kill(n: int) -> None:
        if n == 3:
            raise KeyboardInterrupt

    engine.before_each = kill
    row_id = stage.accept(SPOKEN, engine="fake")
    with pytest.raises(KeyboardInterrupt):
        stage.advance(row_id)
    db.session.remove()
    count = len(stage.slices(row_id))
    assert stage.states(row_id)[:3] == ["completed", "completed", "waiting"]
    assert [segment.text for segment in library.segments(stage.row(row_id))] == ["slice 1", "slice 2"]
    engine.before_each = lambda n: None
    stage.clock.advance(60)
    reconciler.reconcile(stage.tools)
    stage.advance(row_id)
    row = stage.row(row_id)
    assert (row.status, len(engine.heard)) == (Status.COMPLETED, count + 1)
    assert (row.text or "").splitlines()[:3] == ["slice 1", "slice 2", "slice 4"]
    assert [segment.text for segment in library.segments(row)] == (row.text or "").splitlines()


def test_long_recordings_of_two_are_heard_slice_by_slice_in_turns(stage: Stage) -> None:
    local(stage)
    alices = stage.accept(SPOKEN, engine="fake")
    bobs = stage.accept(owner=factories.user("Bob").id, engine="fake")
    turns = []
    while waiting := tickets.waiting(stage.tools, "speech"):
        turns.append(waiting[0].split("-", 1)[1][:36])
        stage.advance(turns[-1])
    assert turns[:4] == [alices, bobs, alices, bobs]
    assert {stage.row(row_id).status for row_id in (alices, bobs)} == {Status.COMPLETED}


def test_a_single_file_waits_for_one_slice_of_anothers_at_most(stage: Stage) -> None:
    engine = local(stage, 10)
    alices = stage.accept(SPOKEN, engine="fake")
    bobs = stage.accept(owner=factories.user("Bob").id, engine="fake")
    stage.advance(alices)
    assert (stage.row(alices).status, len(engine.heard)) == (Status.QUEUED, 1)
    stage.advance(bobs)
    assert stage.row(bobs).status == Status.COMPLETED


def test_what_was_heard_can_be_read_while_the_rest_waits_its_turn(stage: Stage) -> None:
    local(stage)
    row_id = stage.accept(SPOKEN, engine="fake")
    stage.accept(owner=factories.user("Bob").id, engine="fake")
    stage.advance(row_id)
    assert [segment.text for segment in library.segments(stage.row(row_id))] == ["slice 1"]


def test_a_part_that_can_not_be_heard_on_this_machine_is_a_gap_among_others(stage: Stage) -> None:
    engine = local(stage)

    def refuse(n: int) -> None:
        if n == 2:
            raise EngineError("This part broke the decoder.")

    engine.before_each = refuse
    row_id = stage.upload(SPOKEN, engine="fake")
    row = stage.row(row_id)
    assert row.status == Status.PARTIAL
    assert stage.states(row_id).count("failed") == 1
    assert "decoder" not in (row.text or "")


def test_a_bug_in_a_local_engine_ends_in_a_sentence(stage: Stage) -> None:
    engine = local(stage)
    engine.error = ZeroDivisionError()
    row_id = stage.accept(SPOKEN, engine="fake")
    with pytest.raises(ZeroDivisionError):
        stage.advance(row_id)
    pipeline.give_up(stage.tools, row_id, stage.row(row_id).run_token)
    assert (stage.row(row_id).status, stage.row(row_id).error) == (Status.FAILED, pipeline.SORRY)
