"""Slices of transcriptions with their checkpoints, and what is to be deleted at providers; remote jobs move into slices."""

import sqlalchemy as sa
from alembic import op

from textor.models.columns import UtcDateTime

revision = "0002"
down_revision = "0001"

COUNTS_UP = {"sqlite_autoincrement": True}  # a batch copies the table on SQLite and would forget it
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "discards",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("engine", sa.String(length=32), nullable=False),
        sa.Column("remote_id", sa.String(length=255), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discards")),
    )
    op.create_index(op.f("ix_discards_due_at"), "discards", ["due_at"])
    op.create_table(
        "slices",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("transcription_seq", BIG_ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Integer(), nullable=True),
        sa.Column("start", sa.Float(precision=53), nullable=False),
        sa.Column("end", sa.Float(precision=53), nullable=False),
        sa.Column("overlap", sa.Float(precision=53), nullable=False),
        sa.Column("storage_key", sa.String(length=255), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("engine", sa.String(length=32), nullable=False),
        sa.Column("remote_id", sa.String(length=255), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'starting', 'remote', 'completed', 'failed')", name=op.f("ck_slices_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["transcription_seq"],
            ["transcriptions.seq"],
            name=op.f("fk_slices_transcription_seq_transcriptions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slices")),
        sa.UniqueConstraint("transcription_seq", "n", name=op.f("uq_slices_transcription_seq_n")),
    )
    op.create_index(op.f("ix_slices_due_at"), "slices", ["due_at"])
    with op.batch_alter_table("transcriptions", table_kwargs=COUNTS_UP) as batch_op:
        batch_op.add_column(sa.Column("is_with_shift", sa.Boolean(), nullable=False, server_default=sa.false()))
    _move_into_slices()
    with op.batch_alter_table("transcriptions", table_kwargs=COUNTS_UP) as batch_op:
        batch_op.alter_column("is_with_shift", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
        batch_op.drop_index(batch_op.f("ix_transcriptions_next_poll_at"))
        batch_op.drop_column("next_poll_at")


def downgrade() -> None:
    with op.batch_alter_table("transcriptions", table_kwargs=COUNTS_UP) as batch_op:
        batch_op.add_column(sa.Column("next_poll_at", UtcDateTime(), nullable=True))
        batch_op.create_index(batch_op.f("ix_transcriptions_next_poll_at"), ["next_poll_at"])
    _move_out_of_slices()
    with op.batch_alter_table("transcriptions", table_kwargs=COUNTS_UP) as batch_op:
        batch_op.drop_column("is_with_shift")
    op.drop_table("slices")
    op.drop_table("discards")


def _transcriptions() -> sa.TableClause:
    names = ("seq", "engine", "status", "remote_id", "next_poll_at", "started_at", "updated_at", "recording_id", "is_with_shift")
    return sa.table("transcriptions", *map(sa.column, names))


def _move_out_of_slices() -> None:
    """A job that is a whole transcription goes on being asked for; what is under way in several begins anew."""
    rows, pieces = _transcriptions(), sa.table("slices", *map(sa.column, ("transcription_seq", "state", "remote_id", "due_at")))
    of_it = pieces.c.transcription_seq == rows.c.seq
    count = sa.select(sa.func.count()).select_from(pieces).where(of_it).scalar_subquery()
    values = {
        "remote_id": sa.select(pieces.c.remote_id).where(of_it).scalar_subquery(),
        "next_poll_at": sa.select(sa.func.coalesce(pieces.c.due_at, rows.c.updated_at)).where(of_it).scalar_subquery(),
    }
    op.execute(rows.update().where(rows.c.is_with_shift == sa.true()).values(remote_id=None))
    is_one_job = sa.exists().where(of_it, pieces.c.state == "remote")
    op.execute(rows.update().where(rows.c.is_with_shift == sa.true(), count == 1, is_one_job).values(values))


def _move_into_slices() -> None:
    """What providers are working on goes on being asked for."""
    old = _transcriptions()
    recordings = sa.table("recordings", sa.column("id"), sa.column("seconds"))
    new = sa.table(
        "slices",
        *map(sa.column, ("transcription_seq", "n", "start", "end", "overlap", "state", "engine", "remote_id")),
        *map(sa.column, ("attempts", "losses", "lease", "due_at", "started_at")),
    )
    under_way = sa.and_(old.c.status == "processing", old.c.remote_id.is_not(None))
    rows = (
        sa.select(
            old.c.seq,
            sa.literal_column("0"),
            sa.literal_column("0"),
            recordings.c.seconds,
            sa.literal_column("0"),
            sa.literal_column("'remote'"),
            old.c.engine,
            old.c.remote_id,
            sa.literal_column("1"),
            sa.literal_column("0"),
            sa.literal_column("0"),
            sa.func.coalesce(old.c.next_poll_at, old.c.updated_at),
            old.c.started_at,
        )
        .join_from(old, recordings, old.c.recording_id == recordings.c.id)
        .where(under_way)
    )
    op.execute(new.insert().from_select([column.name for column in new.columns], rows))
    op.execute(old.update().where(under_way).values(is_with_shift=sa.true()))
