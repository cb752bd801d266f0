"""The storage port: bytes under a key. Keys are Textor's own (`recordings/<uuid>`), never a user's file name."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path


class Storage(ABC):
    """A place for files. All methods raise NotFound for an unknown key, except `delete`, and Unavailable when it is away."""

    @abstractmethod
    def put(self, key: str, source: Path) -> None:
        """Take over a finished local file; `source` is gone afterwards. Visible under `key` whole or not at all."""

    @abstractmethod
    def size(self, key: str) -> int:
        """Bytes stored under `key`."""

    @abstractmethod
    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in blocks."""

    @abstractmethod
    def local_path(self, key: str) -> AbstractContextManager[Path]:
        """The file as a local path, for decoders; a remote store fetches it and removes the copy afterwards."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Forget `key`; an unknown one is fine."""

    @abstractmethod
    def check(self) -> None:
        """Raise Unavailable unless a file can be written and read back."""
