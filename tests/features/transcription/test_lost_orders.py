"""A kill between an order and its commit: the next start goes on with the job, and nothing is paid for twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.fakes import FakeRemoteEngine
from tests.providers import Stage, stage
from textor.adapters.stt.port import Audio, Held, Model, Options, RemoteJob
from textor.domain.job_states import Status
from textor.domain.transcript import Transcript
from textor.errors import EngineError
from textor.features.transcription import control, orphans
from textor.job_queue import attention, slices
from textor.jobs import GuardedCrew

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases

ENGINE = "listing"


@dataclass
class Listing(FakeRemoteEngine):
    """A provider that lists its jobs by what they were ordered by."""

    listed: list[Held] = field(default_factory=list)

    name = ENGINE

    def start(self, audio: Audio, options: Options) -> Transcript | RemoteJob:
        assert options.orders
        known = options.orders.unanswered()
        left = next((one for one in self.listed if one.reference in known), None)
        if left:
            return RemoteJob(left.id, reference=left.reference)
        reference = f"upload-{len(self.listed)}"
        options.orders.add(reference)
        job = super().start(audio, options)
        assert isinstance(job, RemoteJob)
        self.listed.append(Held(job.id, reference))
        return RemoteJob(job.id, reference=reference)

    def models(self) -> Sequence[Model]:
        return [Model("small", "Small"), Model("large", "Large")]

    def held(self) -> Sequence[Held]:
        return self.listed


def away(verb: str, job: str) -> None:
    raise EngineError("Away.", retryable=True)


def killed_at_start(stage: Stage) -> None:
    """A shift asks the provider and never comes to write down its answer."""
    crew = GuardedCrew(stage.tools)
    for one in slices.take(stage.tools, attention.due(stage.tools, ENGINE, 9, starts=True)):
        crew.ask(one)


def test_the_next_start_goes_on_with_the_job(stage: Stage) -> None:
    provider = Listing()
    stage.use(provider)
    row_id = stage.upload(engine=ENGINE)
    killed_at_start(stage)
    stage.shift(stage.tools.settings.lease_seconds + 1)
    assert [one.remote_id for one in stage.slices(row_id)] == ["remote-1"]
    assert stage.until_over(60) < 60
    assert (stage.row(row_id).status, len(provider.listed)) == (Status.COMPLETED, 1)
    assert not stage.tools.redis.hlen(f"textor:orders:{ENGINE}")


def test_a_run_that_was_cancelled_leaves_its_job_to_the_sweep(stage: Stage) -> None:
    provider = Listing()
    stage.use(provider)
    row_id = stage.upload(engine=ENGINE)
    killed_at_start(stage)
    control.cancel(stage.tools, stage.owner_id, row_id)
    control.retry(stage.tools, stage.owner_id, row_id)
    stage.advance(row_id)
    stage.shift(1)
    assert [one.remote_id for one in stage.slices(row_id)] == ["remote-2"]
    assert orphans.sweep(stage.tools) == 1
    stage.until_over(60)
    assert "remote-1" in provider.cancelled


def test_a_run_with_another_model_goes_on_with_no_job_of_the_last(stage: Stage) -> None:
    """Nor does its second start, before the sweep has come."""
    provider = Listing()
    stage.use(provider)
    row_id = stage.upload(engine=ENGINE, model="small")
    killed_at_start(stage)
    control.cancel(stage.tools, stage.owner_id, row_id)
    control.retry(stage.tools, stage.owner_id, row_id, ENGINE, "large")
    stage.advance(row_id)
    provider.before_call = away
    stage.shift(1)
    provider.before_call = lambda verb, job: None
    stage.shift(60)
    assert [one.remote_id for one in stage.slices(row_id)] == ["remote-2"]
    assert [options.model for options in provider.heard][-1] == "large"


def test_a_job_of_a_run_that_stays_cancelled_is_deleted(stage: Stage) -> None:
    provider = Listing()
    stage.use(provider)
    row_id = stage.upload(engine=ENGINE)
    killed_at_start(stage)
    assert orphans.sweep(stage.tools) == 0
    control.cancel(stage.tools, stage.owner_id, row_id)
    assert orphans.sweep(stage.tools) == 1
    stage.shift(1)
    assert provider.cancelled == ["remote-1"]


def test_what_was_ordered_without_trouble_is_not_remembered(stage: Stage) -> None:
    stage.use(Listing())
    stage.upload(engine=ENGINE)
    stage.shift()
    assert not stage.tools.redis.hlen(f"textor:orders:{ENGINE}")
    assert orphans.sweep(stage.tools) == 0
