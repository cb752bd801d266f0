"""Column types that mean the same on SQLite, PostgreSQL and MySQL."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.dialects import mysql

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A growing primary key: SQLite only counts up columns that are plain INTEGER."""

LongText = Text().with_variant(Text(2**24), "mysql", "mariadb")
"""Any text: MySQL's own TEXT ends at 64 KB."""

UUID_LENGTH = 36


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time, kept with microseconds and without a zone, because not every database keeps zones."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """MySQL's DATETIME drops fractions of a second unless asked."""
        return dialect.type_descriptor(mysql.DATETIME(fsp=6) if dialect.name in {"mysql", "mariadb"} else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone can't be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def in_words(column: str, words: Iterable[object]) -> str:
    """SQL for a CHECK that `column` holds one of an enum's words."""
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"
