"""Minutes of a month: what a header says is believed until the sound itself is known."""

import pytest

from tests.conftest import FIXTURES
from tests.providers import Stage, stage
from textor.domain.job_states import Status
from textor.features.recordings import intake

__all__ = ["stage"]

SOUND = (FIXTURES / "sample.flac").read_bytes()
LENGTH = slice(22, 26)  # of a FLAC's samples, but for four bits that are none


@pytest.mark.parametrize(
    ("allowed", "sound", "status"),
    [(0, SOUND[: LENGTH.start] + bytes(4) + SOUND[LENGTH.stop :], Status.FAILED), (1, SOUND, Status.COMPLETED)],
)
def test_a_file_that_hides_its_length_gets_no_more_minutes_than_there_are(
    stage: Stage, allowed: int, sound: bytes, status: Status
) -> None:
    stage.use(user_minutes_per_month=allowed)
    with intake.spool(stage.tools) as spool:
        spool.write(sound)
        row_id = intake.accept(stage.tools, stage.owner_id, spool, "sample.flac", intake.Choice(engine="fake")).id
    stage.until_over(60)

    row = stage.row(row_id)
    assert row.status == status
    assert status == Status.COMPLETED or "of your 0 minutes" in (row.error or "")
