"""Hints for the engine and what its work has cost: on transcriptions, as charges, as a budget; who heard a segment."""

import sqlalchemy as sa
from alembic import op

from textor.models.columns import UtcDateTime

revision = "0003"
down_revision = "0002"

COUNTS_UP = {"sqlite_autoincrement": True}  # a batch copies the table on SQLite and would forget it
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MONEY = sa.Float(precision=53)


def upgrade() -> None:
    op.create_table(
        "charges",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("transcription_seq", BIG_ID, nullable=True),
        sa.Column("engine", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=True),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.Column("usd", MONEY, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_charges_user_id_users"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["transcription_seq"],
            ["transcriptions.seq"],
            name=op.f("fk_charges_transcription_seq_transcriptions"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charges")),
    )
    op.create_index(op.f("ix_charges_user_id_at"), "charges", ["user_id", "at"])
    op.create_index(op.f("ix_charges_transcription_seq"), "charges", ["transcription_seq"])
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("monthly_budget", MONEY, nullable=True))
    with op.batch_alter_table("segments") as batch_op:
        batch_op.add_column(sa.Column("engine", sa.String(length=32), nullable=True))
    with op.batch_alter_table("transcriptions", table_kwargs=COUNTS_UP) as batch_op:
        batch_op.add_column(sa.Column("vocabulary", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("speaker_count", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("cost_usd", MONEY, nullable=True))
        batch_op.add_column(sa.Column("heard_seconds", sa.Float(precision=53), nullable=True))
    op.execute(sa.table("transcriptions", sa.column("vocabulary", sa.JSON())).update().values(vocabulary=[]))
    with op.batch_alter_table("transcriptions", table_kwargs=COUNTS_UP) as batch_op:
        batch_op.alter_column("vocabulary", existing_type=sa.JSON(), nullable=False)  # MySQL knows no default for JSON


def downgrade() -> None:
    with op.batch_alter_table("transcriptions", table_kwargs=COUNTS_UP) as batch_op:
        for column in ("heard_seconds", "cost_usd", "speaker_count", "vocabulary"):
            batch_op.drop_column(column)
    with op.batch_alter_table("segments") as batch_op:
        batch_op.drop_column("engine")
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_column("monthly_budget")
    op.drop_table("charges")
