"""What every store keeps to: a folder, and a bucket on a real S3 server that checks signatures."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import psutil
import pytest

from textor.adapters.storage.local import LocalStorage
from textor.adapters.storage.port import Storage
from textor.adapters.storage.s3 import S3Storage
from textor.errors import NotFound, Unavailable

KEY = "recordings/1"
MEGABYTE = 1_000_000
OUTSIDE = ("../secret", "recordings/../../secret", "/etc/hostname")
HOUR = timedelta(hours=1)


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return LocalStorage(tmp_path / "storage")
    return S3Storage(request.getfixturevalue("bucket"), tmp_path / "scratch")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "incoming"


def put(storage: Storage, source: Path, content: bytes, key: str = KEY) -> None:
    source.write_bytes(content)
    storage.put(key, source)


def whole(storage: Storage, key: str = KEY) -> bytes:
    return b"".join(storage.read(key))


def noise(path: Path, megabytes: int) -> str:
    """Writes a file that can't be compressed; its hash."""
    digest = sha256()
    with path.open("wb") as file:
        for seed in range(megabytes):
            block = np.random.default_rng(seed).bytes(MEGABYTE)
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


@contextmanager
def memory_grows_less_than(megabytes: int) -> Iterator[None]:
    process, over = psutil.Process(), threading.Event()
    before = process.memory_info().rss
    seen = [before]

    def watch() -> None:
        while not over.wait(0.01):
            seen.append(process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert max(seen) - before < megabytes * MEGABYTE


def test_a_file_that_was_put_is_taken_over(storage: Storage, source: Path) -> None:
    put(storage, source, b"sound")
    assert not source.exists()
    assert storage.size(KEY) == 5
    assert whole(storage) == b"sound"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 2, b"so"), (2, 4, b"un"), (3, None, b"nd"), (3, 99, b"nd"), (5, None, b""), (5, 9, b""), (4, 2, b""), (2, 2, b"")],
)
def test_a_range_is_read_from_start_up_to_end(
    storage: Storage, source: Path, start: int, end: int | None, expected: bytes
) -> None:
    put(storage, source, b"sound")
    assert b"".join(storage.read(KEY, start, end)) == expected


def test_an_empty_file_is_a_file(storage: Storage, source: Path) -> None:
    put(storage, source, b"")
    assert (storage.size(KEY), whole(storage)) == (0, b"")


def test_a_new_file_takes_the_place_of_the_old_one(storage: Storage, source: Path) -> None:
    put(storage, source, b"old")
    put(storage, source, b"newer")
    assert whole(storage) == b"newer"


def test_a_decoder_gets_the_file_at_a_path(storage: Storage, source: Path) -> None:
    put(storage, source, b"sound")
    with storage.local_path(KEY) as path:
        assert path.read_bytes() == b"sound"
    assert whole(storage) == b"sound"


def test_a_deleted_file_is_gone_and_may_be_deleted_again(storage: Storage, source: Path) -> None:
    put(storage, source, b"sound")
    storage.delete(KEY)
    storage.delete(KEY)
    with pytest.raises(NotFound):
        storage.size(KEY)


@pytest.mark.parametrize("key", [KEY, *OUTSIDE])
def test_an_unknown_key_is_not_found_and_not_named(storage: Storage, tmp_path: Path, key: str) -> None:
    (tmp_path / "secret").write_text("secret")
    storage.check()
    for ask in (lambda: storage.size(key), lambda: next(storage.read(key)), lambda: next(storage.read(key, 4, 2))):
        with pytest.raises(NotFound) as caught:
            ask()
        assert caught.value.message == "There is no such file."
    with pytest.raises(NotFound), storage.local_path(key):
        pass


@pytest.mark.parametrize("key", OUTSIDE)
def test_no_key_leads_out_of_the_store(storage: Storage, source: Path, key: str) -> None:
    source.write_text("evil")
    with pytest.raises(NotFound):
        storage.put(key, source)
    with pytest.raises(NotFound):
        storage.delete(key)
    assert source.exists()


def test_a_check_leaves_nothing_behind(storage: Storage) -> None:
    storage.check()
    assert [*storage.files("check/"), *storage.files("recordings/")] == []


