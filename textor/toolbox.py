"""The toolbox: everything that has several implementations or must be faked, built once from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from textor.adapters import discovery
from textor.adapters.exports.port import ExportFormat
from textor.adapters.storage.local import LocalStorage
from textor.adapters.storage.port import Storage
from textor.adapters.storage.s3 import S3Storage
from textor.adapters.stt.port import Engine
from textor.adapters.telephony.twilio import Twilio
from textor.adapters.text_models.port import TextModel
from textor.settings import Settings

REDIS_TIMEOUT_SECONDS = 3


class Clock(Protocol):
    """Tells the time; tests hold it still."""

    def now(self) -> datetime:
        """The current time, aware, UTC."""


class SystemClock:
    """The machine's own clock, `ahead` of itself by as much as the database's is (see job_queue.clocks): leases of several
    machines are told by one time."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.checked_at: float | None = None
        """On time.monotonic; None: never."""

    def machine(self) -> datetime:
        """What this machine itself says."""
        return datetime.now(UTC)

    def now(self) -> datetime:
        return self.machine() + self.ahead


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What features work with. `engines`, `text_models` and `formats` are in the order they are offered."""

    settings: Settings
    engines: Mapping[str, Engine]
    text_models: Mapping[str, TextModel]
    formats: Mapping[str, ExportFormat]
    storage: Storage
    redis: Redis
    clock: Clock
    calls: Twilio | None = None
    """None: no telephone company is set up."""


def build(settings: Settings) -> Toolbox:
    """The real tools. Touches no network and loads no heavy library."""
    return Toolbox(
        settings=settings,
        engines={kind.name: kind.from_settings(settings) for kind in discovery.engines()},
        text_models={one.name: one for kind in discovery.text_model_kinds() for one in kind.from_settings(settings)},
        formats={kind.name: kind() for kind in discovery.export_formats()},
        storage=_storage(settings),
        redis=connect_redis(settings.redis_url),
        clock=SystemClock(),
        calls=Twilio.from_settings(settings),
    )


def _storage(settings: Settings) -> Storage:
    return S3Storage(settings.bucket, settings.incoming_dir) if settings.bucket else LocalStorage(settings.recordings_dir)


def connect_redis(url: str, timeout_seconds: float = REDIS_TIMEOUT_SECONDS, tries: int = 2) -> Redis:
    """A client that gives up after seconds: redis-py otherwise tries ten times while a user waits."""
    return Redis.from_url(url, **redis_options(timeout_seconds, tries))


def redis_options(timeout_seconds: float = REDIS_TIMEOUT_SECONDS, tries: int = 2) -> dict[str, Any]:
    """How patient every client is."""
    return {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        "retry": Retry(NoBackoff(), tries - 1),
    }
