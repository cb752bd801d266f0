"""Long recordings at providers: slices in flight together, put together in order; what is missing is marked and tried again."""

from typing import Any

import pytest

from tests.fakes import FakeRemoteEngine, remote_engine
from tests.providers import Stage, stage
from textor.domain.job_states import Status
from textor.domain.transcript import Segment
from textor.errors import EngineError
from textor.features.recordings import library
from textor.features.transcription import control
from textor.job_queue import attention, slices

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases

SPOKEN = "monologue.flac"  # 25 s


def short_of(stage: Stage, longest: float = 7, **can: Any) -> FakeRemoteEngine:
    """A provider that takes a few seconds at once; the n-th job hears `part n`."""
    engine = remote_engine("short", max_seconds=longest, **can)
    engine.says = lambda n: [Segment(0.5, 1.5, f"part {n}")]
    engine.finished = set()
    stage.use(engine)
    return engine


def finish(engine: FakeRemoteEngine, *numbers: int) -> None:
    engine.finished = (engine.finished or set()) | {f"remote-{n}" for n in numbers}


def number(stage: Stage, row_id: str, place: int) -> int:
    """The provider's number of a slice."""
    return int((stage.slices(row_id)[place].remote_id or "").rpartition("-")[2])


def test_all_slices_are_in_flight_together(stage: Stage) -> None:
    short_of(stage)
    row_id = stage.upload(SPOKEN, engine="short")
    stage.shift()
    assert len(stage.states(row_id)) >= 4
    assert set(stage.states(row_id)) == {"remote"}


@pytest.mark.parametrize("by", ["engine", "operator"])
def test_never_more_at_once_than_the_provider_or_the_operator_allows(stage: Stage, by: str) -> None:
    engine = short_of(stage, max_in_flight=3 if by == "engine" else 90)
    stage.use(provider_concurrency=() if by == "engine" else (("short", 3),))
    row_id = stage.upload(SPOKEN, engine="short")
    most = 0
    for n in range(1, 20):
        stage.shift(6)
        most = max(most, stage.states(row_id).count("remote") if stage.slices(row_id) else 0)
        finish(engine, n)
    assert (most, stage.row(row_id).status) == (3, Status.COMPLETED)


