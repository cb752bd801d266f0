"""The laws of migrations: an upgraded database is the one that the models describe, up, down and up again."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from apiflask import APIFlask
from sqlalchemy import inspect, text

from tests import factories
from tests.laws import ROOT
from textor.app import create_app
from textor.extensions import db
from textor.models import ApiKey, Slice, Transcription
from textor.models.search import is_described
from textor.settings import Settings
from textor.toolbox import Toolbox

MIGRATIONS = ROOT / "migrations"
SENTENCE = re.compile(r"[A-Z]\S* .*\S\.")

REBUILD = '''"""A batch that copies the users on SQLite."""
from alembic import op
revision, down_revision = "next", {head!r}
def upgrade():
    with op.batch_alter_table("users") as batch:
        batch.create_check_constraint(op.f("ck_users_counted_from_one"), "id > 0")
    {then}
'''


@pytest.fixture
def empty(settings: Settings, tools: Toolbox) -> Iterator[APIFlask]:
    """The application on a database without a table; its context is on."""
    app = create_app(settings, tools)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def grown(tmp_path: Path) -> Path:
    """A copy of the migrations, to add one to."""
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__")))


def upgrade(folder: Path = MIGRATIONS) -> None:
    flask_migrate.upgrade(directory=str(folder))


def scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def add(folder: Path, then: str = "") -> None:
    (folder / "versions" / "next.py").write_text(REBUILD.format(head=scripts().get_current_head(), then=then), encoding="utf-8")


def tables() -> list[str]:
    return [name for name in inspect(db.engine).get_table_names() if name != "alembic_version"]


def described() -> dict[str, Any]:
    """All that the database knows of its tables, in an order of its own."""
    known = inspect(db.engine)
    facts: dict[str, Any] = {}
    for table in tables():
        facts[table] = {
            "columns": sorted((c["name"], str(c["type"]), c["nullable"], c["default"]) for c in known.get_columns(table)),
            "key": known.get_pk_constraint(table),
            "foreign": sorted(map(repr, known.get_foreign_keys(table))),
            "unique": sorted(map(repr, known.get_unique_constraints(table))),
            "checks": sorted(map(repr, known.get_check_constraints(table))),
            "indexes": sorted(map(repr, known.get_indexes(table))),
            "counts_up": counts_up(table),
        }
    return facts


def counts_up(table: str) -> bool:
    """SQLite's AUTOINCREMENT, which inspection doesn't tell."""
    if db.engine.dialect.name != "sqlite":
        return False
    statement = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    return "AUTOINCREMENT" in db.session.execute(statement, {"name": table}).scalar_one()


@pytest.mark.both_databases
def test_an_upgraded_database_is_what_the_models_describe(empty: APIFlask) -> None:
    upgrade()
    upgraded = described()
    flask_migrate.downgrade(directory=str(MIGRATIONS), revision="base")
    assert tables() == []
    db.create_all()
    assert upgraded == described()
    assert upgraded["transcriptions"]["checks"]


@pytest.mark.both_databases
def test_alembic_finds_nothing_to_add(empty: APIFlask) -> None:
    upgrade()
    with db.engine.connect() as connection:
        opts = {"compare_type": True, "compare_server_default": True, "include_name": is_described}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, db.metadata) == []
        connection.execute(text("DROP INDEX ix_recordings_sha256"))
        assert compare_metadata(context, db.metadata) != []


INDEXES_OF_WORDS = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE name LIKE 'search%' ORDER BY name",
    "postgresql": """SELECT concat(prosrc, provolatile, proparallel, procost) FROM pg_proc WHERE proname = 'search_words'
    UNION ALL SELECT concat('statistics ', attstattarget) FROM pg_attribute
    WHERE attrelid = to_regclass('ix_search_texts_words')""",
}


@pytest.mark.both_databases
def test_an_upgraded_database_indexes_words_as_the_models_say(empty: APIFlask) -> None:
    def indexes() -> list[str]:
        return [" ".join(str(sql).split()) for sql in db.session.scalars(text(INDEXES_OF_WORDS[db.engine.dialect.name]))]

    upgrade()
    upgraded = indexes()
    db.session.remove()
    flask_migrate.downgrade(directory=str(MIGRATIONS), revision="base")
    assert indexes() == []
    db.session.remove()
    db.create_all()
    assert indexes() == upgraded != []
    assert db.engine.dialect.name == "sqlite" or "statistics 0" in upgraded


@pytest.mark.both_databases
def test_every_revision_goes_down_and_up_again(empty: APIFlask) -> None:
    upgrade()
    once = described()
    for _ in scripts().walk_revisions():
        flask_migrate.downgrade(directory=str(MIGRATIONS))
    assert tables() == []
    upgrade()
    assert described() == once


def test_rows_that_refer_to_a_rebuilt_table_stay(empty: APIFlask, grown: Path) -> None:
    upgrade()
    alice = factories.user("Alice")
    db.session.add(ApiKey(user_id=alice.id, name="n", prefix="tx_", key_hash="h", created_at=factories.NOW))
    db.session.commit()
    add(grown)
    upgrade(grown)
    assert db.session.query(ApiKey).count() == 1
    assert db.session.execute(text("PRAGMA foreign_keys")).scalar() == 1


@pytest.mark.both_databases
def test_an_upgrade_that_fails_leaves_the_database_as_it_was(empty: APIFlask, grown: Path) -> None:
    upgrade()
    before = described()
    add(grown, then="raise ZeroDivisionError")
    with pytest.raises(ZeroDivisionError):
        upgrade(grown)
    assert described() == before


@pytest.mark.both_databases
def test_what_providers_work_on_is_asked_for_after_upgrades_and_downgrades(empty: APIFlask) -> None:
    upgrade()
    alice, bob = factories.user("Alice"), factories.user("Bob")
    for owner, ids in ((alice, ["job-1"]), (bob, ["job-2", "job-3"])):
        row = factories.transcription(
            owner, status="processing", active_for=owner.id, is_with_shift=True, remote_id="of an earlier run"
        )
        values = {"transcription_seq": row.seq, "start": 0.0, "end": 2.0, "engine": "fake", "state": "remote"}
        db.session.add_all(Slice(n=n, remote_id=of, due_at=factories.NOW, **values) for n, of in enumerate(ids))
    db.session.commit()
    flask_migrate.downgrade(directory=str(MIGRATIONS), revision="0001")
    old = "SELECT remote_id, next_poll_at IS NOT NULL FROM transcriptions ORDER BY seq"
    assert [tuple(row) for row in db.session.execute(text(old))] == [("job-1", True), (None, False)]
    db.session.execute(text("UPDATE transcriptions SET next_poll_at = NULL"))  # as while a process that is gone asked
    db.session.commit()
    upgrade()
    only = db.session.query(Slice).one()
    assert (only.remote_id, only.end, only.state, only.due_at) == ("job-1", 2.0, "remote", factories.NOW)
    assert [row.is_with_shift for row in db.session.query(Transcription).order_by(Transcription.seq)] == [True, False]


@pytest.mark.both_databases
def test_a_transcription_from_before_hints_has_none(empty: APIFlask) -> None:
    upgrade()
    seq = factories.transcription(factories.user("Alice"), vocabulary=["Textor"]).seq
    db.session.commit()
    flask_migrate.downgrade(directory=str(MIGRATIONS), revision="0002")
    upgrade()
    row = db.session.get_one(Transcription, seq)
    assert (row.vocabulary, row.speaker_count, row.cost_usd, row.heard_seconds) == ([], None, None, None)


def test_every_revision_has_a_sentence() -> None:
    assert [script.revision for script in scripts().walk_revisions() if not SENTENCE.fullmatch(script.doc.splitlines()[0])] == []
    assert not SENTENCE.fullmatch("the first tables")


def test_there_is_one_head() -> None:
    assert len(scripts().get_heads()) == 1
