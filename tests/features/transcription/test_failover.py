"""Another engine goes on where one can't be reached or refuses, as long as nothing is paid yet."""

from typing import Any

import pytest

from tests import factories
from tests.fakes import FakeEngine, FakeRemoteEngine, remote_engine
from tests.providers import Stage, stage
from textor.adapters.stt.port import Availability
from textor.domain.job_states import Status
from textor.errors import EngineError
from textor.job_queue import breakers

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases

REFUSED = EngineError("The provider refuses the key.")
AWAY = EngineError("The provider is away.", retryable=True)


class NotReady(FakeRemoteEngine):
    name = "not_ready"

    def availability(self) -> Availability:
        return Availability(False, "Set its key.")


def second(stage: Stage) -> FakeRemoteEngine:
    engine = stage.tools.engines["second"]
    assert isinstance(engine, FakeRemoteEngine)
    return engine


@pytest.fixture
def two(stage: Stage) -> Stage:
    """A stage where `second` goes on for whoever fails."""
    stage.use(remote_engine("second"), failover_engines=("second",))
    return stage


def notes(stage: Stage, row_id: str) -> Any:
    return stage.row(row_id).details.get("failover")


def test_an_engine_that_refuses_is_followed_by_the_next_and_that_is_noted(two: Stage) -> None:
    two.provider.error = REFUSED
    row_id = two.upload()
    two.until_over(60)
    row = two.row(row_id)
    assert (row.status, row.engine, row.text) == (Status.COMPLETED, "second", "hello there\ngeneral")
    assert notes(two, row_id) == [{"from": "fake_remote", "to": "second", "reason": "The provider refuses the key."}]
    assert (len(two.provider.heard), len(second(two).heard)) == (1, 1)


def test_without_engines_named_for_it_nothing_goes_on(stage: Stage) -> None:
    stage.provider.error = REFUSED
    row_id = stage.upload()
    stage.until_over(60)
    assert (stage.row(row_id).status, stage.row(row_id).error, notes(stage, row_id)) == (Status.FAILED, REFUSED.message, None)


def test_the_next_is_the_first_of_the_list_that_is_ready_and_can_do_what_was_asked(stage: Stage) -> None:
    english = remote_engine("english", languages=frozenset({"en"}))
    stage.use(NotReady(), english, remote_engine("third"), failover_engines=("gone", "not_ready", "english", "third"))
    stage.provider.error = REFUSED
    row_id = stage.upload(requested_language="fa")
    stage.until_over(60)
    assert (stage.row(row_id).engine, stage.row(row_id).status) == ("third", Status.COMPLETED)
    assert english.heard == []


def test_hints_go_to_the_first_engine_that_heeds_them(stage: Stage) -> None:
    stage.use(remote_engine("deaf"), remote_engine("second", vocabulary=True), failover_engines=("deaf", "second"))
    stage.provider.error = REFUSED
    row_id = stage.upload(vocabulary=["Textor"])
    stage.until_over(60)
    assert stage.row(row_id).engine == "second"
    assert [options.vocabulary for options in second(stage).heard] == [("Textor",)]


def test_an_exhausted_list_fails_with_the_first_reason(two: Stage) -> None:
    two.provider.error = REFUSED
    second(two).error = EngineError("The second has no money left.")
    row_id = two.upload()
    two.until_over(60)
    row = two.row(row_id)
    assert (row.status, row.engine, row.error) == (Status.FAILED, "second", "The provider refuses the key.")
    assert len(second(two).heard) == 1


def test_a_local_engine_that_fails_is_followed_by_a_provider(two: Stage) -> None:
    engine = two.tools.engines["fake"]
    assert isinstance(engine, FakeEngine)
    engine.error = EngineError("The model is broken.")
    row_id = two.upload(engine="fake")
    two.until_over(60)
    assert (two.row(row_id).status, two.row(row_id).engine) == (Status.COMPLETED, "second")


