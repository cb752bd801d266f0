"""Every setting of Textor, read once from the environment. The only module that reads it.

Each field is one variable; `NAME_FILE` may point at a file that holds the value (Docker and systemd secrets). All faults are
reported in one message. docs/settings.md has a row for each (a test insists).
"""

import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

from textor.domain import storage_places
from textor.domain.storage_places import Bucket, Folder
from textor.errors import ConfigurationError

LONGEST_SOCKET_PATH = 100  # AF_UNIX allows 104 bytes on macOS, 108 on Linux

HTMX_CDN = "https://cdn.jsdelivr.net/npm/htmx.org@4.0.1/dist/htmx.min.js"

NO_SHARED_DISK = (
    "web and worker share no disk on a Heroku dyno: set STORAGE_URL=s3://BUCKET or AWS_STORAGE_BUCKET_NAME, with "
    "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_S3_REGION_NAME, or add one: heroku addons:create bucketeer:hobbyist"
)
ASSEMBLYAI_URL = "https://api.assemblyai.com"
ASSEMBLYAI_MODELS = ("universal-3-5-pro", "universal-2")

Parse = Callable[[str], Any]


def _text(value: str) -> str:
    return value


def _key(value: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be a key alone: one word, without accents or blanks")
    return value


def _path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def _flag(value: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if value.lower() not in words:
        raise ValueError("must be true or false")
    return words[value.lower()]


def _words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _counts(value: str) -> tuple[tuple[str, int], ...]:
    pairs = [word.partition("=") for word in _words(value)]
    if any(not name.strip() or not count.strip().isdigit() or not int(count) for name, _, count in pairs):
        raise ValueError("must look like openai=4,assemblyai=100, with whole numbers from 1")
    return tuple((name.strip(), int(count)) for name, _, count in pairs)


def _whole(low: int, high: int) -> Parse:
    def parse(value: str) -> int:
        if not value.lstrip("-").isdigit() or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def _choice(*choices: str) -> Parse:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return parse


def _address(*schemes: str) -> Parse:
    def parse(value: str) -> str:
        if urlsplit(value).scheme.split("+")[0] not in schemes:
            raise ValueError(f"must start with one of {', '.join(f'{scheme}://' for scheme in schemes)}")
        return value

    return parse


def _database(value: str) -> str:
    """Heroku still hands out postgres://, which SQLAlchemy no longer knows; drivers are ours to name."""
    scheme, rest = _address("sqlite", "postgres", "postgresql", "mysql", "mariadb")(value).split("://", 1)
    drivers = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
    return f"{drivers.get(scheme, scheme)}://{rest}".replace("mariadb://", "mariadb+pymysql://")


def _from(variable: str, parse: Parse, default: Any = None, *, also: str = "", secret: bool = False) -> Any:
    """Declare a field: the variable it comes from, how its text is read, and what holds where it is unset."""
    return field(default=default, repr=not secret, metadata={"variable": variable, "parse": parse, "also": also})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings, typed. Times are in seconds unless the name says otherwise."""

    environment: str = _from("TEXTOR_ENV", _choice("development", "production"), "development")
    data_dir: Path = _from("DATA_DIR", _path, Path("data"))
    storage_url: Folder | Bucket | None = _from("STORAGE_URL", storage_places.parse)
    aws_access_key_id: str = _from("AWS_ACCESS_KEY_ID", _text, "", also="BUCKETEER_AWS_ACCESS_KEY_ID", secret=True)
    aws_secret_access_key: str = _from("AWS_SECRET_ACCESS_KEY", _text, "", also="BUCKETEER_AWS_SECRET_ACCESS_KEY", secret=True)
    aws_storage_bucket_name: str = _from("AWS_STORAGE_BUCKET_NAME", storage_places.bucket_name, "", also="BUCKETEER_BUCKET_NAME")
    aws_s3_region_name: str = _from("AWS_S3_REGION_NAME", _text, "", also="BUCKETEER_AWS_REGION")
    aws_s3_endpoint_url: str = _from("AWS_S3_ENDPOINT_URL", storage_places.endpoint, "")
    dyno: str = _from("DYNO", _text, "")
    host: str = _from("HOST", _text, "127.0.0.1")
    port: int = _from("PORT", _whole(1, 65_535), 8000)
    database_url: str = _from("DATABASE_URL", _database, "", secret=True)
    redis_url: str = _from("REDIS_URL", _address("redis", "rediss", "unix"), "", also="REDIS_TLS_URL", secret=True)
    secret_key: str = _from("SECRET_KEY", _text, "", secret=True)
    allowed_hosts: tuple[str, ...] = _from("ALLOWED_HOSTS", _words, ())
    trusted_proxies: int = _from("TRUSTED_PROXIES", _whole(0, 10), 0)
    secure_ssl_redirect: bool = _from("SECURE_SSL_REDIRECT", _flag, False)
    secure_hsts_seconds: int = _from("SECURE_HSTS_SECONDS", _whole(0, 63_072_000), 0)
    htmx_url: str = _from("HTMX_URL", _text, HTMX_CDN)
    web_concurrency: int = _from("WEB_CONCURRENCY", _whole(1, 64), 2)
    workers: int = _from("WORKERS", _whole(1, 64), 2)
    max_upload_mb: int = _from("MAX_UPLOAD_MB", _whole(1, 20_000), 500)
    max_audio_hours: int = _from("MAX_AUDIO_HOURS", _whole(1, 48), 12)
    default_engine: str = _from("DEFAULT_ENGINE", _text, "")
    whisper_model: str = _from("WHISPER_MODEL", _text, "base")
    whisper_models_dir: Path | None = _from("WHISPER_MODELS_DIR", _path, None)
    assemblyai_api_key: str = _from("ASSEMBLYAI_API_KEY", _key, "", also="API_KEY_ASSEMBLYAI", secret=True)
    assemblyai_base_url: str = _from("ASSEMBLYAI_BASE_URL", _address("https", "http"), ASSEMBLYAI_URL)
    assemblyai_speech_models: tuple[str, ...] = _from("ASSEMBLYAI_SPEECH_MODELS", _words, ASSEMBLYAI_MODELS)
    slice_minutes: int = _from("SLICE_MINUTES", _whole(1, 120), 10)
    failover_engines: tuple[str, ...] = _from("FAILOVER_ENGINES", _words, ())
    provider_concurrency: tuple[tuple[str, int], ...] = _from("PROVIDER_CONCURRENCY", _counts, ())
    delete_at_provider: bool = _from("DELETE_AT_PROVIDER", _flag, True)
    public_url: str = _from("PUBLIC_URL", _address("https", "http"), "")
    lease_seconds: int = _from("LEASE_SECONDS", _whole(2, 600), 15)
    max_attempts: int = _from("MAX_ATTEMPTS", _whole(1, 20), 5)
    undo_seconds: int = _from("UNDO_SECONDS", _whole(0, 86_400), 600)
    log_level: str = _from("LOG_LEVEL", _choice("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * 1_000_000

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
