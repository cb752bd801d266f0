"""Files on their way in: written to DATA_DIR/incoming while they are hashed and counted, gone again unless they are accepted."""

import errno
import hashlib
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from textor.errors import TooLarge, Unavailable
from textor.toolbox import Toolbox

KEPT = timedelta(days=1)  # no upload takes longer; what is older was left by a process that died
MEGABYTE = 1_000_000
NO_ROOM = "There is no room left for recordings. Delete some, or tell the operator."
NOT_WRITTEN = "The file could not be written. Try again later, or tell the operator."


class Spool:
    """A file being received. Writable like a file; `size`, `sha256` and `path` tell what came."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.size = 0
        self._hash = hashlib.sha256()
        with room_needed():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path = folder / f"{uuid.uuid4()}.part"
            self._file = self.path.open("xb")

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        """Take in more of the file. Raises TooLarge before anything over the limit is kept, Unavailable on a full disk."""
        if self.size + len(data) > self.limit_bytes:
            self.discard()
            raise TooLarge(f"File size exceeds {self.limit_bytes // MEGABYTE}MB limit")
        with room_needed():
            self._file.write(data)
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def finish(self) -> Path:
        """Everything has come: the whole file, at its path. May be called again."""
        with room_needed():
            self._file.close()
        return self.path

    def discard(self) -> None:
        """Forget the file; fine after it was accepted or discarded."""
        with suppress(OSError):  # closing writes what is buffered, and the disk may be full
            self._file.close()
        self.path.unlink(missing_ok=True)


@contextmanager
def spool(tools: Toolbox, limit_bytes: int | None = None) -> Iterator[Spool]:
    """A place for an upload of at most `limit_bytes` (default: MAX_UPLOAD_MB). Removed at the end unless it was accepted."""
    received = Spool(tools.settings.incoming_dir, limit_bytes or tools.settings.max_upload_bytes)
    try:
        yield received
    finally:
        received.discard()


def sweep_incoming(tools: Toolbox) -> int:
    """Remove what processes that died left half written, after a day: uploads, and folders in which slices and exports were made.
    Returns how many."""
    oldest = (tools.clock.now() - KEPT).timestamp()
    known = [*tools.settings.incoming_dir.glob("*.part"), *tools.settings.incoming_dir.glob(f"{tempfile.gettempprefix()}*/")]
    left = [path for path in known if _modified(path) < oldest]
    for path in left:
        _remove(path)
    return len(left)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # accepted or discarded just now
        return float("inf")


@contextmanager
def room_needed() -> Iterator[None]:
    """Writing to the disk inside may fail: that is told as Unavailable, without a path."""
    try:
        yield
    except OSError as error:
        raise Unavailable(NO_ROOM if error.errno in {errno.ENOSPC, errno.EDQUOT} else NOT_WRITTEN, retry_after=60) from error
