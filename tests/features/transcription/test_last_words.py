"""The sentence that a transcription ends with when a provider was asked for a day."""

import pytest

from tests.providers import Stage, stage
from textor.domain.job_states import Status
from textor.errors import EngineError

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases


def test_a_provider_that_takes_nothing_on_for_a_day_is_quoted(stage: Stage) -> None:
    stage.provider.error = EngineError("The provider can't be reached.", retryable=True)
    row_id = stage.upload()
    stage.shift(3600, times=26)
    assert (stage.row(row_id).status, stage.row(row_id).error) == (Status.FAILED, "The provider can't be reached.")


def test_a_job_whose_provider_went_away_did_not_finish_within_a_day(stage: Stage) -> None:
    stage.provider.finished = set()
    row_id = stage.upload()
    stage.shift(0.1)
    stage.provider.away = EngineError("The provider can't be reached.", retryable=True)
    stage.shift(3600, times=26)
    assert (stage.row(row_id).status, stage.row(row_id).error) == (
        Status.FAILED,
        "The provider did not finish within a day.",
    )
