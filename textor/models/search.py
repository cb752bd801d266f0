"""What is searched: a transcription's title and text, folded, and each database's own index of the words.

SQLite has an FTS5 table beside `search_texts`, which triggers fill; PostgreSQL a GIN index; the others read the text itself.
"""

from sqlalchemy import BigInteger, Connection, ForeignKey, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from textor.extensions import Model
from textor.models.columns import BigId

FOLDED = Text().with_variant(Text(2**24), "mysql", "mariadb")

# The words reach FTS5 folded, in lower case and parted by spaces and line ends: all that its tokenizer "ascii" has to know.
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
# Words without their places: a tsvector has no room for those of a long text. Its owner is a word, too, and so is each of the
# title with a "=" before it. A function, and not a plain expression, because it can say what it costs: PostgreSQL would rather
# read every text than use the index. Without statistics: else it takes a word of every text for a reason to do so.
POSTGRESQL_INDEX = (
    """CREATE OR REPLACE FUNCTION search_words(user_id bigint, title text, body text, parts text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100000 AS $$ BEGIN
    RETURN array_to_tsvector(array_remove(string_to_array(replace(concat_ws(' ', '_' || user_id::text, title, body, parts,
    CASE WHEN title = '' THEN '' ELSE '=' || replace(title, ' ', ' =') END), E'\\n', ' '), ' '), '')); END $$""",
    """CREATE INDEX ix_search_texts_words ON search_texts USING gin (search_words(user_id, title, body, parts))""",
    "ALTER INDEX ix_search_texts_words ALTER COLUMN 1 SET STATISTICS 0",
)


class SearchText(Model):
    """One transcription's words as they are compared (see domain/folding), parted by single spaces. Written by search_index.put.

    `body` has a line for each number that a segment has or could have, from 0; `parts` has the same lines, with the parts of
    compounds that ZWNJs hold together.
    """

    __tablename__ = "search_texts"

    transcription_seq: Mapped[int] = mapped_column(
        BigId, ForeignKey("transcriptions.seq", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(FOLDED)
    body: Mapped[str] = mapped_column(FOLDED)
    parts: Mapped[str] = mapped_column(FOLDED)


def is_described(name: str | None, _kind: str, _parents: object) -> bool:
    """Whether the models tell of it; Alembic asks. Of the indexes of words they tell nothing."""
    return name is None or not name.startswith(("search_index", "ix_search_texts_words"))


@event.listens_for(SearchText.__table__, "after_create")
def _create_index(_table: object, connection: Connection, **_options: object) -> None:
    for statement in {"sqlite": SQLITE_INDEX, "postgresql": POSTGRESQL_INDEX}.get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)


@event.listens_for(SearchText.__table__, "after_drop")
def _drop_index(_table: object, connection: Connection, **_options: object) -> None:
    """SQLite's triggers go with their table; what they fill does not."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TABLE IF EXISTS search_index")
