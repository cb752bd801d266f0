"""What is a bucket's own: stores that are dead, refuse or break off, what is told of it, and when boto3 is loaded."""

import logging
import os
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from textor.adapters.storage.s3 import S3Storage
from textor.domain.storage_places import Bucket
from textor.errors import NotFound, Unavailable

KEY = "recordings/1"
LONGEST_SECONDS = 15  # ten, and a busy machine
MEGABYTE = 1_000_000


@pytest.fixture
def storage(bucket: Bucket, tmp_path: Path) -> S3Storage:
    return S3Storage(bucket, tmp_path / "scratch")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "incoming"
    path.write_bytes(b"sound")
    return path


def verbs(storage: S3Storage, source: Path) -> list[Callable[[], object]]:
    def copy() -> None:
        with storage.local_path(KEY):
            pass

    return [
        lambda: storage.put(KEY, source),
        lambda: storage.size(KEY),
        lambda: next(storage.read(KEY)),
        copy,
        lambda: storage.delete(KEY),
        storage.check,
        lambda: list(storage.files("recordings/")),
    ]


def said_within_seconds(ask: Callable[[], object]) -> str:
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        ask()
    assert time.monotonic() - began < LONGEST_SECONDS
    assert caught.value.__cause__ is None and caught.value.__suppress_context__  # boto3's own words name host and key
    return caught.value.message


