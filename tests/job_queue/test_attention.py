"""What shift and reconciler ask for again and again, they find by an index, however much is over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import event

from textor.extensions import db
from textor.job_queue import attention, reconciler, shift, slices
from textor.toolbox import Toolbox

LOOKS: dict[str, Callable[[Toolbox], object]] = {
    "engines to poll": lambda tools: attention.engines(tools, starts=False),
    "engines to start": lambda tools: attention.engines(tools, starts=True),
    "polls": lambda tools: attention.due(tools, "fake_remote", 10, starts=False),
    "starts": lambda tools: attention.due(tools, "fake_remote", 10, starts=True),
    "in flight": slices.in_flight,
    "is a shift needed": shift.ensure,
}


@contextmanager
def recorded() -> Iterator[list[tuple[str, Any]]]:
    """The statements of the block, with their parameters."""
    found: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        found.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def plan(statement: str, parameters: Any) -> str:
    rows = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return "; ".join(row[3] for row in rows)


@pytest.mark.parametrize("look", LOOKS)
def test_no_look_walks_all_slices(app: APIFlask, tools: Toolbox, look: str) -> None:
    with recorded() as statements:
        LOOKS[look](tools)
    plans = [plan(*one) for one in statements if "FROM slices" in one[0]]
    assert plans
    assert [one for one in plans if "ix_slices_due_at" not in one] == []


def test_no_round_of_the_reconciler_walks_all_transcriptions(app: APIFlask, tools: Toolbox) -> None:
    with recorded() as statements:
        reconciler.reconcile(tools)
    plans = [plan(*one) for one in statements if one[0].startswith("SELECT")]
    assert len(plans) == 4
    assert [one for one in plans if "SCAN transcriptions" in one.replace("SCAN transcriptions USING COVERING INDEX", "")] == []
