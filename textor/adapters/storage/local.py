"""Recordings in a folder on this machine."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from textor.adapters.storage.port import Storage
from textor.errors import NotFound, Unavailable

BLOCK_BYTES = 256 * 1024


class LocalStorage(Storage):
    """One file per key below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, key: str, source: Path) -> None:
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        source.replace(target)

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
