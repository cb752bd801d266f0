"""Local copies: fetched once for all who want them at the same time, never left behind."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from textor.adapters.storage.copies import KEPT_SECONDS, Copies
from textor.errors import Unavailable


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    return Copies(tmp_path)


def test_those_who_read_the_same_file_share_one_copy(copies: Copies, tmp_path: Path) -> None:
    fetched, together = [], Barrier(8)

    def fetch(path: Path) -> None:
        fetched.append(path)
        path.write_bytes(b"sound")

    def read(_: int) -> bytes:
        together.wait()
        with copies.shared("key", fetch) as path:
            together.wait()
            return path.read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(8))) == {b"sound"}
    assert len(fetched) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_copy_stays_until_the_last_has_read_it(copies: Copies, tmp_path: Path) -> None:
    with copies.shared("key", Path.touch) as path:
        with copies.shared("key", Path.touch) as same, copies.shared("other", Path.touch) as other:
            assert (same, other) == (path, other) and other != path
        assert list(tmp_path.iterdir()) == [path]
    assert list(tmp_path.iterdir()) == []


def test_a_copy_that_failed_is_fetched_again_and_not_left_behind(copies: Copies, tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"so")
        raise Unavailable("away")

    with pytest.raises(Unavailable), copies.shared("key", fail):
        pass
    assert list(tmp_path.iterdir()) == []
    with copies.shared("key", Path.touch) as path:
        assert path.exists()


def test_what_killed_processes_left_goes_after_days(tmp_path: Path) -> None:
    for name, age in {"old.copy": KEPT_SECONDS + 60, "new.copy": KEPT_SECONDS - 60, "old.part": KEPT_SECONDS + 60}.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    Copies(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"new.copy", "old.part"}
