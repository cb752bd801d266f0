"""Which Whisper models there are, and which of them stand on this machine."""

from pathlib import Path

import pytest

from textor.adapters.stt import whisper_models

FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")


def put_model(folder: Path, *, without: str = "", bytes_of_model: bytes = b"weights") -> Path:
    """The files of a model; nothing reads them here."""
    folder.mkdir(parents=True)
    for name in FILES:
        if name != without:
            (folder / name).write_bytes(bytes_of_model if name == "model.bin" else b"{}")
    return folder


def put_cached(folder: Path, repo: str, *, without: str = "") -> Path:
    """A model as the hub's library leaves it."""
    home = folder / f"models--{repo.replace('/', '--')}"
    put_model(home / "snapshots" / "abc123", without=without)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("abc123")
    return home


def downloaded(folder: Path) -> set[str]:
    return {model.name for model in whisper_models.listed(folder) if model.is_downloaded}


def test_the_whole_family_is_listed_with_sizes_and_full_names(tmp_path: Path) -> None:
    models = {model.name: model for model in whisper_models.listed(tmp_path)}
    assert {
        "tiny.en",
        "base",
        "small",
        "medium.en",
        "large-v1",
        "large-v2",
        "large-v3",
        "large-v3-turbo",
        "distil-large-v3",
    } <= set(models)
    assert models["tiny.en"].full_name == "openai/whisper-tiny.en"
    assert models["tiny.en"].size_mb == 75.0
    assert models["distil-small.en"].full_name == "distil-whisper/distil-small.en"
    assert all(model.description and model.is_downloaded is False for model in models.values())


def test_every_published_model_is_one_that_faster_whisper_knows() -> None:
    utils = pytest.importorskip("faster_whisper.utils")
    assert {known.name: known.repo for known in whisper_models.CATALOGUE}.items() <= utils._MODELS.items()


def test_a_whole_download_is_downloaded(tmp_path: Path) -> None:
    put_cached(tmp_path, "Systran/faster-whisper-tiny.en")
    assert downloaded(tmp_path) == {"tiny.en"}


@pytest.mark.parametrize("without", FILES)
def test_half_a_download_is_not_downloaded(tmp_path: Path, without: str) -> None:
    put_cached(tmp_path, "Systran/faster-whisper-tiny.en", without=without)
    assert downloaded(tmp_path) == set()


def test_a_link_to_a_file_that_has_not_arrived_is_not_a_download(tmp_path: Path) -> None:
    home = put_cached(tmp_path, "Systran/faster-whisper-base", without="model.bin")
    (home / "snapshots" / "abc123" / "model.bin").symlink_to(home / "blobs" / "not-here-yet")
    assert downloaded(tmp_path) == set()


def test_a_damaged_reference_is_not_a_download(tmp_path: Path) -> None:
    home = put_cached(tmp_path, "Systran/faster-whisper-base")
    (home / "refs" / "main").write_bytes(b"\xff\x00")
    assert downloaded(tmp_path) == set()


@pytest.mark.parametrize("name", ["base", "faster-whisper-base", "whisper-base"])
def test_a_plain_folder_is_the_model_of_its_name(tmp_path: Path, name: str) -> None:
    folder = put_model(tmp_path / name)
    assert whisper_models.present(tmp_path) == {"base": folder}


def test_a_model_of_the_operators_own_is_listed_beside_the_published_ones(tmp_path: Path) -> None:
    put_model(tmp_path / "our-dialect", bytes_of_model=b"x" * 2_000_000)
    own = whisper_models.listed(tmp_path)[0]
    assert (own.name, own.full_name, own.size_mb, own.is_downloaded) == ("our-dialect", "local/our-dialect", 2.0, True)


def test_a_folder_that_is_a_model_counts_as_the_model_of_its_name(tmp_path: Path) -> None:
    folder = put_model(tmp_path / "tiny")
    assert whisper_models.present(folder) == {"tiny": folder}
    assert whisper_models.cache(folder) == tmp_path  # never into the model itself


def test_an_empty_model_file_and_a_missing_folder_hold_no_model(tmp_path: Path) -> None:
    put_model(tmp_path / "base", bytes_of_model=b"")
    assert downloaded(tmp_path) == set()
    assert downloaded(tmp_path / "nowhere") == set()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("turbo", "large-v3-turbo"),
        ("large", "large-v3"),
        ("whisper-large-v3-turbo", "large-v3-turbo"),
        ("openai/whisper-tiny.en", "tiny.en"),
        ("Systran/faster-distil-whisper-small.en", "distil-small.en"),
        ("our-dialect", "our-dialect"),
    ],
)
def test_a_model_goes_by_all_its_names(said: str, meant: str) -> None:
    assert whisper_models.canonical(said) == meant
