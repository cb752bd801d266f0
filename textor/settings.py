"""Every setting of Textor, read once from the environment. The only module that reads it.

Each field is one variable; `NAME_FILE` may point at a file that holds the value (Docker and systemd secrets). All faults are
reported in one message. docs/settings.md has a row for each (a test insists).
"""

import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from limits import parse_many

from textor.domain import setting_values, stopping, storage_places
from textor.domain.setting_values import Parse
from textor.domain.storage_places import Bucket, Folder
from textor.errors import ConfigurationError

LONGEST_SOCKET_PATH = 100  # AF_UNIX allows 104 bytes on macOS, 108 on Linux

HTMX_CDN = "https://cdn.jsdelivr.net/npm/htmx.org@4.0.1/dist/htmx.min.js"

NO_SHARED_DISK = (
    "web and worker share no disk on a Heroku dyno: set STORAGE_URL=s3://BUCKET or AWS_STORAGE_BUCKET_NAME, with "
    "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_S3_REGION_NAME, or add one: heroku addons:create bucketeer:hobbyist"
)
ASSEMBLYAI_URL = "https://api.assemblyai.com"
OPENAI_URL = "https://api.openai.com/v1"
ASSEMBLYAI_MODELS = ("universal-3-5-pro", "universal-2")


def _path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def _quota(value: str) -> str:
    """Flask-Limiter's notation; one of several limits is enough to refuse."""
    try:
        parse_many(value)
    except ValueError:
        raise ValueError("must look like 25/day or 25/day;5/hour") from None
    return value


