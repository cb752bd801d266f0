"""Recordings through the pipeline and a shift with Scribe's engine and the emulator of MetisAI."""

from collections.abc import Iterator

import pytest

from tests import factories
from tests.adapters.stt.test_scribe import KEY, at
from tests.emulators.provider import serving
from tests.emulators.scribe import Scribe
from tests.providers import Stage, stage
from tests.stage import alice, clock, tools
from textor.domain.job_states import Status
from textor.domain.transcript import Segment
from textor.features.recordings import library

__all__ = ["alice", "clock", "stage", "tools"]


@pytest.fixture
def provider() -> Iterator[Scribe]:
    with serving(Scribe(KEY)) as emulator:
        yield emulator


@pytest.fixture
def scribe(stage: Stage, provider: Scribe) -> Stage:
    """A stage with Scribe as one of its engines."""
    stage.use(at(provider.url))
    return stage


def segments(stage: Stage, row_id: str) -> list[Segment]:
    return list(library.segments(stage.row(row_id)))


@pytest.mark.parametrize("delivers", ["content", "json"])
def test_a_text_without_times_lasts_as_long_as_its_recording(scribe: Stage, provider: Scribe, delivers: str) -> None:
    provider.delivers = delivers
    row_id = scribe.upload("sample.flac", engine="scribe")
    assert scribe.until_over(60) < 60
    row, told = scribe.row(row_id), segments(scribe, row_id)
    (job,) = provider.jobs.values()
    assert (row.status, row.remote_id, row.details) == (Status.COMPLETED, job.id, {"usage": {"cost": 0.25}})
    assert [(one.text, one.start, one.end) for one in told] == [
        (" ".join(word.text for word in provider.script(job.data)), 0.0, row.recording.seconds)
    ]


def test_times_of_words_are_kept_where_they_come(scribe: Stage, provider: Scribe) -> None:
    provider.delivers = "object"
    row_id = scribe.upload("sample.flac", engine="scribe")
    assert scribe.until_over(60) < 60
    told = segments(scribe, row_id)
    (job,) = provider.jobs.values()
    assert [(word.text, word.start) for one in told for word in one.words] == [
        (word.text, word.start) for word in provider.script(job.data)
    ]
    assert len(told) > 1
    assert all(one.start == one.words[0].start and one.end == one.words[-1].end for one in told)


def test_several_peoples_recordings_are_under_way_at_once(scribe: Stage, provider: Scribe) -> None:
    provider.seconds = 3600
    owners = [factories.user(f"User {n}").id for n in range(3)]
    ids = [scribe.upload("sample.flac", owner=owner, engine="scribe") for owner in owners]
    scribe.shift(1, times=4)
    assert len(provider.jobs) == 3
    provider.finish()
    assert scribe.until_over(120) < 120
    assert {scribe.row(row_id).status for row_id in ids} == {Status.COMPLETED}
    assert provider.count("submit") == 3


def test_no_credit_is_said_and_not_tried_again(scribe: Stage, provider: Scribe) -> None:
    provider.balance = 0.1
    row_id = scribe.upload("sample.flac", engine="scribe")
    scribe.shift(60, times=3)
    row = scribe.row(row_id)
    assert (row.status, provider.count("submit")) == (Status.FAILED, 1)
    assert row.error == "The MetisAI account has no credit left. Ask the operator to top it up."


def test_an_order_whose_answer_was_lost_is_not_made_again(scribe: Stage, provider: Scribe) -> None:
    provider.fail(on="submit", calls=1, body="<html>", is_done_first=True)
    row_id = scribe.upload("sample.flac", engine="scribe")
    scribe.shift(60, times=3)
    row = scribe.row(row_id)
    assert (row.status, len(provider.jobs)) == (Status.FAILED, 1)
    assert row.error == "MetisAI took the recording, but did not say under which number."


def test_a_busy_provider_is_asked_again_and_paid_once(scribe: Stage, provider: Scribe) -> None:
    provider.fail(on="submit", calls=2, status=429, retry_after=20)
    provider.fail(on="check", calls=1, status=503)
    row_id = scribe.upload("sample.flac", engine="scribe")
    assert scribe.until_over(15) >= 15
    assert scribe.until_over(600, step=5) < 600
    assert (scribe.row(row_id).status, len(provider.jobs)) == (Status.COMPLETED, 1)


def test_a_job_that_metisai_gives_up_is_begun_anew(scribe: Stage, provider: Scribe) -> None:
    provider.fail(on="job", calls=1, error="Internal server error")
    row_id = scribe.upload("sample.flac", engine="scribe")
    assert scribe.until_over(120) < 120
    assert (scribe.row(row_id).status, len(provider.jobs)) == (Status.COMPLETED, 2)
