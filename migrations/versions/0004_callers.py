"""Programs as callers: logins by token, answers kept for repeated requests, quotas, webhooks; edits of transcripts."""

import sqlalchemy as sa
from alembic import op

from textor.models.columns import UtcDateTime

revision = "0004"
down_revision = "0003"

COUNTS_UP = {"sqlite_autoincrement": True}  # a batch copies the table on SQLite and would forget it
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UUID = sa.String(length=36)
ADDRESS = sa.String(length=2048)


def upgrade() -> None:
    _token_families()
    _first_answers()
    _deliveries()
    _edits()
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("quota", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("webhook_url", ADDRESS, nullable=True))
        batch_op.add_column(sa.Column("webhook_secret", sa.String(length=100), nullable=True))
    with op.batch_alter_table("transcriptions", table_kwargs=COUNTS_UP) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("webhook_url", ADDRESS, nullable=True))
    with op.batch_alter_table("transcriptions", table_kwargs=COUNTS_UP) as batch_op:
        batch_op.alter_column("version", existing_type=sa.Integer(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("transcriptions", table_kwargs=COUNTS_UP) as batch_op:
        batch_op.drop_column("webhook_url")
        batch_op.drop_column("version")
    with op.batch_alter_table("users") as batch_op:
        for column in ("webhook_secret", "webhook_url", "quota"):
            batch_op.drop_column(column)
    for table in ("edits", "deliveries", "first_answers", "token_families"):
        op.drop_table(table)


def _token_families() -> None:
    op.create_table(
        "token_families",
        sa.Column("id", UUID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("current", UUID, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        _owner("token_families"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_families")),
    )
    op.create_index(op.f("ix_token_families_user_id"), "token_families", ["user_id"])
    op.create_index(op.f("ix_token_families_expires_at"), "token_families", ["expires_at"])


def _first_answers() -> None:
    op.create_table(
        "first_answers",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text().with_variant(sa.Text(2**24), "mysql", "mariadb"), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        _owner("first_answers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_first_answers")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_first_answers_user_id_key")),
    )
    op.create_index(op.f("ix_first_answers_created_at"), "first_answers", ["created_at"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", UUID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("url", ADDRESS, nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("response_status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name=op.f("ck_deliveries_state_known")),
        _owner("deliveries"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_user_id_created_at"), "deliveries", ["user_id", "created_at"])
    op.create_index(op.f("ix_deliveries_due_at"), "deliveries", ["due_at"])


def _edits() -> None:
    op.create_table(
        "edits",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("transcription_seq", BIG_ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transcription_seq"],
            ["transcriptions.seq"],
            name=op.f("fk_edits_transcription_seq_transcriptions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_edits_user_id_users"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edits")),
        sa.UniqueConstraint("transcription_seq", "version", name=op.f("uq_edits_transcription_seq_version")),
    )
    op.create_index(op.f("ix_edits_user_id"), "edits", ["user_id"])


def _owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id_users"), ondelete="CASCADE")
