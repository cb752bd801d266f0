"""The observer's rules see what may never happen, and let pass what an owner has done."""

from datetime import UTC, datetime
from typing import Any

from tests.chaos import rules, strikes
from tests.chaos.people import Deed, Diary
from tests.chaos.rules import Judge, Row, View

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PENDING = Row(
    seq=1,
    id="a",
    user_id=1,
    status="pending",
    priority=0,
    run_token=0,
    engine="quick",
    error=None,
    text=None,
    is_with_shift=False,
    heartbeat_at=None,
    finished_at=None,
    deleted_at=None,
    sha256="0",
)
ACTIVE = PENDING._replace(status="processing", run_token=1)
DONE = ACTIVE._replace(status="completed", text="hello", finished_at=NOON)


def view(*rows: Row, at: float = 0.0) -> View:
    return View(at, at + 0.01, {row.id: row for row in rows})


def broken(before: View, after: View, diary: Diary | None = None) -> set[str]:
    return {breach.invariant for breach in Judge(diary or Diary()).breaches(before, after)}


def asked(kind: str, end: float | None = 1.0) -> Diary:
    return Diary(deeds=[Deed(kind, "a", 0.5, end)])


def test_two_active_of_one_user_are_seen() -> None:
    other = ACTIVE._replace(id="b", seq=2)
    assert broken(view(), view(ACTIVE, other, at=1)) == {rules.ONE_ACTIVE}
    assert broken(view(), view(ACTIVE, other._replace(user_id=2), at=1)) == set()


def test_an_upload_that_is_missing_is_seen() -> None:
    assert broken(view(), view(at=1), Diary(accepted={"a": 0.5})) == {rules.NONE_LOST}
    assert broken(view(), view(at=1), Diary(accepted={"a": 2.0})) == set(), "it was accepted after the look"
    assert broken(view(DONE), view(at=1)) == {rules.NONE_LOST}
    assert broken(view(DONE), view(at=1), asked("delete")) == set()


def test_a_failure_without_a_reason_is_seen() -> None:
    failed = DONE._replace(status="failed", text=None)
    assert broken(view(ACTIVE), view(failed, at=1)) == {rules.NONE_LOST}
    assert broken(view(ACTIVE), view(failed._replace(error="No credit left."), at=1)) == set()


def test_one_that_overtakes_an_older_one_is_seen() -> None:
    judge, younger = Judge(Diary()), PENDING._replace(id="b", seq=2)
    early, late = view(PENDING, younger), view(PENDING, younger, at=5)
    assert list(judge.breaches(view(), early)) == list(judge.breaches(early, late)) == []
    overtaken = view(PENDING, younger._replace(status="queued", run_token=1), at=6)
    assert [breach.invariant for breach in judge.breaches(late, overtaken)] == [rules.ALL_RUN]


def test_a_higher_priority_may_overtake() -> None:
    judge, urgent = Judge(Diary()), PENDING._replace(id="b", seq=2, priority=1)
    early, late = view(PENDING, urgent), view(PENDING, urgent, at=5)
    assert list(judge.breaches(view(), early)) == list(judge.breaches(early, late)) == []
    assert list(judge.breaches(late, view(PENDING, urgent._replace(status="queued", run_token=1), at=6))) == []


def test_a_finished_text_that_somebody_else_overwrites_is_seen() -> None:
    overwritten: list[dict[str, Any]] = [{"text": "hullo"}, {"status": "failed", "error": "x"}, {"run_token": 2}, {"error": "x"}]
    for change in overwritten:
        assert broken(view(DONE), view(DONE._replace(**change), at=1)) == {rules.NOT_OVERWRITTEN}
        assert broken(view(DONE), view(DONE._replace(**change), at=1), asked("delete")) == {rules.NOT_OVERWRITTEN}
        assert broken(view(DONE), view(DONE._replace(**change), at=1), asked("retry")) == set()


def test_an_end_by_a_run_that_had_lost_its_claim_is_seen() -> None:
    waiting = PENDING._replace(run_token=2)
    assert broken(view(waiting), view(DONE._replace(run_token=2), at=1)) == {rules.NOT_OVERWRITTEN}
    assert broken(view(waiting), view(DONE._replace(run_token=3), at=1)) == set()


def test_a_deed_excuses_only_what_came_of_it() -> None:
    before, after = view(DONE, at=10), view(DONE._replace(text="hullo"), at=11)
    assert broken(before, after, asked("retry", end=1.0)) == {rules.NOT_OVERWRITTEN}
    assert broken(before, after, asked("retry", end=None)) == set(), "nobody knows when it was done"


def test_a_deleted_one_that_works_or_comes_back_is_seen() -> None:
    hidden = DONE._replace(deleted_at=NOON)
    assert broken(view(hidden), view(DONE, at=1)) == {rules.NOT_BACK}
    assert broken(view(hidden), view(DONE, at=1), asked("undo")) == set()
    assert broken(view(), view(ACTIVE._replace(deleted_at=NOON), at=1)) == {rules.NOT_BACK}


def test_a_destroyed_one_that_comes_back_is_seen() -> None:
    judge = Judge(asked("delete"))
    assert list(judge.breaches(view(DONE), view(at=1))) == []
    assert {breach.invariant for breach in judge.breaches(view(at=1), view(DONE, at=2))} == {rules.NOT_BACK}


def test_a_token_that_goes_back_is_seen() -> None:
    assert broken(view(ACTIVE), view(ACTIVE._replace(run_token=0), at=1)) == {rules.NOT_BACK}


def test_a_plan_is_the_same_for_the_same_seed() -> None:
    assert strikes.plan(7, 60, "postgresql") == strikes.plan(7, 60, "postgresql") != strikes.plan(8, 60, "postgresql")
    assert "restart_postgres" not in {one.kind for one in strikes.plan(7, 600, "sqlite")}
    assert {one.kind for one in strikes.plan(7, 600, "postgresql")} == set(strikes.WEIGHTS)
