"""Text models: summaries, conversations, image-prompt tasks, and what their calls cost; background jobs wait and are stopped."""

import sqlalchemy as sa
from alembic import op

from textor.models.columns import UtcDateTime

revision = "0006"
down_revision = "0005"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = sa.Text().with_variant(sa.Text(2**24), "mysql", "mariadb")
UUID = sa.String(length=36)
MONEY = sa.Float(53)
STATES = "'queued', 'running', 'completed', 'failed'"
COUNTS_UP = {"sqlite_autoincrement": True}


def upgrade() -> None:
    _job_states(f"{STATES}, 'cancelled'")
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.add_column(sa.Column("due_at", UtcDateTime(), nullable=True))
    _summaries()
    _templates()
    _conversations()
    _messages()
    _charges()
    _tasks()
    _prompts()


def downgrade() -> None:
    for table in (
        "analyzer_prompts",
        "analyzer_tasks",
        "text_charges",
        "chat_messages",
        "conversations",
        "summary_templates",
        "summaries",
    ):
        op.drop_table(table)
    op.execute("UPDATE jobs SET state = 'failed' WHERE state = 'cancelled'")
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.drop_column("due_at")
    _job_states(STATES)


def _job_states(states: str) -> None:
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.drop_constraint(op.f("ck_jobs_state_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_jobs_state_known"), f"state IN ({states})")


def _summaries() -> None:
    table = "summaries"
    op.create_table(
        table,
        sa.Column("id", UUID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("transcription_seq", BIG_ID, nullable=True),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("max_words", sa.Integer(), nullable=False),
        sa.Column("instruction", LONG, nullable=True),
        sa.Column("text", LONG, nullable=True),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("citations", sa.JSON(), nullable=False),
        sa.Column("read", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("heard_at", UtcDateTime(), nullable=True),
        *_spent(),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        _owner(table),
        _transcript(table, "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    _index(table, "transcription_seq", "created_at")
    _index(table, "user_id", "created_at")


def _templates() -> None:
    table = "summary_templates"
    op.create_table(
        table,
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("instruction", LONG, nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("max_words", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        _owner(table),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("user_id", "name", name=op.f(f"uq_{table}_user_id_name")),
    )


def _conversations() -> None:
    table = "conversations"
    op.create_table(
        table,
        sa.Column("id", UUID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("transcription_seq", BIG_ID, nullable=True),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        _owner(table),
        _transcript(table, "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    _index(table, "user_id", "transcription_seq", "updated_at")
    _index(table, "transcription_seq")


def _messages() -> None:
    table = "chat_messages"
    op.create_table(
        table,
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("conversation_id", UUID, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("text", LONG, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("job_id", UUID, nullable=True),
        sa.Column("model", sa.String(length=128), nullable=True),
        sa.Column("citations", sa.JSON(), nullable=False),
        sa.Column("read", sa.JSON(), nullable=False),
        sa.Column("error", LONG, nullable=True),
        *_spent(),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("role IN ('user', 'assistant')", name=op.f(f"ck_{table}_role_known")),
        sa.CheckConstraint(f"state IN ({STATES}, 'cancelled')", name=op.f(f"ck_{table}_state_known")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f(f"fk_{table}_conversation_id_conversations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("job_id", name=op.f(f"uq_{table}_job_id")),
    )
    _index(table, "conversation_id")


def _charges() -> None:
    table = "text_charges"
    op.create_table(
        table,
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("transcription_seq", BIG_ID, nullable=True),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("usd", MONEY, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("is_estimated", sa.Boolean(), nullable=False),
        _owner(table),
        _transcript(table, "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    _index(table, "user_id", "at")
    _index(table, "transcription_seq")


def _tasks() -> None:
    table = "analyzer_tasks"
    op.create_table(
        table,
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("error", LONG, nullable=True),
        sa.Column("note", LONG, nullable=True),
        sa.Column("transcription_seq", BIG_ID, nullable=True),
        sa.Column("audio_file_language", sa.String(length=16), nullable=True),
        sa.Column("task_text", LONG, nullable=True),
        sa.Column("helper_instruction", LONG, nullable=True),
        sa.Column("generator", sa.String(length=32), nullable=False),
        sa.Column("look", LONG, nullable=True),
        sa.Column("max_scenes", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=True),
        sa.Column("job_id", UUID, nullable=True),
        *_spent(),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("status IN ('pending', 'processing', 'completed', 'failed')", name=op.f(f"ck_{table}_status_known")),
        _owner(table),
        _transcript(table, "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("job_id", name=op.f(f"uq_{table}_job_id")),
        **COUNTS_UP,
    )
    _index(table, "user_id", "id")
    _index(table, "status")
    _index(table, "transcription_seq")


def _prompts() -> None:
    table = "analyzer_prompts"
    op.create_table(
        table,
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("task_id", BIG_ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("content", LONG, nullable=False),
        sa.Column("start", sa.Float(53), nullable=True),
        sa.Column("end", sa.Float(53), nullable=True),
        sa.Column("quote", LONG, nullable=True),
        sa.ForeignKeyConstraint(
            ["task_id"], ["analyzer_tasks.id"], name=op.f(f"fk_{table}_task_id_analyzer_tasks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        **COUNTS_UP,
    )
    _index(table, "task_id", "place")


def _spent() -> list[sa.Column[object]]:
    return [
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("cost_usd", MONEY, nullable=True),
    ]


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def _owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id_users"), ondelete="CASCADE")


def _transcript(table: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_transcription_seq_transcriptions")
    return sa.ForeignKeyConstraint(["transcription_seq"], ["transcriptions.seq"], name=name, ondelete=ondelete)
