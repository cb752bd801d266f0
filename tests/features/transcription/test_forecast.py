"""How long it will still take, from what this instance has done; never a figure out of nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from tests import factories
from tests.factories import NOW
from tests.fakes import FakeClock
from textor.domain.job_states import Status
from textor.extensions import db
from textor.features.transcription import forecast
from textor.features.transcription.forecast import Estimate
from textor.models import Transcription, User
from textor.toolbox import Toolbox

pytestmark = pytest.mark.both_databases


def finished(owner: User, work_seconds: float, sound_seconds: float = 100.0, **values: Any) -> Transcription:
    """One that went through at once."""
    facts: dict[str, Any] = {
        "status": Status.COMPLETED,
        "run_token": 1,
        "started_at": NOW,
        "finished_at": NOW + timedelta(seconds=work_seconds),
    }
    return factories.transcription(owner, factories.recording(owner, seconds=sound_seconds), **(facts | values))


def running(owner: User, sound_seconds: float = 100.0, **values: Any) -> Transcription:
    facts: dict[str, Any] = {"status": Status.PROCESSING, "active_for": owner.id, "started_at": NOW}
    return factories.transcription(owner, factories.recording(owner, seconds=sound_seconds), **(facts | values))


def waiting(owner: User, sound_seconds: float = 100.0, **values: Any) -> Transcription:
    return factories.transcription(owner, factories.recording(owner, seconds=sound_seconds), **values)


def seconds(estimate: Estimate | None) -> tuple[float, float] | None:
    return (round(estimate.median_seconds, 1), round(estimate.p90_seconds, 1)) if estimate else None


def ends(tools: Toolbox, row: Transcription) -> tuple[float, float] | None:
    return seconds(forecast.of_lane(tools, row.user_id).ends.get(row.id))


def starts(tools: Toolbox, row: Transcription) -> tuple[float, float] | None:
    return seconds(forecast.of_lane(tools, row.user_id).starts.get(row.id))


@pytest.fixture
def history(alice: User) -> None:
    """Eleven of 100 s of sound each: 10, 11 ... 20 s of work."""
    for work in range(10, 21):
        finished(alice, work)


@pytest.mark.usefixtures("history")
def test_the_median_and_nine_in_ten_of_what_was_finished_are_told(tools: Toolbox, alice: User) -> None:
    assert ends(tools, running(alice, 200.0)) == (30.0, 38.0)


@pytest.mark.usefixtures("history")
def test_time_that_has_gone_and_progress_are_taken_off(tools: Toolbox, alice: User, bob: User, clock: FakeClock) -> None:
    silent, telling = running(alice), running(bob, progress=50.0)
    clock.advance(5)
    assert ends(tools, silent) == (10.0, 14.0)
    assert ends(tools, telling) == (7.5, 9.5)


@pytest.mark.usefixtures("history")
def test_a_providers_parts_run_together_so_their_number_tells_no_time(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    row = running(alice, progress=80.0, is_with_shift=True)
    clock.advance(5)
    assert ends(tools, row) == (10.0, 14.0)


@pytest.mark.usefixtures("history")
def test_what_takes_longer_than_nine_in_ten_is_not_guessed_at(tools: Toolbox, alice: User, clock: FakeClock) -> None:
    row, following = running(alice), waiting(alice)
    clock.advance(17)
    assert (ends(tools, row), starts(tools, following)) == ((0.0, 2.0), (0.0, 2.0))
    clock.advance(2)
    assert (ends(tools, row), starts(tools, following)) == (None, None)


@pytest.mark.usefixtures("history")
def test_whoever_waits_starts_after_all_that_is_ahead_in_the_same_lane(tools: Toolbox, alice: User, bob: User) -> None:
    running(bob, 5000.0)
    running(alice)
    first, second, urgent = waiting(alice, 300.0), waiting(alice), waiting(alice, priority=1)
    assert [starts(tools, row) for row in (urgent, first, second)] == [(15.0, 19.0), (30.0, 38.0), (75.0, 95.0)]


@pytest.mark.usefixtures("history")
def test_behind_one_of_which_nobody_knows_nobody_knows_either(tools: Toolbox, alice: User) -> None:
    running(alice)
    unknown, behind = waiting(alice, engine="sphinx"), waiting(alice)
    assert starts(tools, unknown) == (15.0, 19.0)
    assert starts(tools, behind) is None


def test_without_history_nothing_is_told(tools: Toolbox, alice: User) -> None:
    finished(alice, 10)
    finished(alice, 10)
    assert ends(tools, running(alice)) is None


def test_each_length_has_its_own_pace_and_borrows_of_the_others_where_it_has_none(tools: Toolbox, alice: User) -> None:
    for _ in range(3):
        finished(alice, 30, 30.0)
        finished(alice, 100, 1000.0)
    known = forecast.history(tools)
    paces = {length: known.get(f"fake|{length}") for length in range(4)}
    assert [seconds(paces[length]) for length in range(4)] == [(1.0, 1.0), None, (0.1, 0.1), None]
    assert ends(tools, running(alice, 2000.0)) == (200.0, 200.0)
    assert seconds(known["fake"]) == (0.6, 1.0)


def test_models_of_an_engine_have_their_own_pace(tools: Toolbox, alice: User) -> None:
    for _ in range(3):
        finished(alice, 10, model="tiny")
    assert ends(tools, running(alice, model="large")) is None


@pytest.mark.parametrize(
    "values",
    [{"run_token": 2}, {"status": Status.PARTIAL}, {"status": Status.FAILED}, {"started_at": None}, {"finished_at": None}],
)
def test_what_did_not_go_through_at_once_is_no_measure(tools: Toolbox, alice: User, values: dict[str, Any]) -> None:
    for _ in range(3):
        finished(alice, 10, **values)
    assert forecast.history(tools) == {}


def test_only_the_latest_are_a_measure(tools: Toolbox, alice: User) -> None:
    for work in [1000] * 40 + [10] * forecast.SAMPLES:
        finished(alice, work)
    assert seconds(forecast.history(tools)["fake"]) == (0.1, 0.1)


@pytest.mark.usefixtures("history")
def test_the_history_is_looked_up_once_in_half_a_minute(tools: Toolbox, alice: User) -> None:
    row = running(alice)
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    told = [ends(tools, row) for _ in range(3)]
    assert told == [(15.0, 19.0)] * 3
    assert sum("finished_at IS NOT NULL" in statement for statement in statements) == 1
    assert 0 < int(str(tools.redis.ttl(forecast.KEY))) <= forecast.KEPT_SECONDS


@pytest.mark.usefixtures("history")
def test_without_redis_it_is_told_as_well(away: Toolbox, alice: User) -> None:
    assert ends(away, running(alice)) == (15.0, 19.0)


def test_what_redis_keeps_is_plain_figures(tools: Toolbox, alice: User) -> None:
    for _ in range(3):
        finished(alice, 10)
    forecast.history(tools)
    kept = tools.redis.get(forecast.KEY)
    assert isinstance(kept, bytes)
    assert json.loads(kept) == {"fake": [0.1, 0.1], "fake|1": [0.1, 0.1]}
