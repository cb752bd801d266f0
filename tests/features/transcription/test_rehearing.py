"""A worker hears one stretch anew: which sound it gives to which engine, what comes of it and costs, and that nothing is left."""

from dataclasses import replace

import numpy as np
import pytest
from apiflask import APIFlask
from sqlalchemy import delete, func, select

from tests.fakes import FakeClock, FakeRemoteEngine
from tests.features.transcription.rehearsal import Ear, charges, ear, job, of_file, of_transcript, paid, row, stored, tools, turn
from textor.adapters.audio import convert, probe, slicing
from textor.adapters.audio.probe import Limits
from textor.adapters.stt.port import PCM_RATE, Audio, Options
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError
from textor.extensions import db
from textor.features.recordings import library, sample
from textor.features.transcription import rehearing
from textor.features.transcription.retranslate import Wish
from textor.job_queue import background, healing
from textor.models import Discard, SegmentRow, Transcription, User
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

__all__ = ["ear", "paid", "row", "tools"]


def test_the_stretch_and_nothing_else_is_heard(tools: Toolbox, row: Transcription, ear: Ear) -> None:
    done = turn(tools, of_transcript(tools, row))
    assert done.state == JobState.COMPLETED
    assert done.result == {
        "segment_id": "7",
        "text": "سلام world",
        "confidence": pytest.approx(0.6),
        "speaker": "Ann",
        "model_used": "ear",
    }
    assert np.array_equal(ear.sounds[0], slicing.cut(sample.FILE, 0.5, 1.25))


def test_nothing_of_the_transcript_is_changed(tools: Toolbox, row: Transcription) -> None:
    before = library.segments(row), row.version, row.updated_at, row.text
    turn(tools, of_transcript(tools, row))
    db.session.refresh(row)
    assert (library.segments(row), row.version, row.updated_at, row.text) == before


def test_whoever_speaks_for_most_of_the_time_is_the_speaker(tools: Toolbox, row: Transcription) -> None:
    assert turn(tools, of_transcript(tools, row, 0.9, 2.0)).result["speaker"] == "B"


def test_where_the_transcript_has_nobody_nobody_is_the_speaker(tools: Toolbox, row: Transcription) -> None:
    db.session.execute(delete(SegmentRow).where(SegmentRow.n == 1))
    db.session.commit()
    assert turn(tools, of_transcript(tools, row, 1.5, 2.5)).result["speaker"] is None


def test_a_stretch_of_a_file_is_heard_and_the_file_goes(tools: Toolbox, alice: User, ear: Ear) -> None:
    begun = of_file(tools, alice)
    assert stored(tools) == 1
    assert turn(tools, begun).result["text"] == "سلام world"
    assert np.array_equal(ear.sounds[0], slicing.cut(sample.FILE, 0.5, 1.25))
    assert stored(tools) == 0 and list(tools.settings.incoming_dir.iterdir()) == []


def test_a_failure_that_may_pass_is_tried_again_by_itself(tools: Toolbox, alice: User, ear: Ear, clock: FakeClock) -> None:
    ear.error, begun = EngineError("Busy.", retryable=True), of_file(tools, alice)
    assert turn(tools, begun).state == JobState.QUEUED
    ear.error = None
    clock.advance(10)
    healing.heal(tools)
    assert turn(tools, begun).state == JobState.COMPLETED


def test_a_provider_gets_a_file_of_a_kind_that_it_takes(tools: Toolbox, alice: User) -> None:
    lengths: list[tuple[str, float]] = []
    given = tools.engines["prompt"]

    def start(audio: Audio, options: Options) -> Transcript:
        kind = probe.probe(audio.path, Limits()).container
        lengths.append((f"{kind}{audio.path.suffix}", sum(len(block) for block in convert.blocks(audio.path)) / PCM_RATE))
        return Transcript([Segment(0, 1, "heard", speaker="X")])

    given.start = start  # type: ignore[method-assign]  # a test's own
    done = turn(tools, of_file(tools, alice, Wish("7", 0.5, 1.25, "prompt")))
    assert (done.result["text"], done.result["speaker"]) == ("heard", "X")
    assert [(ending, round(seconds, 1)) for ending, seconds in lengths] == [("mp3.mp3", 0.8)]


