"""Recorded calls and what was transcribed of them; a log of the calls of the API."""

import sqlalchemy as sa
from alembic import op

from textor.models.columns import UtcDateTime

revision = "0007"
down_revision = "0006"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _transcripts()
    _log()
    _switches()


def downgrade() -> None:
    op.drop_table("switches")
    op.drop_table("api_calls")
    op.drop_table("call_transcripts")


def _transcripts() -> None:
    table = "call_transcripts"
    op.create_table(
        table,
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("source", sa.String(length=160), nullable=False),
        sa.Column("engine", sa.String(length=128), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("sid", sa.String(length=34), nullable=True),
        sa.Column("audio_url", sa.String(length=2048), nullable=True),
        sa.Column("job_id", sa.String(length=36), nullable=True),
        sa.Column("transcription_seq", BIG_ID, nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("imported_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_there_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        _belongs(table, "user_id", "users", "id", "CASCADE"),
        _belongs(table, "transcription_seq", "transcriptions", "seq", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("source", "engine", name=op.f(f"uq_{table}_source_engine")),
        sa.UniqueConstraint("job_id", name=op.f(f"uq_{table}_job_id")),
    )
    for column in ("user_id", "sid", "transcription_seq"):
        _index(table, column)


def _log() -> None:
    table = "api_calls"
    op.create_table(
        table,
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("api_key_id", BIG_ID, nullable=True),
        sa.Column("via", sa.String(length=16), nullable=False),
        sa.Column("call", sa.String(length=160), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        _belongs(table, "user_id", "users", "id", "SET NULL"),
        _belongs(table, "api_key_id", "api_keys", "id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    _index(table, "at")
    _index(table, "user_id", "at")
    _index(table, "api_key_id")


def _switches() -> None:
    table = "switches"
    op.create_table(
        table,
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        _belongs(table, "user_id", "users", "id", "SET NULL"),
        sa.PrimaryKeyConstraint("name", name=op.f(f"pk_{table}")),
    )
    _index(table, "user_id")


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def _belongs(table: str, column: str, owners: str, key: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{owners}")
    return sa.ForeignKeyConstraint([column], [f"{owners}.{key}"], name=name, ondelete=ondelete)
