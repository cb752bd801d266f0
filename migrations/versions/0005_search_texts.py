"""The words of titles and texts, folded, to search in; and each database's own index of them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FOLDED = sa.Text().with_variant(sa.Text(2**24), "mysql", "mariadb")
SQLITE_INDEX = (
    """CREATE VIRTUAL TABLE search_index USING fts5(user_id, title, body, parts, content='search_texts',
    content_rowid='transcription_seq', tokenize='ascii', columnsize=0, prefix='1 2')""",
    """CREATE TRIGGER search_texts_insert AFTER INSERT ON search_texts BEGIN
    INSERT INTO search_index(rowid, user_id, title, body, parts)
    VALUES (new.transcription_seq, new.user_id, new.title, new.body, new.parts); END""",
    """CREATE TRIGGER search_texts_delete AFTER DELETE ON search_texts BEGIN
    INSERT INTO search_index(search_index, rowid, user_id, title, body, parts)
    VALUES ('delete', old.transcription_seq, old.user_id, old.title, old.body, old.parts); END""",
    """CREATE TRIGGER search_texts_update AFTER UPDATE ON search_texts BEGIN
    INSERT INTO search_index(search_index, rowid, user_id, title, body, parts)
    VALUES ('delete', old.transcription_seq, old.user_id, old.title, old.body, old.parts);
    INSERT INTO search_index(rowid, user_id, title, body, parts)
    VALUES (new.transcription_seq, new.user_id, new.title, new.body, new.parts); END""",
)
POSTGRESQL_INDEX = (
    """CREATE OR REPLACE FUNCTION search_words(user_id bigint, title text, body text, parts text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100000 AS $$ BEGIN
    RETURN array_to_tsvector(array_remove(string_to_array(replace(concat_ws(' ', '_' || user_id::text, title, body, parts,
    CASE WHEN title = '' THEN '' ELSE '=' || replace(title, ' ', ' =') END), E'\\n', ' '), ' '), '')); END $$""",
    """CREATE INDEX ix_search_texts_words ON search_texts USING gin (search_words(user_id, title, body, parts))""",
    "ALTER INDEX ix_search_texts_words ALTER COLUMN 1 SET STATISTICS 0",
)


def upgrade() -> None:
    op.create_table(
        "search_texts",
        sa.Column("transcription_seq", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("title", FOLDED, nullable=False),
        sa.Column("body", FOLDED, nullable=False),
        sa.Column("parts", FOLDED, nullable=False),
        sa.ForeignKeyConstraint(
            ["transcription_seq"],
            ["transcriptions.seq"],
            name=op.f("fk_search_texts_transcription_seq_transcriptions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transcription_seq", name=op.f("pk_search_texts")),
    )
    for statement in {"sqlite": SQLITE_INDEX, "postgresql": POSTGRESQL_INDEX}.get(op.get_bind().dialect.name, ()):
        op.execute(statement)


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        op.execute("DROP TABLE search_index")
    op.drop_table("search_texts")
    if dialect == "postgresql":
        op.execute("DROP FUNCTION search_words")