def test_a_provider_that_takes_its_time_is_looked_after_and_nobody_sleeps(
    tools: Toolbox, row: Transcription, paid: FakeRemoteEngine, clock: FakeClock
) -> None:
    begun = of_transcript(tools, row, model_name="paid")
    assert (turn(tools, begun).state, job(begun).result["remote_id"]) == (JobState.QUEUED, "remote-1")
    for _ in range(paid.polls):
        clock.advance(5)
        assert healing.heal(tools) == 1
        turn(tools, begun)
    assert (job(begun).state, job(begun).attempts, paid.calls) == (JobState.COMPLETED, 1, ["start", "check", "check"])
    assert [(one.engine, one.remote_id) for one in db.session.scalars(select(Discard))] == [("paid", "remote-1")]


def test_a_provider_that_never_ends_is_given_up_and_told_so(
    tools: Toolbox, alice: User, paid: FakeRemoteEngine, clock: FakeClock
) -> None:
    paid.finished = set()
    begun = of_file(tools, alice, Wish("7", 0.5, 1.25, "paid"))
    turn(tools, begun)
    clock.advance(rehearing.PATIENCE.total_seconds() + 1)
    assert (turn(tools, begun).state, job(begun).error) == (JobState.FAILED, rehearing.TOO_LONG)
    assert db.session.scalar(select(func.count()).select_from(Discard)) == 1
    assert (stored(tools), charges()) == (0, [])


def test_a_job_that_the_provider_lost_is_ordered_anew(
    tools: Toolbox, alice: User, paid: FakeRemoteEngine, clock: FakeClock
) -> None:
    paid.lost = {"remote-1"}
    begun = of_file(tools, alice, Wish("7", 0.5, 1.25, "paid"))
    for _ in range(3):
        turn(tools, begun)
    assert job(begun).result["remote_id"] == "remote-2"


def test_what_was_heard_is_charged_to_its_transcript(
    tools: Toolbox, row: Transcription, paid: FakeRemoteEngine, alice: User
) -> None:
    paid.polls = 0
    for begun in (of_transcript(tools, row, model_name="paid"), of_file(tools, alice, Wish("7", 1.0, 2.0, "paid"))):
        turn(tools, begun)
        turn(tools, begun)
    assert charges() == [(row.seq, "paid", 0.75, pytest.approx(0.0075)), (None, "paid", 1.0, pytest.approx(0.01))]
    db.session.refresh(row)
    assert row.cost_usd == pytest.approx(0.0075)


def test_a_budget_that_is_used_up_meanwhile_is_found_before_the_provider_is_asked(
    app: APIFlask, tools: Toolbox, alice: User, paid: FakeRemoteEngine
) -> None:
    begun = of_file(tools, alice, Wish("7", 0.5, 1.25, "paid"))
    alice.monthly_budget = 0.0
    db.session.commit()
    assert (turn(tools, begun).state, paid.calls, stored(tools)) == (JobState.FAILED, [], 0)


def test_a_transcript_that_is_deleted_meanwhile_is_not_listened_to(tools: Toolbox, row: Transcription, ear: Ear) -> None:
    begun = of_transcript(tools, row)
    library.delete(tools, row.user_id, row.id)
    assert (turn(tools, begun).state, ear.sounds) == (JobState.FAILED, [])


def test_an_engine_that_is_gone_ends_the_job(tools: Toolbox, alice: User, app: APIFlask) -> None:
    begun = of_file(tools, alice)
    run = background.claim(tools, begun.job_id, 1)
    assert run
    with pytest.raises(EngineError, match="not set up any more"):
        rehearing.carry(replace(tools, engines={}), run)
