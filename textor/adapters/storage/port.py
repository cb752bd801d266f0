"""The storage port: bytes under a key. Keys are Textor's own (`recordings/<uuid>`), never a user's file name."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A whole file in the store. `modified_at` is aware, by the store's own clock."""

    key: str
    size_bytes: int
    modified_at: datetime


class Storage(ABC):
    """A place for files. All methods raise NotFound for an unknown key, except `delete`, and Unavailable when it is away.

    Safe for many threads, and for a process that was forked while another used it.
    """

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
        """The file as a local path, for decoders, to be read only; a remote store fetches it and removes the copy afterwards."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Forget `key`; an unknown one is fine."""

    @abstractmethod
    def check(self) -> None:
        """Raise Unavailable unless a file can be written and read back."""

    @abstractmethod
    def files(self, prefix: str) -> Iterator[StoredFile]:
        """Every file whose key begins with `prefix`, which ends in a slash; half-written ones aren't among them."""

    @abstractmethod
    def drop_unfinished(self, prefix: str, before: datetime) -> int:
        """Remove what is left of puts below `prefix` that never ended and began before `before` (aware); returns how many."""
