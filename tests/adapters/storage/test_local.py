"""The local store: whole files under a key, blocks by range, nothing outside its folder."""

from pathlib import Path

import pytest

from textor.adapters.storage.local import BLOCK_BYTES, LocalStorage
from textor.errors import NotFound, Unavailable

KEY = "recordings/1"
OUTSIDE = ("../secret", "recordings/../../secret", "/etc/hostname")


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "storage")


def stored(storage: LocalStorage, content: bytes, key: str = KEY) -> Path:
    source = storage.folder.parent / "incoming"
    source.write_bytes(content)
    storage.put(key, source)
    return source


def test_a_file_that_was_put_is_moved_not_copied(storage: LocalStorage) -> None:
    source = stored(storage, b"sound")
    assert not source.exists()
    assert storage.size(KEY) == 5
    assert b"".join(storage.read(KEY)) == b"sound"


def test_the_folder_is_private(storage: LocalStorage) -> None:
    stored(storage, b"sound")
    assert (storage.folder / "recordings").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(0, 2, b"so"), (2, 4, b"un"), (3, None, b"nd"), (3, 99, b"nd"), (5, None, b""), (4, 2, b"")]
)
def test_a_range_is_read_from_start_up_to_end(storage: LocalStorage, start: int, end: int | None, expected: bytes) -> None:
    stored(storage, b"sound")
    assert b"".join(storage.read(KEY, start, end)) == expected


def test_a_large_file_is_read_in_blocks(storage: LocalStorage) -> None:
    stored(storage, b"x" * (2 * BLOCK_BYTES + 1))
    assert [len(block) for block in storage.read(KEY)] == [BLOCK_BYTES, BLOCK_BYTES, 1]


def test_a_new_file_takes_the_place_of_the_old_one(storage: LocalStorage) -> None:
    stored(storage, b"old")
    stored(storage, b"newer")
    assert b"".join(storage.read(KEY)) == b"newer"


def test_a_decoder_gets_the_file_itself(storage: LocalStorage) -> None:
    stored(storage, b"sound")
    with storage.local_path(KEY) as path:
        assert path.read_bytes() == b"sound"
    assert path.exists()


def test_a_deleted_file_is_gone_and_may_be_deleted_again(storage: LocalStorage) -> None:
    stored(storage, b"sound")
    storage.delete(KEY)
    storage.delete(KEY)
    with pytest.raises(NotFound):
        storage.size(KEY)


def test_an_unknown_key_is_not_found(storage: LocalStorage) -> None:
    with pytest.raises(NotFound):
        storage.size(KEY)
    with pytest.raises(NotFound):
        next(storage.read(KEY))
    with pytest.raises(NotFound), storage.local_path(KEY):
        pass


@pytest.mark.parametrize("key", OUTSIDE)
def test_no_key_leads_out_of_the_folder(storage: LocalStorage, tmp_path: Path, key: str) -> None:
    (tmp_path / "secret").write_text("secret")
    source = tmp_path / "incoming"
    source.write_text("evil")
    with pytest.raises(NotFound):
        storage.size(key)
    with pytest.raises(NotFound):
        storage.put(key, source)
    with pytest.raises(NotFound):
        storage.delete(key)
    assert (tmp_path / "secret").read_text() == "secret"


def test_the_message_to_the_user_names_no_path(storage: LocalStorage) -> None:
    with pytest.raises(NotFound) as caught:
        storage.size(KEY)
    assert str(storage.folder) not in caught.value.message


def test_a_check_leaves_nothing_behind(storage: LocalStorage) -> None:
    storage.check()
    assert list(storage.folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable) as caught:
        LocalStorage(tmp_path / "file" / "storage").check()
    assert str(tmp_path) not in caught.value.message
