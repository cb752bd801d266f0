"""An order at AssemblyAI whose answer was lost: looked for in its list, and not made a second time."""

from typing import Any

import pytest

from tests.adapters.stt.test_assemblyai import engine, provider, started
from tests.adapters.stt.test_assemblyai_failures import failure_of_start
from tests.emulators.assemblyai import AssemblyAI
from textor.adapters.stt.assemblyai import AssemblyAIEngine

__all__ = ["engine", "provider"]


@pytest.mark.parametrize(
    "fault", [{"reset": True}, {"status": 502, "body": "<html>"}, {"status": 500}, {"body": ""}, {"body": "{}"}]
)
def test_an_order_whose_answer_was_lost_is_found_in_the_list(
    provider: AssemblyAI, engine: AssemblyAIEngine, fault: dict[str, Any]
) -> None:
    started(engine)
    provider.fail(on="submit", is_done_first=True, **fault)
    job = started(engine)
    assert [job.id] == [id_ for id_, one in provider.jobs.items() if one.audio_url == job.reference]
    assert (len(provider.jobs), provider.count("submit"), provider.count("list")) == (2, 2, 1)


def test_an_order_that_was_refused_is_not_looked_for(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    provider.fail(on="submit", status=400, error="language_code is wrong")
    failure_of_start(engine)
    assert provider.count("list") == 0


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"reset": True}, {"body": "[]"}, {"body": '{"transcripts": [5, {"id": "../x"}]}'}]
)
def test_without_a_list_it_is_the_orders_own_failure(
    provider: AssemblyAI, engine: AssemblyAIEngine, fault: dict[str, Any]
) -> None:
    provider.fail(on="submit", reset=True, is_done_first=True)
    provider.fail(on="list", **fault)
    error = failure_of_start(engine)
    assert (error.retryable, error.message) == (True, "AssemblyAI could not be reached.")


def test_another_job_of_the_list_is_not_taken_for_the_lost_one(provider: AssemblyAI, engine: AssemblyAIEngine) -> None:
    """The account has others' jobs, too, and the order may not have arrived."""
    started(engine)
    provider.fail(on="submit", reset=True)
    assert failure_of_start(engine).retryable
    assert (provider.count("list"), len(provider.jobs)) == (1, 1)