@contextmanager
def a_server_that_is_silent() -> Iterator[str]:
    """Takes connections, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def a_server_that_is_gone() -> Iterator[str]:
    with a_server_that_is_silent() as url:
        pass
    yield url


@dataclass
class Allowed:
    """How much a connection may carry, and how many are broken off for carrying more."""

    bytes_each: int
    breaks: int


def carry(one: socket.socket, other: socket.socket, allowed: Allowed) -> None:
    passed = 0
    with suppress(OSError):
        while data := one.recv(65_536):
            passed += len(data)
            if passed > allowed.bytes_each and allowed.breaks:
                allowed.breaks -= 1
                break
            other.sendall(data)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def a_wire_that_breaks(url: str, after_bytes: int, times: int) -> Iterator[str]:
    """Passes everything on to the server at `url`, but breaks off, so many times, when a connection has carried too much."""
    target = urlsplit(url)
    allowed = Allowed(after_bytes, times)

    class Wire(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((target.hostname or "", target.port or 0)) as server:
                threading.Thread(target=carry, args=(self.request, server, allowed), daemon=True).start()
                carry(server, self.request, allowed)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Wire) as wire:
        thread = threading.Thread(target=wire.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{wire.server_address[1]}"
        finally:
            wire.shutdown()
            thread.join()


@pytest.mark.parametrize("broken", [a_server_that_is_gone, a_server_that_is_silent])
def test_a_dead_store_is_told_within_seconds_and_not_named(
    bucket: Bucket,
    source: Path,
    tmp_path: Path,
    broken: Callable[[], AbstractContextManager[str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with broken() as url, ThreadPoolExecutor(8) as pool:
        storage = S3Storage(replace(bucket, endpoint_url=url), tmp_path / "scratch")
        said = set(pool.map(said_within_seconds, verbs(storage, source)))
    assert said == {"The store for recordings does not answer. Try again in a moment."}
    assert source.read_bytes() == b"sound"
    told = " ".join(record.getMessage() for record in caplog.records if record.levelno >= logging.INFO)
    assert all(secret not in told for secret in (bucket.key_id, bucket.secret, bucket.name, "127.0.0.1"))
    assert list((tmp_path / "scratch").glob("*")) == []


def test_a_wrong_secret_is_refused(bucket: Bucket, source: Path, tmp_path: Path) -> None:
    storage = S3Storage(replace(bucket, secret="not-the-secret-of-the-tests"), tmp_path / "scratch")
    said = {said_within_seconds(ask) for ask in verbs(storage, source)}
    assert said == {"The store for recordings refuses Textor's keys or has no such bucket. Tell the operator."}


def test_a_bucket_that_is_not_there_is_not_a_file_that_is_not_there(bucket: Bucket, source: Path, tmp_path: Path) -> None:
    storage = S3Storage(replace(bucket, name="another-bucket"), tmp_path / "scratch")
    for ask in (storage.check, lambda: storage.put(KEY, source), lambda: next(storage.read(KEY))):
        assert "no such bucket" in said_within_seconds(ask)


def test_a_read_that_breaks_off_goes_on_where_it_was(bucket: Bucket, storage: S3Storage, source: Path, tmp_path: Path) -> None:
    content = np.random.default_rng(1).bytes(4 * MEGABYTE)
    source.write_bytes(content)
    storage.put(KEY, source)
    with a_wire_that_breaks(bucket.endpoint_url, MEGABYTE, times=3) as url:
        through = S3Storage(replace(bucket, endpoint_url=url), tmp_path / "scratch")
        assert b"".join(through.read(KEY, 7)) == content[7:]


def test_a_read_that_gets_nowhere_ends(bucket: Bucket, storage: S3Storage, source: Path, tmp_path: Path) -> None:
    source.write_bytes(bytes(MEGABYTE))
    storage.put(KEY, source)
    with a_wire_that_breaks(bucket.endpoint_url, 0, times=1000) as url:
        through = S3Storage(replace(bucket, endpoint_url=url), tmp_path / "scratch")
        with pytest.raises(Unavailable), through.local_path(KEY):
            pass
    assert list((tmp_path / "scratch").iterdir()) == []


def test_an_upload_that_breaks_off_leaves_nothing_to_see_and_the_source(
    bucket: Bucket, storage: S3Storage, source: Path, tmp_path: Path
) -> None:
    source.write_bytes(bytes(20 * MEGABYTE))
    with a_wire_that_breaks(bucket.endpoint_url, MEGABYTE, times=1000) as url:
        through = S3Storage(replace(bucket, endpoint_url=url), tmp_path / "scratch")
        through.check()
        with pytest.raises(Unavailable):
            through.put(KEY, source)
    assert source.stat().st_size == 20 * MEGABYTE
    with pytest.raises(NotFound):
        storage.size(KEY)


def test_the_copy_is_private_and_goes_when_it_was_read(storage: S3Storage, source: Path, tmp_path: Path) -> None:
    storage.put(KEY, source)
    with storage.local_path(KEY) as path:
        assert path.parent.stat().st_mode & 0o077 == 0
        assert path.read_bytes() == b"sound"
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_forked_child_has_a_copy_of_its_own(storage: S3Storage, source: Path, tmp_path: Path) -> None:
    storage.put(KEY, source)
    with storage.local_path(KEY) as parents:
        child = os.fork()
        if not child:
            os._exit(0 if is_another(storage, parents) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert list((tmp_path / "scratch").iterdir()) == [parents]


def is_another(storage: S3Storage, path: Path) -> bool:
    with suppress(Unavailable), storage.local_path(KEY) as copy:
        return copy != path and copy.read_bytes() == b"sound"
    return False


def test_no_room_for_a_copy_is_told_without_a_path(storage: S3Storage, source: Path, tmp_path: Path) -> None:
    storage.put(KEY, source)
    (tmp_path / "scratch").write_bytes(b"a file where the folder should be")
    with pytest.raises(Unavailable, match="this machine's disk") as caught, storage.local_path(KEY):
        pass
    assert str(tmp_path) not in caught.value.message


def test_two_prefixes_of_a_bucket_know_nothing_of_each_other(
    bucket: Bucket, storage: S3Storage, source: Path, tmp_path: Path
) -> None:
    storage.put(KEY, source)
    other = S3Storage(replace(bucket, prefix="textor/others"), tmp_path / "scratch")
    assert list(other.files("recordings/")) == []
    assert [file.key for file in storage.files("recordings/")] == [KEY]
    with pytest.raises(NotFound):
        other.size(KEY)


def test_a_long_list_is_read_to_its_end(storage: S3Storage, source: Path) -> None:
    with storage._told() as store, ThreadPoolExecutor(8) as pool:
        client = store.asking()
        keys = [f"recordings/{n:04}" for n in range(1005)]
        list(pool.map(lambda key: client.put_object(**storage._place(key), Body=b""), keys))
    assert sorted(file.key for file in storage.files("recordings/")) == keys


def test_boto3_is_not_loaded_before_it_is_used() -> None:
    script = "import sys, textor.toolbox; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
