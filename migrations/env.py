"""How Alembic reaches Textor's database: inside the app, on its engine, one transaction per upgrade."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Connection

from textor.extensions import db
from textor.models.columns import UtcDateTime


def migrate() -> None:
    with db.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            _foreign_keys(connection, "OFF")
        try:
            _run(connection, begin="BEGIN IMMEDIATE" if is_sqlite else None)
        finally:
            if is_sqlite:
                _foreign_keys(connection, "ON")


def _run(connection: Connection, begin: str | None) -> None:
    with connection.begin():
        if begin:  # sqlite3 begins no transaction for CREATE and ALTER: a failed upgrade would leave half of its tables
            connection.exec_driver_sql(begin)
        options = current_app.extensions["migrate"].configure_args
        context.configure(connection, target_metadata=db.metadata, render_item=_rendered, **options)
        context.run_migrations()


def _foreign_keys(connection: Connection, state: Literal["ON", "OFF"]) -> None:
    """A batch on SQLite copies a table and drops the old one; with foreign keys on, that deletes every row that refers to it."""
    connection.exec_driver_sql(f"PRAGMA foreign_keys={state}")
    connection.commit()


def _rendered(kind: str, item: Any, revision: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(item, UtcDateTime):
        revision.imports.add("from textor.models.columns import UtcDateTime")
        return "UtcDateTime()"
    return False


migrate()
