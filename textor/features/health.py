"""How the service is, and what it says about itself."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import text

from textor import VERSION
from textor.errors import TextorError
from textor.extensions import db
from textor.job_queue import worker
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

ENDPOINTS = {
    "transcribe": "/api/transcribe/",
    "languages": "/api/transcribe/languages/",
    "models": "/api/transcribe/models/",
    "accounts": "/api/v1/accounts/user/",
    "openai": "/v1/models/",
    "health": "/health",
    "database": "/health/db/",
    "cache": "/health/cache/",
    "storage": "/health/storage/",
    "workers": "/health/workers/",
    "metrics": "/metrics",
    "openapi": "/openapi.json",
    "swagger": "/swagger/",
    "schema": "/swagger/schema/",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that Textor depends on. `fault` is a sentence for anybody to read: no host, no path, no secret."""

    name: str
    fault: str | None = None

    @property
    def ok(self) -> bool:
        return self.fault is None


def metadata(_tools: Toolbox) -> dict[str, object]:
    """Name, version, where to go on."""
    return {"name": "Textor", "version": VERSION, "endpoints": ENDPOINTS}


def check(tools: Toolbox, name: str) -> Part:
    """How one part is, within seconds. Never raises: whatever goes wrong in there is the answer."""
    try:
        fault = _CHECKS[name](tools)
    except TextorError as error:
        fault = error.message
    except Exception:  # the house allows it here: a health check reports every failure
        log.warning("the health check of %s failed", name, exc_info=True)
        fault = _SILENT[name]
    return Part(name, fault)


def check_all(tools: Toolbox) -> list[Part]:
    """How every part is."""
    return [check(tools, name) for name in _CHECKS]


def missing(tools: Toolbox) -> list[str]:
    """What this machine lacks, a sentence each with the command that installs it. Everything else works without it."""
    return [sentence for known in tools.formats.values() if (sentence := known.missing())]


def _database(_tools: Toolbox) -> None:
    try:
        db.session.execute(text("SELECT 1"))
    finally:
        db.session.rollback()


def _cache(tools: Toolbox) -> None:
    tools.redis.ping()


def _storage(tools: Toolbox) -> None:
    tools.storage.check()


def _workers(tools: Toolbox) -> str | None:
    idle = [name for name, count in worker.alive(tools.redis).items() if not count]
    return f"No worker serves {', '.join(idle)}: such work waits. Start one: python worker.py" if idle else None


_CHECKS: Mapping[str, Callable[[Toolbox], str | None]] = {
    "db": _database,
    "cache": _cache,
    "storage": _storage,
    "workers": _workers,
}

_SILENT = {
    "db": "The database does not answer.",
    "cache": "The cache (Redis) does not answer.",
    "storage": "The storage for recordings does not work.",
    "workers": "The workers can't be asked: the cache (Redis) does not answer.",
}