def test_files_are_listed_by_the_beginning_of_their_key(storage: Storage, source: Path) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    for n, key in enumerate(("recordings/1", "recordings/2", "exports/1")):
        put(storage, source, b"x" * n, key)
    found = {file.key: file for file in storage.files("recordings/")}
    assert {key: file.size_bytes for key, file in found.items()} == {"recordings/1": 0, "recordings/2": 1}
    assert all(before < file.modified_at < datetime.now(UTC) + timedelta(seconds=2) for file in found.values())
    assert list(storage.files("slices/")) == []


@pytest.mark.timeout(120)
def test_a_large_file_streams_both_ways_in_flat_memory(storage: Storage, source: Path) -> None:
    noise(source, 20)
    storage.put("recordings/warm", source)
    with storage.local_path("recordings/warm"):
        pass
    digest = noise(source, 100)
    with memory_grows_less_than(25):
        storage.put(KEY, source)
        assert storage.size(KEY) == 100 * MEGABYTE
        seen = sha256()
        for block in storage.read(KEY):
            seen.update(block)
        assert seen.hexdigest() == digest
        with storage.local_path(KEY) as path:
            assert path.stat().st_size == 100 * MEGABYTE
    assert b"".join(storage.read(KEY, 50 * MEGABYTE, 50 * MEGABYTE + 9)) == np.random.default_rng(50).bytes(9)


def test_a_file_is_visible_whole_or_not_at_all(storage: Storage, source: Path) -> None:
    noise(source, 60)
    seen = set()

    def look() -> None:
        try:
            seen.add(storage.size(KEY))
        except NotFound:
            seen.add(-1)

    with ThreadPoolExecutor() as pool:
        look()
        putting = pool.submit(storage.put, KEY, source)
        while not putting.done():
            look()
        putting.result()
        look()
    assert seen == {-1, 60 * MEGABYTE}


def test_many_read_at_once(storage: Storage, source: Path) -> None:
    content = os.urandom(3 * MEGABYTE)
    put(storage, source, content)

    def read(n: int) -> bool:
        with storage.local_path(KEY) as path:
            return path.read_bytes() == content and b"".join(storage.read(KEY, n * 1000)) == content[n * 1000 :]

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(read, range(48)))


def test_a_reader_may_go_away_in_the_middle(storage: Storage, source: Path) -> None:
    put(storage, source, os.urandom(5 * MEGABYTE))
    for _ in range(60):
        blocks = storage.read(KEY)
        assert next(blocks)
        blocks.close()  # type: ignore[attr-defined]  # a web server closes what it sends, too
    assert storage.size(KEY) == 5 * MEGABYTE


def test_it_works_in_a_forked_child_and_in_its_parent(storage: Storage, source: Path) -> None:
    put(storage, source, b"sound")
    with storage.local_path(KEY) as path:
        child = os.fork()
        if not child:
            os._exit(0 if reads_well(storage) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert path.read_bytes() == b"sound"
    assert whole(storage) == b"sound"


def reads_well(storage: Storage) -> bool:
    with suppress(Unavailable, NotFound), storage.local_path(KEY) as path:
        return path.read_bytes() == whole(storage) == b"sound"
    return False


def test_what_unfinished_puts_left_is_dropped_by_age_and_place(storage: Storage, source: Path) -> None:
    put(storage, source, b"sound")
    assert storage.drop_unfinished("recordings/", datetime.now(UTC) + HOUR) == 0
    leave_half(storage, "recordings/half")
    leave_half(storage, "elsewhere/half")
    now = datetime.now(UTC)
    assert [file.key for file in storage.files("recordings/")] == [KEY]
    assert storage.drop_unfinished("recordings/", now - HOUR) == 0
    assert storage.drop_unfinished("recordings/", now + HOUR) == 1
    assert storage.drop_unfinished("recordings/", now + HOUR) == 0
    assert storage.drop_unfinished("elsewhere/", now + HOUR) == 1
    assert storage.drop_unfinished("nowhere/", now + HOUR) == 0
    assert whole(storage) == b"sound"


def leave_half(storage: Storage, key: str) -> None:
    """As a process does that is killed while it puts."""
    if isinstance(storage, LocalStorage):
        half = storage.folder / f"{key}.part"
        half.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(b"so")
        return
    assert isinstance(storage, S3Storage)
    place = storage._place(key)
    with storage._told() as store:
        upload = store.asking().create_multipart_upload(**place)["UploadId"]
        store.asking().upload_part(**place, UploadId=upload, PartNumber=1, Body=bytes(6 * MEGABYTE))
