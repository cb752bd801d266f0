"""Jobs that nobody needs any more are deleted at their providers, again and again until they agree."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.fakes import FakeClock
from tests.providers import Stage, stage
from textor.errors import EngineError
from textor.extensions import db
from textor.job_queue import discards
from textor.models import Discard
from textor.toolbox import Toolbox

__all__ = ["stage"]

pytestmark = pytest.mark.both_databases


def add(tools: Toolbox, *remote_ids: str, engine: str = "fake_remote") -> None:
    discards.add(tools, [(engine, remote_id) for remote_id in remote_ids])
    db.session.commit()


def kept() -> list[Discard]:
    db.session.expire_all()
    return list(db.session.scalars(select(Discard).order_by(Discard.id)))


def test_a_shift_deletes_them_and_forgets_them(stage: Stage) -> None:
    add(stage.tools, "one", "two")
    stage.shift()
    stage.shift(1)
    assert sorted(stage.provider.cancelled) == ["one", "two"]
    assert kept() == []


def test_of_two_shifts_that_find_the_same_one_takes_it(stage: Stage) -> None:
    add(stage.tools, "one")
    found = discards.due(stage.tools, 10)
    assert len(discards.take(stage.tools, found)) == 1
    assert discards.take(stage.tools, found) == []
    assert discards.due(stage.tools, 10) == []


def test_one_whose_shift_was_killed_is_tried_again(stage: Stage, clock: FakeClock) -> None:
    add(stage.tools, "one")
    discards.take(stage.tools, discards.due(stage.tools, 10))
    clock.advance(discards.HOLD_SECONDS)
    assert [one.remote_id for one in discards.due(stage.tools, 10)] == ["one"]


def test_a_provider_that_fails_is_asked_again_ever_later(stage: Stage) -> None:
    def refuse(verb: str, job: str) -> None:
        raise EngineError("Away.", retryable=True)

    stage.provider.before_call = refuse
    add(stage.tools, "one")
    for tries, seconds in ((1, 30), (2, 60), (3, 120)):
        stage.shift()
        (row,) = kept()
        assert (row.attempts, row.due_at - stage.clock.now()) == (tries, timedelta(seconds=seconds))
        stage.clock.advance(seconds)
    stage.provider.before_call = lambda verb, job: None
    stage.shift(60)
    assert (stage.provider.cancelled, kept()) == (["one"], [])


def test_retry_after_decides_when(stage: Stage) -> None:
    add(stage.tools, "one")
    (one,) = discards.take(stage.tools, discards.due(stage.tools, 10))
    assert discards.failed(stage.tools, one, 7)
    assert kept()[0].due_at == stage.clock.now() + timedelta(seconds=7)


def test_after_two_weeks_it_is_given_up_and_the_operator_told(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(verb: str, job: str) -> None:
        raise EngineError("That key may not delete.")

    stage.provider.before_call = refuse
    add(stage.tools, "one")
    db.session.query(Discard).update({"attempts": discards.TRIES - 1})
    db.session.commit()
    stage.shift()
    assert kept() == []
    assert "fake_remote still holds job one" in caplog.text


def test_what_an_engine_holds_that_is_gone_is_forgotten(stage: Stage) -> None:
    add(stage.tools, "one", engine="long_gone")
    stage.shift()
    assert kept() == []
