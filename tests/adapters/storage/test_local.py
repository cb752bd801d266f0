"""What is a folder's own; test_contract has what all stores keep to."""

import os
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import missing
from textor.adapters.storage.local import BLOCK_BYTES, NOT_STORED, LocalStorage
from textor.errors import NotFound, Unavailable

KEY = "recordings/1"
ANOTHER_DISK = Path("/dev/shm")


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "storage")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "incoming"
    path.write_bytes(b"sound")
    return path


def test_a_file_is_moved_not_copied(storage: LocalStorage, source: Path) -> None:
    before = source.stat().st_ino
    storage.put(KEY, source)
    with storage.local_path(KEY) as path:
        assert path.stat().st_ino == before
    assert path.exists()


def test_a_file_from_another_disk_is_copied_whole(storage: LocalStorage, source: Path, tmp_path: Path) -> None:
    if not ANOTHER_DISK.is_dir() or ANOTHER_DISK.stat().st_dev == tmp_path.stat().st_dev:
        missing("a second disk (/dev/shm)")
    other = ANOTHER_DISK / f"textor-{os.getpid()}"
    other.write_bytes(b"sound from afar")
    storage.put(KEY, source)
    storage.put(KEY, other)
    assert not other.exists()
    assert b"".join(storage.read(KEY)) == b"sound from afar"
    with storage.local_path(KEY) as path:
        assert path.stat().st_mode & 0o077 == 0
        assert list(path.parent.iterdir()) == [path]


def test_the_folder_is_private(storage: LocalStorage, source: Path) -> None:
    storage.put(KEY, source)
    assert (storage.folder / "recordings").stat().st_mode & 0o077 == 0


def test_a_large_file_is_read_in_blocks(storage: LocalStorage, source: Path) -> None:
    source.write_bytes(b"x" * (2 * BLOCK_BYTES + 1))
    storage.put(KEY, source)
    assert [len(block) for block in storage.read(KEY)] == [BLOCK_BYTES, BLOCK_BYTES, 1]


def test_the_message_to_the_user_names_no_path(storage: LocalStorage) -> None:
    with pytest.raises(NotFound) as caught:
        storage.size(KEY)
    assert str(storage.folder) not in caught.value.message


def test_files_know_when_they_were_written(storage: LocalStorage, source: Path) -> None:
    written = datetime(2026, 11, 20, 12, tzinfo=UTC)
    os.utime(source, (written.timestamp(), written.timestamp()))
    storage.put(KEY, source)
    assert [file.modified_at for file in storage.files("recordings/")] == [written]
    assert storage.drop_unfinished("recordings/", written + timedelta(days=1)) == 0


def test_a_folder_that_cannot_be_written_to_is_unavailable(storage: LocalStorage, source: Path, tmp_path: Path) -> None:
    storage.folder.write_bytes(b"a file where the folder should be")
    with pytest.raises(Unavailable):
        storage.check()
    with pytest.raises(Unavailable) as caught:
        storage.put(KEY, source)
    assert caught.value.message == NOT_STORED
    assert source.exists()


def test_a_disk_that_is_full_keeps_no_half(storage: LocalStorage) -> None:
    other = ANOTHER_DISK / f"textor-full-{os.getpid()}"
    other.write_bytes(bytes(2_000_000))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(Unavailable):
            storage.put(KEY, other)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        other.unlink()
    assert [path for path in storage.folder.rglob("*") if path.is_file()] == []
