"""A Whisper model fetched from the Hugging Face hub, with progress and with sentences for what can go wrong."""

import errno
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textor.adapters.stt.whisper_models import NEEDED_FILES, Entry
from textor.errors import EngineError

ANSWER_SECONDS = 4
REPORT_SECONDS = 0.5
RETRY_SECONDS = 60.0
FILES = [*NEEDED_FILES, "preprocessor_config.json", "vocabulary.*"]
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)

Report = Callable[[float], None]


def fetch(entry: Entry, folder: Path, report: Report, hub: str | None = None) -> None:
    """Download `entry` into the cache at `folder`; `report` gets 0..1. What an earlier try left is used. Raises EngineError.

    `hub` is another hub's address. The caller bounds the time: a server that stalls is only noticed by its job's limit.
    """
    from huggingface_hub import HfApi, snapshot_download  # noqa: PLC0415 - on use

    arrived = _Arrived(entry.size_mb * 1e6)
    with _sentences(entry):
        # snapshot_download waits minutes for a host that accepts and never answers; this question does not.
        HfApi(endpoint=hub).model_info(entry.repo, timeout=ANSWER_SECONDS)
        pool = ThreadPoolExecutor(1)
        try:
            download = pool.submit(
                snapshot_download,
                entry.repo,
                cache_dir=folder,
                allow_patterns=FILES,
                tqdm_class=_progress_bar(arrived),
                endpoint=hub,
            )
            _follow(download, arrived, report)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    report(1.0)


@dataclass(slots=True)
class _Arrived:
    """How much has come. Written by the library's threads, read by the caller's: `report` may use what is bound to its thread."""

    expected_bytes: float
    share: float = 0.0


def _follow(download: "Future[Any]", arrived: _Arrived, report: Report) -> None:
    """Wait for `download`, reporting. Raises what it raised."""
    while wait([download], timeout=REPORT_SECONDS).not_done:
        report(arrived.share)
    download.result()


@contextmanager
def _sentences(entry: Entry) -> Iterator[None]:
    """Whatever the hub's library raises, as an EngineError for people."""
    from huggingface_hub import errors  # noqa: PLC0415 - on use

    client_error: type[Exception] = errors.HTTPError  # type: ignore[attr-defined]  # of whichever HTTP client it uses
    gone = (errors.RepositoryNotFoundError, errors.RemoteEntryNotFoundError, errors.RevisionNotFoundError)
    try:
        yield
    except gone as error:
        raise EngineError(f"The model hub has no model {entry.name} any more. Choose another one.") from error
    except OSError as error:
        raise (_of_the_disk(entry, error.errno) or _unreachable(entry)) from error
    except (client_error, RuntimeError, ValueError) as error:
        raise _unreachable(entry) from error


def _of_the_disk(entry: Entry, number: int | None) -> EngineError | None:
    if number in NO_ROOM:
        return EngineError(f"The disk is full: model {entry.name} needs {entry.size_mb:.0f} MB. Make room and download it again.")
    if number in NO_RIGHT:
        return EngineError("The folder for models can't be written to. Ask the operator to change its rights.")
    return None


def _unreachable(entry: Entry) -> EngineError:
    return EngineError(
        f"Model {entry.name} could not be downloaded: the model hub did not answer as it should. "
        "Check this server's internet connection and try again; what has arrived so far is kept.",
        retryable=True,
        retry_after=RETRY_SECONDS,
    )


def _progress_bar(arrived: _Arrived) -> type[Any]:
    """A tqdm class that draws nothing and notes what share of the bytes has arrived.

    The library opens one bar that counts files and two that count bytes, with totals that grow as each file begins.
    """
    from tqdm import tqdm  # noqa: PLC0415 - comes with the hub's library

    class Bar(tqdm):  # type: ignore[misc]  # the library has no types
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.counts_bytes = kwargs.get("unit") == "B"
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            if self.counts_bytes:
                share = self.n / max(arrived.expected_bytes, self.total or 0)
                arrived.share = min(0.99, max(arrived.share, share))

    return Bar
