"""A short chaos run on each database: what may never happen, each a test. `make chaos` is the long one."""

import fcntl
import json
import os
from typing import Any

import pytest

from tests import postgres
from tests.chaos import rules
from tests.chaos.run import Wish, as_json, run
from tests.conftest import missing

SECONDS = 10
SEEDS = {"sqlite": 3, "postgresql": 4}
LEAST_ACCEPTED = 5

pytestmark = pytest.mark.timeout(400)  # two runs, on a machine that may be busy with other tests


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What came of one run. All processes of a parallel suite share it: the first one to come here makes it."""
    database: str = request.param
    if database == "postgresql" and postgres._programs() is None:
        missing("PostgreSQL")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / f"chaos-{database}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = shared / f"chaos-{database}.json"
        if not made.exists():
            home = tmp_path_factory.mktemp("c")
            made.write_text(as_json(run(Wish(database, SECONDS, SEEDS[database]), home)), encoding="utf-8")
    return json.loads(made.read_text(encoding="utf-8"))


def assert_held(record: dict[str, Any], invariant: str) -> None:
    broken = [told for name, told in record["breaches"] if name == invariant]
    assert broken == [], record["report"]


def test_the_run_is_worth_its_name(record: dict[str, Any]) -> None:
    assert record["accepted"] >= LEAST_ACCEPTED, record["report"]
    assert record["submits"] >= 1, record["report"]


def test_no_user_has_two_active_at_any_instant(record: dict[str, Any]) -> None:
    assert_held(record, rules.ONE_ACTIVE)


def test_no_accepted_upload_is_lost(record: dict[str, Any]) -> None:
    assert_held(record, rules.NONE_LOST)


def test_every_pending_one_runs_oldest_first_within_its_user(record: dict[str, Any]) -> None:
    assert_held(record, rules.ALL_RUN)


def test_what_is_finished_is_changed_by_its_owner_alone(record: dict[str, Any]) -> None:
    assert_held(record, rules.NOT_OVERWRITTEN)


def test_a_provider_is_asked_once_per_slice(record: dict[str, Any]) -> None:
    assert_held(record, rules.ASKED_ONCE)


def test_what_was_cancelled_or_deleted_does_not_come_back(record: dict[str, Any]) -> None:
    assert_held(record, rules.NOT_BACK)
