"""Providers that lose jobs, adapters with bugs, engines that are gone, a store that is away: each ends in a sentence."""

from dataclasses import replace

import pytest

from tests import factories
from tests.fakes import AwayStorage, FakeEngine, FakeRemoteEngine
from tests.providers import Stage, stage
from textor.adapters.stt.port import Audio, Options, Progress, RemoteJob
from textor.domain.job_states import Status
from textor.domain.transcript import Segment, Transcript, Word
from textor.errors import EngineError, JobLost
from textor.extensions import db
from textor.features.recordings import library
from textor.features.transcription import pipeline
from textor.job_queue import attention, breakers, slices
from textor.job_queue.settling import BROKEN

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases


class OddEngine(FakeRemoteEngine):
    """A provider whose adapter has a fault."""

    name = "odd"


def test_a_job_that_the_provider_gives_up_is_begun_anew_up_to_three_in_all(stage: Stage) -> None:
    stage.provider.lost = {f"remote-{n}" for n in range(1, 10)}
    row_id = stage.upload()
    stage.until_over(200)
    row = stage.row(row_id)
    assert (row.status, row.error) == (Status.FAILED, "The provider gave the job up.")
    assert len(stage.provider.heard) == 3
    stage.shift(1)
    assert stage.provider.cancelled == ["remote-1", "remote-2", "remote-3"]


def test_a_job_that_is_lost_once_completes(stage: Stage) -> None:
    stage.provider.lost = {"remote-1"}
    row_id = stage.upload()
    stage.until_over(100)
    assert (stage.row(row_id).status, len(stage.provider.heard)) == (Status.COMPLETED, 2)


def test_a_provider_that_gives_up_at_once_is_not_asked_for_ever(stage: Stage) -> None:
    stage.provider.error = JobLost("No machine was free.")
    row_id = stage.upload()
    stage.until_over(200)
    assert (stage.row(row_id).status, len(stage.provider.heard)) == (Status.FAILED, 3)


def test_a_job_that_never_ends_fails_after_a_day_and_frees_the_lane(stage: Stage) -> None:
    stage.provider.finished = set()
    row_id, following = stage.upload(), stage.accept()
    stage.shift(0.1)
    stage.shift(3600, times=24)
    assert stage.row(row_id).status == Status.PROCESSING
    stage.shift(3600)
    row = stage.row(row_id)
    assert (row.status, row.error) == (Status.FAILED, "The provider did not finish within a day.")
    assert stage.row(following).status == Status.QUEUED
    stage.shift(1)
    assert stage.provider.cancelled == ["remote-1"]


def test_an_engine_that_is_gone_ends_in_a_sentence_whatever_its_slices_do(stage: Stage) -> None:
    waiting, remote = stage.upload(), stage.upload(owner=factories.user("Bob").id)
    (one,) = [one for one in attention.due(stage.tools, "fake_remote", 9, starts=True) if one.claim.id == remote]
    slices.change(one, state="remote", remote_id="job")
    db.session.commit()
    stage.tools = replace(stage.tools, engines={"fake": stage.tools.engines["fake"]})
    stage.shift()
    for row_id in (waiting, remote):
        row = stage.row(row_id)
        assert row.status == Status.FAILED
        assert row.error == "This Textor has no engine 'fake_remote' any more. Choose another and try again."


@pytest.mark.parametrize("job_id", ["", "x" * 256, "a\x00b"], ids=["empty", "too long", "with a NUL"])
def test_an_id_that_can_not_be_kept_is_asked_for_once_and_fails(stage: Stage, job_id: str) -> None:
    class WithOddIds(OddEngine):
        def start(self, audio: Audio, options: Options) -> Transcript | RemoteJob:
            super().start(audio, options)
            return RemoteJob(job_id)

    odd = WithOddIds()
    stage.use(odd)
    row_id = stage.upload(engine="odd")
    stage.shift()
    stage.shift(60)
    assert (stage.row(row_id).status, len(odd.heard)) == (Status.FAILED, 1)


@pytest.mark.parametrize("verb", ["start", "check"])
def test_an_adapter_that_answers_nonsense_ends_that_transcription_and_no_other(stage: Stage, verb: str) -> None:
    odd = OddEngine()
    setattr(odd, verb, lambda *_: None)
    stage.use(odd)
    row_id = stage.upload(engine="odd")
    other = stage.upload(owner=factories.user("Bob").id)
    stage.until_over(60)
    assert (stage.row(row_id).status, stage.row(row_id).error) == (Status.FAILED, BROKEN)
    assert stage.row(other).status == Status.COMPLETED


class UnkeepableEngine(OddEngine):
    """Tells something that is no JSON."""

    def check(self, job: RemoteJob, options: Options) -> Transcript | Progress:
        return Transcript([], details={"chapters": object()})


def test_a_bug_that_shows_when_an_answer_is_kept_ends_that_transcription_and_no_other(stage: Stage) -> None:
    stage.use(UnkeepableEngine())
    row_id = stage.upload(engine="odd")
    other = stage.upload(owner=factories.user("Bob").id)
    stage.until_over(60)
    assert (stage.row(row_id).status, stage.row(row_id).error) == (Status.FAILED, pipeline.SORRY)
    assert stage.row(other).status == Status.COMPLETED


def test_what_no_database_stores_does_not_cost_a_transcript(stage: Stage) -> None:
    words = (Word("e\ud83d\x00", 0, 1),)
    stage.provider.segments = [Segment(0, 1, "half an emoji \ud83d and\x00 a NUL", words, speaker="S\x00" + "p" * 99)]
    row_id = stage.upload()
    stage.until_over(60)
    row = stage.row(row_id)
    assert (row.status, row.text) == (Status.COMPLETED, "half an emoji  and a NUL")
    (segment,) = library.segments(row)
    assert segment.words == (Word("e", 0, 1),)
    assert (segment.speaker or "").startswith("Spppp")


def test_a_providers_long_and_odd_complaint_becomes_a_line(stage: Stage) -> None:
    stage.provider.error = EngineError("<html>\n\x00\x1b[31m  no  " + "x" * 10_000)
    row_id = stage.upload()
    stage.shift()
    error = stage.row(row_id).error or ""
    assert error.startswith("<html> [31m no xxx")
    assert (len(error), error[-1]) == (500, "…")


def test_the_store_away_is_no_fault_of_the_provider(stage: Stage) -> None:
    stage.use(FakeEngine(), failover_engines=("fake",))
    row_id = stage.upload()
    store, away = stage.tools.storage, AwayStorage()
    stage.tools = replace(stage.tools, storage=away)
    stage.shift(20, times=4)
    assert (stage.row(row_id).status, stage.row(row_id).engine) == (Status.PROCESSING, "fake_remote")
    assert (stage.provider.calls, breakers.is_open(stage.tools, "fake_remote")) == ([], False)
    stage.tools = replace(stage.tools, storage=store)
    stage.until_over(400)
    assert stage.row(row_id).status == Status.COMPLETED


def test_sound_that_is_gone_ends_in_a_sentence(stage: Stage) -> None:
    row_id = stage.upload()
    stage.tools.storage.delete(stage.row(row_id).recording.storage_key)
    stage.shift()
    row = stage.row(row_id)
    assert row.status == Status.FAILED
    assert row.error
    assert stage.provider.calls == []
