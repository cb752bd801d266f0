"""Recordings in a folder: on this machine, or on a disk that all machines mount."""

import errno
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from textor.adapters.storage.port import Storage, StoredFile
from textor.errors import NotFound, Unavailable

BLOCK_BYTES = 256 * 1024
UNFINISHED = ".part"
NOT_STORED = "The file could not be stored. Try again in a moment."


class LocalStorage(Storage):
    """One file per key below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, key: str, source: Path) -> None:
        target = self._path(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _move(source, target)
        except OSError as error:
            raise Unavailable(NOT_STORED) from error

    def size(self, key: str) -> int:
        return self._existing(key).stat().st_size

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        path = self._existing(key)
        left = (path.stat().st_size if end is None else end) - start
        with path.open("rb") as file:
            file.seek(start)
            while left > 0 and (block := file.read(min(BLOCK_BYTES, left))):
                left -= len(block)
                yield block

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        yield self._existing(key)

    def delete(self, key: str) -> None:
        with suppress(FileNotFoundError):
            self._path(key).unlink()

    def check(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=self.folder) as file:
                file.write(b"textor")
        except OSError as error:
            raise Unavailable("The folder for recordings can't be written to.") from error

    def files(self, prefix: str) -> Iterator[StoredFile]:
        for path, size, modified in self._below(prefix):
            if path.suffix != UNFINISHED:
                key = path.relative_to(self.folder.resolve()).as_posix()
                yield StoredFile(key, size, datetime.fromtimestamp(modified, UTC))

    def drop_unfinished(self, prefix: str, before: datetime) -> int:
        oldest = before.timestamp()
        left = [path for path, _, modified in self._below(prefix) if path.suffix == UNFINISHED and modified < oldest]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def _below(self, prefix: str) -> Iterator[tuple[Path, int, float]]:
        for path in self._path(prefix).rglob("*"):
            with suppress(FileNotFoundError):  # deleted or finished just now
                found = path.stat()
                if path.is_file():
                    yield path, found.st_size, found.st_mtime

    def _path(self, key: str) -> Path:
        path = (self.folder / key).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise NotFound("There is no such file.")
        return path

    def _existing(self, key: str) -> Path:
        path = self._path(key)
        if not path.is_file():
            raise NotFound("There is no such file.")
        return path


def _move(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_over(source, target)


def _copy_over(source: Path, target: Path) -> None:
    """From another disk: written beside its target first, so that nobody sees half of it."""
    half = target.with_name(f"{uuid.uuid4()}{UNFINISHED}")
    try:
        shutil.copyfile(source, half)
        half.chmod(0o600)
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
    source.unlink()
