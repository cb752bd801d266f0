"""Shorter slices, for an engine that turns out to take less than it said: those that wait are cut up, the others stay."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, update

from textor.adapters.audio import silence, slicing
from textor.adapters.audio.silence import Cut
from textor.errors import TooLong
from textor.extensions import db
from textor.job_queue import claims, runs
from textor.job_queue.claims import Claim
from textor.job_queue.slices import Taken
from textor.models import Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

LONGEST = "longest_slice"
"""Where a transcription's details tell how many seconds an engine turned out to take, by engine."""

SHORTEST_SECONDS = 5.0
"""An engine that wants still less is not to be pleased."""

ALLOWANCE_SECONDS = 0.05
"""A slice may be longer by what rounding adds."""


def shorten(tools: Toolbox, one: Taken, error: TooLong) -> bool:
    """A slice in the shift's hands is too long: have it cut up. False where it is too short for that. Raises Fenced."""
    longest = accepted(one.end - one.start, error)
    if longest is None:
        return False
    row = db.session.get_one(Transcription, one.claim.seq, populate_existing=True)
    known = _known(row.details)
    details = {**row.details, LONGEST: {**known, one.engine: min(longest, known.get(one.engine, longest))}}
    runs.plan_anew(tools, one, error.message, details)
    return True


def accepted(length: float, error: TooLong) -> float | None:
    """How many seconds the engine may take where a piece of that length was too long; None where less makes no sense."""
    longest = max(SHORTEST_SECONDS, error.seconds if error.seconds < length - ALLOWANCE_SECONDS else length / 2)
    return longest if longest < length - ALLOWANCE_SECONDS else None


def recut(tools: Toolbox, claim: Claim, path: Path, known: Sequence[Slice]) -> bool:
    """Put shorter slices in the place of those that wait and are too long for their engine; False where there are none.

    All or nothing, under the run's token; slices that are heard or under way are only counted anew. Raises Fenced.
    """
    details = db.session.get_one(Transcription, claim.seq, populate_existing=True).details
    longest = _known(details).get(claim.engine)
    too_long = [one for one in known if longest and _is_too_long(one, longest)]
    cut = {one.id: cuts(path, Cut(one.start, one.end, one.overlap), longest or 0, channel=one.channel) for one in too_long}
    if not cut:
        return False
    runs.write(tools, claim)
    keys = [one.storage_key for one in _replace(known, cut) if one.storage_key]
    db.session.commit()
    for key in keys:
        tools.storage.delete(key)
    return True


def _known(details: Mapping[str, Any]) -> dict[str, float]:
    return dict(details.get(LONGEST, {}))


def _is_too_long(one: Slice, longest: float) -> bool:
    return one.state == SliceState.WAITING and one.end - one.start > longest + ALLOWANCE_SECONDS


def cuts(path: Path, whole: Cut, longest: float, *, channel: int | None = None) -> list[Cut]:
    """Pieces of a piece, in the recording's time. The one before has heard the first one's start as it had heard the whole's."""
    found = silence.cuts(slicing.blocks(path, whole.start, whole.end, channel=channel), longest)
    placed = [Cut(whole.start + cut.start, whole.start + cut.end, cut.overlap) for cut in found]
    placed[0] = replace(placed[0], overlap=whole.overlap)
    placed[-1] = replace(placed[-1], end=whole.end)
    return placed


def _replace(known: Sequence[Slice], cut: Mapping[int, Sequence[Cut]]) -> set[Slice]:
    """Returns those whose place others have taken. Numbers are unique: each goes out of the way before any gets its new one."""
    gone = {one for one in sorted(known, key=lambda one: one.id) if not _is_kept(one, cut)}
    numbers = count()
    for one in known:
        if one not in gone:
            claims.change(update(Slice).where(Slice.id == one.id).values(n=next(numbers)))
            continue
        db.session.execute(insert(Slice), [_piece(one, piece, next(numbers)) for piece in cut[one.id]])
    return gone


def _is_kept(one: Slice, cut: Mapping[int, Sequence[Cut]]) -> bool:
    """One that a shift has taken in hand meanwhile stays as it is."""
    waits = (Slice.id == one.id, Slice.state == SliceState.WAITING, Slice.lease == one.lease)
    if one.id in cut and claims.change(delete(Slice).where(*waits)):
        return False
    return claims.change(update(Slice).where(Slice.id == one.id).values(n=-1 - one.n))


def _piece(one: Slice, cut: Cut, n: int) -> dict[str, Any]:
    return {
        "transcription_seq": one.transcription_seq,
        "n": n,
        "channel": one.channel,
        "start": cut.start,
        "end": cut.end,
        "overlap": cut.overlap,
        "engine": one.engine,
    }