def test_what_lands_out_of_order_is_put_together_in_order_and_in_the_recordings_time(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = stage.upload(SPOKEN, engine="short")
    stage.shift()
    cut = stage.slices(row_id)
    numbers = {one.n: number(stage, row_id, one.n) for one in cut}
    starts = [one.start for one in cut]
    for place in reversed(range(len(starts))):
        assert stage.row(row_id).status == Status.PROCESSING
        finish(engine, numbers[place])
        stage.shift(6)
    row = stage.row(row_id)
    assert row.status == Status.COMPLETED
    assert row.text == "\n".join(f"part {numbers[place]}" for place in range(len(starts)))
    assert [segment.start for segment in library.segments(row)] == [start + 0.5 for start in starts]


def test_progress_tells_how_many_parts_are_done(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = stage.upload(SPOKEN, engine="short")
    stage.shift()
    count = len(stage.states(row_id))
    finish(engine, 1)
    stage.shift(6)
    row = stage.row(row_id)
    assert row.progress == pytest.approx(100 / count)
    assert row.message == f"1 of {count} parts are done"


def test_finished_slices_are_not_asked_for_again_after_a_kill(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = stage.upload(SPOKEN, engine="short")
    stage.shift()
    count = len(stage.states(row_id))
    finish(engine, 1, 2)
    stage.shift(6)
    stage.clock.advance(6)
    slices.take(stage.tools, attention.due(stage.tools, "short", 99, starts=False))  # and then the kill
    finish(engine, *range(1, count + 1))
    stage.until_over(60)
    assert (stage.row(row_id).status, len(engine.heard)) == (Status.COMPLETED, count)
    assert engine.asked.count("remote-1") == 1


def lose(stage: Stage, engine: FakeRemoteEngine, *jobs: str) -> str:
    """A transcription of which these jobs fail for good, over."""

    def refuse(verb: str, job: str) -> None:
        if verb == "check" and job in jobs:
            raise EngineError("Too noisy to be understood.")

    engine.before_call = refuse
    finish(engine, *range(1, 30))
    row_id = stage.upload(SPOKEN, engine="short")
    stage.until_over(60)
    return row_id


def test_a_slice_that_fails_for_good_leaves_a_gap_that_is_told_and_no_error_in_the_text(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = lose(stage, engine, "remote-2")
    row = stage.row(row_id)
    (lost,) = [one for one in stage.slices(row_id) if one.state == "failed"]
    gap = {"start": lost.start, "end": lost.end, "channel": None, "error": "Too noisy to be understood."}
    assert (row.status, row.details["gaps"]) == (Status.PARTIAL, [gap])
    assert "part 1" in (row.text or "")
    assert "noisy" not in (row.text or "")
    assert (row.error or "").startswith(f"One part of {len(stage.slices(row_id))} could not be transcribed.")


def test_trying_again_asks_for_just_the_slice_that_is_missing(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = lose(stage, engine, "remote-2")
    asked, count = len(engine.heard), len(stage.slices(row_id))
    control.retry(stage.tools, stage.owner_id, row_id)
    stage.advance(row_id)
    stage.until_over(60)
    row = stage.row(row_id)
    assert (row.status, row.error, row.details) == (Status.COMPLETED, None, {})
    assert len(engine.heard) == asked + 1
    assert len((row.text or "").splitlines()) == count


def test_a_text_with_a_gap_can_be_read_while_and_after_it_is_tried_again_in_vain(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = lose(stage, engine, "remote-2")
    text = stage.row(row_id).text
    for end in (control.cancel, None):
        control.retry(stage.tools, stage.owner_id, row_id)
        engine.before_call = lambda verb, job: None
        engine.error = EngineError("Still too noisy.")
        if end:
            end(stage.tools, stage.owner_id, row_id)
        else:
            stage.advance(row_id)
            stage.until_over(60)
        assert (stage.row(row_id).status, stage.row(row_id).text) == (Status.PARTIAL, text)
        assert library.document(stage.row(row_id)).segments


def test_a_retry_that_breaks_keeps_the_text(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = lose(stage, engine, "remote-2")
    text = stage.row(row_id).text
    stage.tools.storage.delete(stage.row(row_id).recording.storage_key)
    control.retry(stage.tools, stage.owner_id, row_id)
    stage.advance(row_id)
    assert (stage.row(row_id).status, stage.row(row_id).text) == (Status.PARTIAL, text)


def test_when_all_slices_fail_so_does_the_transcription_with_the_reason(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = lose(stage, engine, *(f"remote-{n}" for n in range(1, 30)))
    row = stage.row(row_id)
    assert (row.status, row.error, row.text) == (Status.FAILED, "Too noisy to be understood.", None)
    assert {one.storage_key for one in stage.slices(row_id)} == {None}
    assert list(stage.tools.storage.files("slices/")) == []


def test_when_a_text_is_whole_the_sound_of_its_slices_is_gone_and_the_providers_copies_too(stage: Stage) -> None:
    engine = short_of(stage)
    row_id = lose(stage, engine)
    stage.shift(1)
    assert stage.row(row_id).status == Status.COMPLETED
    assert list(stage.tools.storage.files("slices/")) == []
    assert sorted(set(engine.cancelled)) == sorted(f"remote-{n + 1}" for n in range(len(engine.heard)))


def test_deleting_one_with_gaps_removes_the_sound_of_its_slices(stage: Stage) -> None:
    engine = short_of(stage, max_in_flight=1)
    row_id = stage.upload(SPOKEN, engine="short")
    stage.shift()
    assert len(list(stage.tools.storage.files("slices/"))) >= 4
    library.delete(stage.tools, stage.owner_id, row_id)
    stage.shift(stage.tools.settings.undo_seconds + 1)
    library.purge(stage.tools)
    assert list(stage.tools.storage.files("slices/")) == []
    assert engine.cancelled == ["remote-1"]


def test_speakers_of_slices_that_have_nothing_in_common_are_not_taken_for_each_other(stage: Stage) -> None:
    engine = short_of(stage)
    engine.says = lambda n: [Segment(0.5, 1.5, f"part {n}", speaker="A")]
    row_id = lose(stage, engine)
    names = [segment.speaker for segment in library.segments(stage.row(row_id))]
    assert names == ["A", *(f"A (part {n})" for n in range(2, len(names) + 1))]
    assert len(names) > 1
