"""The SQL statements of a stretch of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from textor.extensions import db


@contextmanager
def counted() -> Iterator[list[str]]:
    """Each statement that is sent meanwhile; one with many rows is one."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)
