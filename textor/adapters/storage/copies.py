"""Local copies of files that lie elsewhere: fetched once for all who read the same one, gone when the last has read it."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

ENDING = ".copy"
KEPT_SECONDS = 3 * 24 * 3600  # no engine hears longer; what is older was left by a process that was killed


@dataclass
class _Copy:
    path: Path
    users: int = 0
    is_whole: bool = False
    fetching: Lock = field(default_factory=Lock)


class Copies:
    """The copies that this process holds, in `folder`. Not to be used across a fork: the parent removes its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._held: dict[str, _Copy] = {}
        self._sweep()

    @contextmanager
    def shared(self, key: str, fetch: Callable[[Path], None]) -> Iterator[Path]:
        """The copy of `key`; `fetch` writes it, in one thread, while others who want the same one wait."""
        copy = self._taken(key)
        try:
            with copy.fetching:
                if not copy.is_whole:
                    fetch(copy.path)
                    copy.is_whole = True
            yield copy.path
        finally:
            self._given_back(key, copy)

    def _taken(self, key: str) -> _Copy:
        with self._lock:
            copy = self._held.setdefault(key, _Copy(self._folder / f"{uuid.uuid4()}{ENDING}"))
            copy.users += 1
            return copy

    def _given_back(self, key: str, copy: _Copy) -> None:
        with self._lock:
            copy.users -= 1
            if not copy.users:
                del self._held[key]
                with suppress(OSError):  # the disk's fault is told by `fetch`
                    copy.path.unlink()

    def _sweep(self) -> None:
        """Each machine has copies of its own, so no schedule could reach them all."""
        oldest = time.time() - KEPT_SECONDS
        for path in self._folder.glob(f"*{ENDING}"):
            with suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