def test_a_provider_that_fails_is_followed_by_a_local_engine(stage: Stage) -> None:
    stage.use(failover_engines=("fake",))
    stage.provider.error = REFUSED
    row_id = stage.upload()
    stage.until_over(60)
    assert (stage.row(row_id).status, stage.row(row_id).engine) == (Status.COMPLETED, "fake")
    assert notes(stage, row_id)[0]["to"] == "fake"


def test_a_failure_for_now_is_tried_again_before_another_engine_is_asked(two: Stage) -> None:
    refusals = iter([AWAY])

    def refuse(verb: str, job: str) -> None:
        if error := next(refusals, None):
            raise error

    two.provider.before_call = refuse
    row_id = two.upload()
    two.until_over(60)
    assert (two.row(row_id).engine, two.row(row_id).status) == ("fake_remote", Status.COMPLETED)


def test_a_provider_that_stays_away_is_left_at_the_second_try(two: Stage) -> None:
    two.provider.error = AWAY
    row_id = two.upload()
    two.until_over(60)
    assert (two.row(row_id).engine, two.row(row_id).status) == ("second", Status.COMPLETED)
    assert len(two.provider.heard) == 2


def test_all_that_wait_for_a_provider_that_is_away_go_on_elsewhere_at_once(two: Stage) -> None:
    two.provider.error = AWAY
    ids = [two.upload(owner=factories.user(f"User {n}").id) for n in range(6)]
    seconds = two.until_over(100)
    assert {(two.row(row_id).engine, two.row(row_id).status) for row_id in ids} == {("second", Status.COMPLETED)}
    assert seconds < 40
    assert len(two.provider.heard) <= 3
    assert {notes(two, row_id)[0]["reason"] for row_id in ids} == {"The provider is away."}


def test_what_a_provider_has_begun_to_hear_stays_with_it(two: Stage) -> None:
    two.provider.finished = set()
    row_id = two.upload()
    two.shift()
    two.provider.away = AWAY
    two.shift(6, times=10)
    assert breakers.is_open(two.tools, "fake_remote")
    assert (two.row(row_id).engine, second(two).heard) == ("fake_remote", [])
    two.provider.away, two.provider.finished = None, {"remote-1"}
    two.until_over(100)
    assert (two.row(row_id).status, len(two.provider.heard)) == (Status.COMPLETED, 1)


def test_a_job_that_failed_at_its_provider_is_not_begun_by_another_while_some_of_it_is_heard(stage: Stage) -> None:
    short = remote_engine("short", max_seconds=10)
    stage.use(short, remote_engine("second"), failover_engines=("second",))
    short.finished = {"remote-1", "remote-2", "remote-3"}

    def refuse(verb: str, job: str) -> None:
        if job == "remote-2":
            raise EngineError("Too noisy.")

    short.before_call = refuse
    row_id = stage.upload("monologue.flac", engine="short")
    stage.until_over(60)
    assert (stage.row(row_id).engine, stage.row(row_id).status) == ("short", Status.PARTIAL)
    assert second(stage).heard == []


def test_slices_that_all_fail_go_on_with_the_next_engine(stage: Stage) -> None:
    short = remote_engine("short", max_seconds=10)
    short.error = REFUSED
    stage.use(short, remote_engine("second"), failover_engines=("second",))
    row_id = stage.upload("monologue.flac", engine="short")
    stage.until_over(60)
    assert (stage.row(row_id).engine, stage.row(row_id).status) == ("second", Status.COMPLETED)
    assert len(second(stage).heard) == 1


def test_one_that_went_on_elsewhere_begins_with_what_was_asked_when_tried_again_with_another(two: Stage) -> None:
    from textor.features.transcription import control

    two.provider.error = REFUSED
    row_id = two.upload()
    two.until_over(60)
    control.retry(two.tools, two.owner_id, row_id, engine="fake")
    assert (two.row(row_id).engine, two.row(row_id).details) == ("fake", {})