def _from(variable: str, parse: Parse, default: Any = None, *, also: str = "", secret: bool = False) -> Any:
    """Declare a field: the variable it comes from, how its text is read, and what holds where it is unset."""
    return field(default=default, repr=not secret, metadata={"variable": variable, "parse": parse, "also": also})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings, typed. Times are in seconds unless the name says otherwise."""

    environment: str = _from("TEXTOR_ENV", setting_values.choice("development", "production"), "development")
    data_dir: Path = _from("DATA_DIR", _path, Path("data"))
    storage_url: Folder | Bucket | None = _from("STORAGE_URL", storage_places.parse)
    aws_access_key_id: str = _from("AWS_ACCESS_KEY_ID", setting_values.text, "", also="BUCKETEER_AWS_ACCESS_KEY_ID", secret=True)
    aws_secret_access_key: str = _from(
        "AWS_SECRET_ACCESS_KEY", setting_values.text, "", also="BUCKETEER_AWS_SECRET_ACCESS_KEY", secret=True
    )
    aws_storage_bucket_name: str = _from("AWS_STORAGE_BUCKET_NAME", storage_places.bucket_name, "", also="BUCKETEER_BUCKET_NAME")
    aws_s3_region_name: str = _from("AWS_S3_REGION_NAME", setting_values.text, "", also="BUCKETEER_AWS_REGION")
    aws_s3_endpoint_url: str = _from("AWS_S3_ENDPOINT_URL", storage_places.endpoint, "")
    dyno: str = _from("DYNO", setting_values.text, "")
    host: str = _from("HOST", setting_values.text, "127.0.0.1")
    port: int = _from("PORT", setting_values.whole(1, 65_535), 8000)
    database_url: str = _from("DATABASE_URL", setting_values.database, "", secret=True)
    redis_url: str = _from("REDIS_URL", setting_values.address("redis", "rediss", "unix"), "", also="REDIS_TLS_URL", secret=True)
    secret_key: str = _from("SECRET_KEY", setting_values.text, "", secret=True)
    allowed_hosts: tuple[str, ...] = _from("ALLOWED_HOSTS", setting_values.words, ())
    trusted_proxies: int = _from("TRUSTED_PROXIES", setting_values.whole(0, 10), 0)
    secure_ssl_redirect: bool = _from("SECURE_SSL_REDIRECT", setting_values.flag, False)
    secure_hsts_seconds: int = _from("SECURE_HSTS_SECONDS", setting_values.whole(0, 63_072_000), 0)
    htmx_url: str = _from("HTMX_URL", setting_values.text, HTMX_CDN)
    web_concurrency: int = _from("WEB_CONCURRENCY", setting_values.whole(1, 64), 2)
    workers: int = _from("WORKERS", setting_values.whole(1, 64), 2)
    api_key: str = _from("API_KEY", setting_values.key, "", secret=True)
    allow_guests: bool = _from("ALLOW_GUESTS", setting_values.flag, True)
    allow_private_addresses: bool = _from("ALLOW_PRIVATE_ADDRESSES", setting_values.flag, False)
    cors_allowed_origins: tuple[str, ...] = _from("CORS_ALLOWED_ORIGINS", setting_values.words, ())
    quota_user: str = _from("QUOTA_USER", _quota, "25/day")
    quota_guest: str = _from("QUOTA_GUEST", _quota, "5/day")
    quota_reads: str = _from("QUOTA_READS", _quota, "600/minute")
    quota_counts_reads: bool = _from("QUOTA_COUNTS_READS", setting_values.flag, False)
    user_minutes_per_month: int | None = _from("USER_MINUTES_PER_MONTH", setting_values.whole(0, 10_000_000))
    sync_wait_seconds: int = _from("SYNC_WAIT_SECONDS", setting_values.whole(0, 300), 25)
    live_sockets: int = _from("LIVE_SOCKETS", setting_values.whole(0, 1000), 16)
    metrics_token: str = _from("METRICS_TOKEN", setting_values.key, "", secret=True)
    max_upload_mb_guest: int = _from("MAX_UPLOAD_MB_GUEST", setting_values.whole(1, 20_000), 5)
    max_upload_mb: int = _from("MAX_UPLOAD_MB", setting_values.whole(1, 20_000), 500)
    max_audio_hours: int = _from("MAX_AUDIO_HOURS", setting_values.whole(1, 48), 12)
    default_engine: str = _from("DEFAULT_ENGINE", setting_values.text, "")
    whisper_model: str = _from("WHISPER_MODEL", setting_values.text, "base")
    whisper_models_dir: Path | None = _from("WHISPER_MODELS_DIR", _path, None)
    assemblyai_api_key: str = _from("ASSEMBLYAI_API_KEY", setting_values.key, "", also="API_KEY_ASSEMBLYAI", secret=True)
    assemblyai_base_url: str = _from("ASSEMBLYAI_BASE_URL", setting_values.address("https", "http"), ASSEMBLYAI_URL)
    assemblyai_speech_models: tuple[str, ...] = _from("ASSEMBLYAI_SPEECH_MODELS", setting_values.words, ASSEMBLYAI_MODELS)
    openai_api_key: str = _from("OPENAI_API_KEY", setting_values.key, "", secret=True)
    openai_base_url: str = _from("OPENAI_BASE_URL", setting_values.address("https", "http"), OPENAI_URL)
    openai_transcribe_model: str = _from("OPENAI_TRANSCRIBE_MODEL", setting_values.text, "")
    text_model: tuple[str, ...] = _from("TEXT_MODEL", setting_values.words, ())
    text_base_url: str = _from("TEXT_BASE_URL", setting_values.address("https", "http"), "")
    text_api_key: str = _from("TEXT_API_KEY", setting_values.key, "", secret=True)
    text_prices: tuple[tuple[str, float, float], ...] = _from("TEXT_PRICES", setting_values.token_prices, ())
    text_window_tokens: int | None = _from("TEXT_WINDOW_TOKENS", setting_values.whole(2_000, 10_000_000))
    eboo_token: str = _from("EBOO_TOKEN", setting_values.key, "", secret=True)
    eboo_base_url: str = _from("EBOO_BASE_URL", setting_values.address("https", "http"), "https://www.eboo.ir")
    scribe_token: str = _from("SCRIBE_TOKEN", setting_values.key, "", secret=True)
    scribe_base_url: str = _from("SCRIBE_BASE_URL", setting_values.address("https", "http"), "https://api.metisai.ir")
    vira_token: str = _from("VIRA_TOKEN", setting_values.key, "", secret=True)
    vira_base_url: str = _from("VIRA_BASE_URL", setting_values.address("https", "http"), "https://partai.gw.isahab.ir")
    deepgram_api_key: str = _from("DEEPGRAM_API_KEY", setting_values.key, "", secret=True)
    twilio_account_sid: str = _from("TWILIO_ACCOUNT_SID", setting_values.key, "")
    twilio_auth_token: str = _from("TWILIO_AUTH_TOKEN", setting_values.key, "", secret=True)
    twilio_base_url: str = _from("TWILIO_BASE_URL", setting_values.address("https", "http"), "https://api.twilio.com")
    twilio_import_user: str = _from("TWILIO_IMPORT_USER", setting_values.text, "")
    twilio_users: tuple[str, ...] = _from("TWILIO_USERS", setting_values.words, ())
    twilio_delete_after_import: bool = _from("TWILIO_DELETE_AFTER_IMPORT", setting_values.flag, False)
    deepgram_base_url: str = _from("DEEPGRAM_BASE_URL", setting_values.address("https", "http"), "https://api.deepgram.com")
    engine_prices: tuple[tuple[str, float], ...] = _from("ENGINE_PRICES", setting_values.prices, ())
    monthly_budget: float | None = _from("MONTHLY_BUDGET", setting_values.amount)
    slice_minutes: int = _from("SLICE_MINUTES", setting_values.whole(1, 120), 10)
    failover_engines: tuple[str, ...] = _from("FAILOVER_ENGINES", setting_values.words, ())
    provider_concurrency: tuple[tuple[str, int], ...] = _from("PROVIDER_CONCURRENCY", setting_values.counts, ())
    delete_at_provider: bool = _from("DELETE_AT_PROVIDER", setting_values.flag, True)
    public_url: str = _from("PUBLIC_URL", setting_values.address("https", "http"), "")
    lease_seconds: int = _from("LEASE_SECONDS", setting_values.whole(2, 600), 15)
    drain_seconds: int = _from("DRAIN_SECONDS", setting_values.whole(1, 3600), stopping.DRAIN_SECONDS)
    max_attempts: int = _from("MAX_ATTEMPTS", setting_values.whole(1, 20), 5)
    undo_seconds: int = _from("UNDO_SECONDS", setting_values.whole(0, 86_400), 600)
    log_level: str = _from("LOG_LEVEL", setting_values.choice("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * 1_000_000

    @property
    def max_upload_bytes_guest(self) -> int:
        return min(self.max_upload_mb_guest, self.max_upload_mb) * 1_000_000

    @property
    def local_url(self) -> str:
        """Where a browser on this machine finds Textor."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - read, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def incoming_dir(self) -> Path:
        """Where uploads are spooled until they are known to be sound."""
        return self.data_dir / "incoming"

    @property
    def recordings_dir(self) -> Path:
        """The local store."""
        return Path(self.storage_url.path) if isinstance(self.storage_url, Folder) else self.data_dir / "storage"

    @property
    def bucket(self) -> Bucket | None:
        """The store that many machines share, with its keys; None: the local one."""
        named = Bucket(self.aws_storage_bucket_name) if self.aws_storage_bucket_name else None
        found = self.storage_url or named
        if not isinstance(found, Bucket):
            return None
        return replace(
            found,
            region=found.region or self.aws_s3_region_name,
            endpoint_url=found.endpoint_url or self.aws_s3_endpoint_url,
            key_id=self.aws_access_key_id,
            secret=self.aws_secret_access_key,
        )


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (default: the process environment, and `.env` in development).

    Raises ConfigurationError naming every setting at fault.
    """
    if environ is None:
        environ = dict(os.environ)
        if environ.get("TEXTOR_ENV", "development") == "development":
            environ = {**{k: v for k, v in dotenv_values(".env").items() if v is not None}, **environ}
    values, faults = _read(environ)
    settings = Settings(**values)
    faults += _faults_between(settings, values)
    if faults:
        raise ConfigurationError("Textor can't start: " + "; ".join(faults) + ".")
    try:
        return _filled(settings)
    except OSError as error:
        raise ConfigurationError("Textor can't start: DATA_DIR names a folder that can't be made or written to.") from error


def _read(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    faults: list[str] = []
    for spec in fields(Settings):
        variable = spec.metadata["variable"]
        try:
            text = _lookup(environ, variable, spec.metadata["also"])
            if text or (text is not None and spec.name == "htmx_url"):  # HTMX_URL= (empty) means: own copy only
                values[spec.name] = spec.metadata["parse"](text)
        except (ValueError, OSError) as error:
            faults.append(f"{variable} {error if isinstance(error, ValueError) else 'names a file that cannot be read'}")
    return values, faults


def _lookup(environ: Mapping[str, str], variable: str, also: str) -> str | None:
    for name in filter(None, (variable, also)):
        if name in environ:
            return environ[name].strip()
        if f"{name}_FILE" in environ:
            return Path(environ[f"{name}_FILE"]).read_text(encoding="utf-8").strip()
    return None


def _faults_between(settings: Settings, given: Mapping[str, Any]) -> list[str]:
    faults = _storage_faults(settings)
    if settings.dyno and settings.drain_seconds > stopping.LONGEST_DRAIN_SECONDS:
        faults.append(f"DRAIN_SECONDS must be at most {stopping.LONGEST_DRAIN_SECONDS} on a Heroku dyno, which is soon killed")
    if not settings.is_production:
        return faults
    if not settings.secret_key:
        faults.append("SECRET_KEY is required when TEXTOR_ENV=production")
    elif len(settings.secret_key) < 32:
        faults.append("SECRET_KEY must have at least 32 characters")
    if "redis_url" not in given:
        faults.append("REDIS_URL is required when TEXTOR_ENV=production")
    return faults


def _storage_faults(settings: Settings) -> list[str]:
    """The two keys alone are no fault: they may be there for other programs."""
    bucket = settings.bucket
    if bucket:
        needed = {
            "AWS_ACCESS_KEY_ID": bucket.key_id,
            "AWS_SECRET_ACCESS_KEY": bucket.secret,
            "AWS_S3_REGION_NAME (or AWS_S3_ENDPOINT_URL)": bucket.signing_region,
        }
        lacking = [name for name, value in needed.items() if not value]
        named = "STORAGE_URL=s3://" if settings.storage_url else "AWS_STORAGE_BUCKET_NAME"
        return [f"{', '.join(lacking)} must be set with {named}"] if lacking else []
    if settings.storage_url:
        return []
    if settings.aws_s3_region_name or settings.aws_s3_endpoint_url:
        return ["AWS_STORAGE_BUCKET_NAME must be set with AWS_S3_REGION_NAME or AWS_S3_ENDPOINT_URL"]
    return [NO_SHARED_DISK] if settings.dyno else []


def _filled(settings: Settings) -> Settings:
    """Defaults that depend on other settings: SQLite, the embedded Redis and a generated secret live in DATA_DIR."""
    data_dir = settings.data_dir.absolute()
    values = {spec.name: getattr(settings, spec.name) for spec in fields(Settings)}
    values["data_dir"] = data_dir
    values["database_url"] = settings.database_url or f"sqlite:///{data_dir / 'textor.db'}"
    values["redis_url"] = settings.redis_url or f"unix://{embedded_socket(data_dir)}"
    values["secret_key"] = settings.secret_key or _kept_secret(data_dir / "secret_key")
    return Settings(**values)


def embedded_socket(data_dir: Path) -> Path:
    """Where the embedded Redis listens: in DATA_DIR, or, where that path is too long, in the temporary folder."""
    path = data_dir / "redis" / "redis.sock"
    if len(str(path).encode()) <= LONGEST_SOCKET_PATH:
        return path
    short = sha256(str(data_dir).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"textor-{short}" / "redis.sock"


def _kept_secret(path: Path) -> str:
    """A secret of this instance's own, made once, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            with suppress(FileExistsError):  # whole or not at all: another process may be making its own now
                os.link(file.name, path)
    return path.read_text(encoding="ascii").strip()
