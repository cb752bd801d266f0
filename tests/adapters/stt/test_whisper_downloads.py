"""Models are fetched with progress, and what goes wrong is a sentence."""

import errno
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.stt.test_whisper_models import put_model
from tests.emulators.hub import Hub, serving
from textor.adapters.stt import whisper_downloads, whisper_models
from textor.adapters.stt.whisper import WhisperEngine
from textor.errors import EngineError

REPO = "Systran/faster-whisper-tiny"
FILES = {
    "config.json": b"{}",
    "model.bin": b"weights" * 50_000,
    "tokenizer.json": b"{}",
    "vocabulary.json": b"[]",
    "README.md": b"not wanted",
}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving(Hub(REPO, FILES)) as hub:
        hub.may_end.set()
        yield hub


def test_a_download_brings_the_models_files_and_nothing_else(tmp_path: Path, hub: Hub) -> None:
    engine = WhisperEngine(tmp_path / "models", "tiny", hub.url)
    assert not engine.availability().ready
    engine.download("tiny", lambda share: None)
    assert engine.availability().ready
    folder = whisper_models.present(tmp_path / "models")["tiny"]
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        name: data for name, data in FILES.items() if name != "README.md"
    }


def test_progress_is_told_while_bytes_arrive_in_the_callers_own_thread(tmp_path: Path, hub: Hub) -> None:
    hub.may_end.clear()
    told: list[tuple[float, int]] = []

    def report(share: float) -> None:
        told.append((share, threading.get_ident()))
        if share > 0:
            hub.may_end.set()

    WhisperEngine(tmp_path, "tiny", hub.url).download("tiny", report)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert any(0 < share < 1 for share in shares)
    assert shares[-1] == 1.0
    assert {thread for _, thread in told} == {threading.get_ident()}


def test_a_download_that_breaks_off_is_an_error_and_no_model(tmp_path: Path, hub: Hub) -> None:
    hub.broken = "model.bin"
    engine = WhisperEngine(tmp_path, "tiny", hub.url)
    with pytest.raises(EngineError, match="what has arrived so far is kept") as failure:
        engine.download("tiny", lambda share: None)
    assert failure.value.retryable
    assert not engine.availability().ready
    hub.broken = ""
    engine.download("tiny", lambda share: None)
    assert engine.availability().ready


def test_a_download_can_be_deleted_but_not_what_the_operator_put_there(tmp_path: Path, hub: Hub) -> None:
    engine = WhisperEngine(tmp_path, "tiny", hub.url)
    engine.download("tiny", lambda share: None)
    put_model(tmp_path / "base")
    engine.delete("tiny")
    assert set(whisper_models.present(tmp_path)) == {"base"}
    for name in ("tiny", "base", "our-dialect"):
        with pytest.raises(EngineError, match="was not downloaded by Textor"):
            engine.delete(name)
    assert set(whisper_models.present(tmp_path)) == {"base"}


def test_a_model_that_the_hub_does_not_have_is_named(tmp_path: Path, hub: Hub) -> None:
    with pytest.raises(EngineError, match=r"has no model base any more\. Choose another one\."):
        WhisperEngine(tmp_path, "tiny", hub.url).download("base", lambda share: None)


def test_a_model_that_nobody_published_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no model our-dialect to download"):
        WhisperEngine(tmp_path).download("our-dialect", lambda share: None)


def test_without_internet_it_says_so_at_once(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(EngineError, match="Check this server's internet connection") as failure:
            WhisperEngine(tmp_path, "tiny", address).download("tiny", lambda share: None)
    assert failure.value.retryable


def test_a_hub_that_never_answers_is_given_up_after_seconds(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(EngineError, match="did not answer as it should"):
            WhisperEngine(tmp_path, "tiny", address).download("tiny", lambda share: None)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, r"The disk is full: model tiny needs 75 MB\. Make room and download it again\."),
        (errno.EACCES, r"The folder for models can't be written to\."),
        (errno.ECONNRESET, r"could not be downloaded"),
    ],
)
def test_what_the_disk_says_becomes_a_sentence(number: int, sentence: str) -> None:
    known = whisper_models.entry("tiny")
    assert known
    with pytest.raises(EngineError, match=sentence), whisper_downloads._sentences(known):
        raise OSError(number, "secret path")
