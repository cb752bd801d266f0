"""Files in the store that no row knows: what a killed process or a store that was away has left. They go after a day."""

import logging
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import select

from textor.adapters.storage.port import Storage
from textor.errors import Unavailable
from textor.extensions import db
from textor.features.recordings import exports
from textor.job_queue import tickets
from textor.models import Job, Recording, Slice
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

KEPT = timedelta(days=1)
"""Far longer than it takes from a file that is stored to the row that names it."""
OURS = re.compile(r"(recordings|exports|slices|check)/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.\w+)?")
PLACES = ("recordings/", "exports/", "slices/", "check/")
BATCH = 500
FEW = 20


def hand_out(tools: Toolbox) -> None:
    """Have a worker sweep: a long list would keep the scheduler from its other work."""
    tickets.enqueue(tools, exports.QUEUE, "sweep_storage", ticket_id="sweep-storage")


def sweep(tools: Toolbox) -> int:
    """Remove them, and what puts that never ended have left. Returns how many; any number of processes may do so at once.

    Removes nothing where more than a few files are strange and they outnumber the known: then it is the database that is wrong.
    """
    oldest = tools.clock.now() - KEPT
    try:
        dropped = sum(tools.storage.drop_unfinished(place, oldest) for place in PLACES)
        return dropped + _sweep_whole(tools.storage, oldest)
    except Unavailable as error:
        log.warning("the store was not swept: %s", error.message)
        return 0


def _sweep_whole(storage: Storage, oldest: datetime) -> int:
    known, strange = 0, set[str]()
    for keys in _batches(_old(storage, oldest)):
        named = _named(keys)
        known += len(named)
        strange |= keys - named
    if len(strange) > max(known, FEW):
        log.error(
            "%s stored files have no row, and only %s have one: nothing was swept. Is it their database?", len(strange), known
        )
        return 0
    return sum(_delete(storage, keys - _named(keys)) for keys in _batches(strange))


def _old(storage: Storage, oldest: datetime) -> Iterator[str]:
    files = (file for place in PLACES for file in storage.files(place))
    return (file.key for file in files if file.modified_at < oldest and OURS.fullmatch(file.key))


def _named(keys: set[str]) -> set[str]:
    """Which of these a row names, now."""
    jobs = {key.removeprefix("exports/"): key for key in keys if key.startswith("exports/")}
    found = {
        *db.session.scalars(select(Recording.storage_key).where(Recording.storage_key.in_(keys))),
        *db.session.scalars(select(Slice.storage_key).where(Slice.storage_key.in_(keys))),
        *(jobs[job_id] for job_id in db.session.scalars(select(Job.id).where(Job.id.in_(jobs)))),
    }
    db.session.rollback()  # the next look shall see what others have written by then
    return {key for key in found if key}


def _delete(storage: Storage, keys: set[str]) -> int:
    for key in keys:
        storage.delete(key)
    return len(keys)


def _batches(keys: Iterable[str]) -> Iterator[set[str]]:
    left = iter(keys)
    while batch := set(islice(left, BATCH)):
        yield batch
