"""Settings: read once, refused in one sentence that names each, kept out of sight."""

from pathlib import Path

import pytest

from textor import settings as settings_module
from textor.errors import ConfigurationError
from textor.settings import Settings, embedded_socket, load

SECRET = "s3cret" * 8


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def production(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"TEXTOR_ENV": "production", "SECRET_KEY": SECRET, "REDIS_URL": "redis://cache:6379/0"}


def test_nothing_has_to_be_set(environ: dict[str, str], tmp_path: Path) -> None:
    found = load(environ)
    assert (found.host, found.port) == ("127.0.0.1", 8000)
    assert found.database_url == f"sqlite:///{tmp_path}/data/textor.db"
    assert found.redis_url == f"unix://{tmp_path}/data/redis/redis.sock"
    assert not found.is_production


def test_all_faults_come_in_one_message(environ: dict[str, str]) -> None:
    environ |= {
        "PORT": "eighty",
        "WORKERS": "0",
        "TEXTOR_ENV": "staging",
        "REDIS_URL": "http://cache",
        "DATABASE_URL": "oracle://x",
        "SECURE_SSL_REDIRECT": "perhaps",
        "SECRET_KEY_FILE": "/no/such/file",
    }
    with pytest.raises(ConfigurationError) as caught:
        load(environ)
    assert caught.value.message == (
        "Textor can't start: TEXTOR_ENV must be one of development, production; PORT must be a whole number from 1 to 65535; "
        "DATABASE_URL must start with one of sqlite://, postgres://, postgresql://, mysql://, mariadb://; "
        "REDIS_URL must start with one of redis://, rediss://, unix://; SECRET_KEY names a file that cannot be read; "
        "SECURE_SSL_REDIRECT must be true or false; WORKERS must be a whole number from 1 to 64."
    )


def test_a_fault_does_not_repeat_what_was_given(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(environ | {"DATABASE_URL": "oracle://user:hunter2@db/x"})
    assert "hunter2" not in caught.value.message


def test_a_file_may_hold_a_value(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n", encoding="utf-8")
    assert load(environ | {"SECRET_KEY_FILE": str(tmp_path / "key")}).secret_key == SECRET


def test_the_variable_goes_before_its_file(environ: dict[str, str], tmp_path: Path) -> None:
    assert load(environ | {"SECRET_KEY": SECRET, "SECRET_KEY_FILE": str(tmp_path / "none")}).secret_key == SECRET


def test_the_other_name_of_redis_is_known(environ: dict[str, str]) -> None:
    assert load(environ | {"REDIS_TLS_URL": "rediss://cache:6380"}).redis_url == "rediss://cache:6380"


def test_secrets_are_not_in_the_repr(production: dict[str, str]) -> None:
    found = load(production | {"DATABASE_URL": "postgresql://textor:hunter2@db/textor", "REDIS_URL": "redis://:hunter3@cache"})
    assert SECRET not in repr(found)
    assert "hunter" not in repr(found)


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("postgres://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
        ("postgresql://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
        ("postgresql+psycopg://u:p@db/x", "postgresql+psycopg://u:p@db/x"),
        ("mysql://u:p@db/x", "mysql+pymysql://u:p@db/x"),
        ("mariadb://u:p@db/x", "mariadb+pymysql://u:p@db/x"),
    ],
)
def test_databases_get_the_driver_that_is_installed(environ: dict[str, str], given: str, known: str) -> None:
    assert load(environ | {"DATABASE_URL": given}).database_url == known


@pytest.mark.parametrize(
    ("left_out", "sentence"),
    [
        ("SECRET_KEY", "SECRET_KEY is required when TEXTOR_ENV=production"),
        ("REDIS_URL", "REDIS_URL is required when TEXTOR_ENV=production"),
    ],
)
def test_production_insists(production: dict[str, str], left_out: str, sentence: str) -> None:
    del production[left_out]
    with pytest.raises(ConfigurationError, match=sentence):
        load(production)


def test_production_refuses_a_short_secret(production: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY must have at least 32 characters"):
        load(production | {"SECRET_KEY": "short"})


def test_the_generated_secret_is_kept_and_private(environ: dict[str, str], tmp_path: Path) -> None:
    first = load(environ).secret_key
    assert len(first) >= 32
    assert load(environ).secret_key == first
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_data_dir_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="DATA_DIR"):
        load({"DATA_DIR": str(tmp_path / "file" / "data")})


def test_dot_env_is_read_in_development_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PORT=8123\nWORKERS=3\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WORKERS", "4")
    monkeypatch.delenv("PORT", raising=False)
    found = load()
    assert (found.port, found.workers) == (8123, 4)
    for name, value in {"TEXTOR_ENV": "production", "SECRET_KEY": SECRET, "REDIS_URL": "redis://cache"}.items():
        monkeypatch.setenv(name, value)
    assert load().port == 8000


def test_an_empty_htmx_url_means_our_own_copy(environ: dict[str, str]) -> None:
    assert load(environ).htmx_url == settings_module.HTMX_CDN
    assert load(environ | {"HTMX_URL": ""}).htmx_url == ""


def test_a_long_data_dir_gets_a_socket_of_its_own_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    assert len(str(embedded_socket(deep))) <= settings_module.LONGEST_SOCKET_PATH
    assert embedded_socket(deep) != embedded_socket(tmp_path / ("e" * 100))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("textor.example", "http://textor.example:8000"),
    ],
)
def test_the_address_for_a_browser_here(host: str, url: str) -> None:
    assert Settings(host=host).local_url == url
