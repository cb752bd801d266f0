"""What web, workers and commands share: settings → Flask, extensions, database, toolbox, logging."""

import hmac
import sqlite3
from typing import Any

from apiflask import APIFlask
from flask import current_app, request
from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from textor import extensions, models, toolbox, tracing
from textor.models.search import is_described
from textor.settings import Settings
from textor.toolbox import Toolbox

EXTENSION = "textor"
TABLES = models.__all__  # importing the models is what makes the tables known
SQLITE_WAIT_SECONDS = 30


def configure(app: APIFlask, settings: Settings, tools: Toolbox | None = None) -> None:
    """Make `app` ready to run features: configuration, extensions and the toolbox. Touches no network."""
    tracing.configure_logging(settings.log_level)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    app.config.update(_flask_config(settings))
    app.extensions[EXTENSION] = tools or toolbox.build(settings)
    extensions.db.init_app(app)
    extensions.migrate.init_app(app, extensions.db, render_as_batch=True, compare_type=True, include_name=is_described)
    extensions.login.init_app(app)
    extensions.limiter.init_app(app)
    extensions.babel.init_app(app)
    extensions.jwt.init_app(app)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]  # how Flask says it is done


def tools() -> Toolbox:
    """The toolbox of the app at work."""
    found: Toolbox = current_app.extensions[EXTENSION]
    return found


def _flask_config(settings: Settings) -> dict[str, Any]:
    secure = settings.is_production and settings.secure_ssl_redirect
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(settings.database_url),
        "SESSION_COOKIE_NAME": "textor_session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": secure,
        "WTF_CSRF_TIME_LIMIT": None,  # a dashboard left open over night must still work; the token dies with the session
        "RATELIMIT_STORAGE_URI": _limiter_storage(settings.redis_url),
        "RATELIMIT_KEY_PREFIX": "textor:limits",
        "RATELIMIT_STORAGE_OPTIONS": toolbox.redis_options(),
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,  # Redis away: each process counts for itself, and pages still open
        "RATELIMIT_HEADERS_ENABLED": False,
        "RATELIMIT_REQUEST_IDENTIFIER": lambda: request.endpoint or "nowhere",  # by itself it never counts what has no view
        "BABEL_DEFAULT_LOCALE": "en",
        "JWT_SECRET_KEY": hmac.new(settings.secret_key.encode(), b"textor jwt", "sha256").hexdigest(),
        "MAX_FORM_MEMORY_SIZE": 2_000_000,
    }


def _engine_options(database_url: str) -> dict[str, Any]:
    quiet = {"hide_parameters": True}  # an error's text would carry session tokens and transcripts into the log
    if database_url.startswith("sqlite"):
        # IMMEDIATE: sqlite3 begins a transaction at the first write only and takes the write lock at once, so that reads
        # hold no lock and a write never fails because an older read went before it.
        return quiet | {"connect_args": {"isolation_level": "IMMEDIATE", "timeout": SQLITE_WAIT_SECONDS}}
    # MySQL's own default, REPEATABLE READ, would show a session that reads twice the rows of its first look.
    return quiet | {"pool_pre_ping": True, "isolation_level": "READ COMMITTED"}


def _limiter_storage(redis_url: str) -> str:
    return redis_url.replace("unix://", "redis+unix://", 1) if redis_url.startswith("unix://") else redis_url


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Every SQLite connection: readers beside a writer, foreign keys held."""
    if isinstance(connection, sqlite3.Connection):
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()
