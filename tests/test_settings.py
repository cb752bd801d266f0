"""Settings: read once, refused in one sentence that names each, kept out of sight."""

from pathlib import Path

import pytest

from textor import settings as settings_module
from textor.domain.storage_places import Bucket
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


KEYS = {"AWS_ACCESS_KEY_ID": "AKIAHUNTER", "AWS_SECRET_ACCESS_KEY": "hunter2hunter2"}
THE_FOUR = {**KEYS, "AWS_STORAGE_BUCKET_NAME": "sounds", "AWS_S3_REGION_NAME": "eu-west-1"}
BUCKETEER = {
    "BUCKETEER_AWS_ACCESS_KEY_ID": "AKIAHUNTER",
    "BUCKETEER_AWS_SECRET_ACCESS_KEY": "hunter2hunter2",
    "BUCKETEER_BUCKET_NAME": "sounds",
    "BUCKETEER_AWS_REGION": "eu-west-1",
}


def test_recordings_lie_in_data_dir_unless_something_is_said(environ: dict[str, str], tmp_path: Path) -> None:
    found = load(environ | KEYS)
    assert found.bucket is None
    assert found.recordings_dir == tmp_path / "data" / "storage"


def test_a_folder_for_recordings_can_be_named(environ: dict[str, str]) -> None:
    found = load(environ | THE_FOUR | {"STORAGE_URL": "file:///srv/the%20sounds"})
    assert found.bucket is None
    assert found.recordings_dir == Path("/srv/the sounds")


@pytest.mark.parametrize("given", [THE_FOUR, BUCKETEER])
def test_the_four_settings_of_a_bucket_are_enough(environ: dict[str, str], given: dict[str, str]) -> None:
    found = load(environ | given)
    assert found.bucket == Bucket("sounds", region="eu-west-1", key_id="AKIAHUNTER", secret="hunter2hunter2")
    assert "hunter" not in (repr(found) + repr(found.bucket)).lower()


def test_a_bucket_can_be_named_by_one_address(environ: dict[str, str]) -> None:
    url = "s3://sounds/of/alice/?endpoint=https://store.example:9000&region=here"
    found = load(environ | KEYS | {"STORAGE_URL": url}).bucket
    assert found == Bucket("sounds", "of/alice", "here", "https://store.example:9000", *KEYS.values())


def test_a_store_that_is_not_amazons_needs_no_region(environ: dict[str, str]) -> None:
    given = KEYS | {"STORAGE_URL": "s3://sounds", "AWS_S3_ENDPOINT_URL": "http://store.example:9000"}
    found = load(environ | given).bucket
    assert found and (found.endpoint_url, found.signing_region) == ("http://store.example:9000", "us-east-1")


@pytest.mark.parametrize(
    ("left_out", "sentence"),
    [
        ("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID must be set with AWS_STORAGE_BUCKET_NAME"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY must be set with AWS_STORAGE_BUCKET_NAME"),
        ("AWS_S3_REGION_NAME", "AWS_S3_REGION_NAME (or AWS_S3_ENDPOINT_URL) must be set with AWS_STORAGE_BUCKET_NAME"),
        ("AWS_STORAGE_BUCKET_NAME", "AWS_STORAGE_BUCKET_NAME must be set with AWS_S3_REGION_NAME or AWS_S3_ENDPOINT_URL"),
    ],
)
def test_half_a_bucket_stops_the_start(environ: dict[str, str], left_out: str, sentence: str) -> None:
    given = {name: value for name, value in THE_FOUR.items() if name != left_out}
    with pytest.raises(ConfigurationError) as caught:
        load(environ | given)
    assert caught.value.message == f"Textor can't start: {sentence}."


def test_an_address_of_a_bucket_without_keys_stops_the_start(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(environ | {"STORAGE_URL": "s3://sounds?region=here"})
    assert caught.value.message == (
        "Textor can't start: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY must be set with STORAGE_URL=s3://."
    )


@pytest.mark.parametrize(
    "url",
    [
        "sounds",
        "gs://hunter",
        "s3://",
        "s3://h",
        "s3://AKIA:hunter2@sounds",
        "s3://hunter?secret=hunter2",
        "s3://hunter?endpoint=store",
        "s3://hunter?endpoint=https://a:hunter2@store",
        "s3://hunter?endpoint=https://store:hunter",
        "s3://[hunter",
        "file://hunter/sounds",
        "file:hunter",
        "file:///",
    ],
)
def test_an_address_that_names_no_store_is_refused_and_not_repeated(environ: dict[str, str], url: str) -> None:
    with pytest.raises(ConfigurationError, match="STORAGE_URL must") as caught:
        load(environ | KEYS | {"STORAGE_URL": url})
    assert "hunter" not in caught.value.message


def test_a_dyno_is_told_what_a_stop_can_wait_at_most(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(environ | {"DYNO": "worker.1", "STORAGE_URL": "file:///shared", "DRAIN_SECONDS": "22"})
    assert "DRAIN_SECONDS must be at most 21 on a Heroku dyno" in str(caught.value.message)
    assert load(environ | {"DYNO": "worker.1", "STORAGE_URL": "file:///shared", "DRAIN_SECONDS": "21"}).drain_seconds == 21


def test_a_dyno_without_a_shared_store_does_not_start(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(environ | {"DYNO": "web.1"})
    assert caught.value.message == (
        "Textor can't start: web and worker share no disk on a Heroku dyno: set STORAGE_URL=s3://BUCKET or "
        "AWS_STORAGE_BUCKET_NAME, with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_S3_REGION_NAME, "
        "or add one: heroku addons:create bucketeer:hobbyist."
    )


@pytest.mark.parametrize("given", [THE_FOUR, BUCKETEER, {"STORAGE_URL": "file:///srv/sounds"}])
def test_a_dyno_starts_with_a_store_that_was_named(environ: dict[str, str], given: dict[str, str]) -> None:
    assert load(environ | {"DYNO": "worker.1"} | given).dyno == "worker.1"
