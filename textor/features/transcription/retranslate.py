"""One stretch of sound heard anew: of a file that comes with the request, or of a transcript's own recording.

A job of the background machine: engines on this machine hear it among the other work of theirs, the queue of calls that may be
paid for has those elsewhere. It only answers; nothing of a transcript is changed by it. The same request again finds the job
that is there, for a day.
"""

import hashlib
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from textor.adapters.audio import probe
from textor.adapters.audio.probe import Limits
from textor.domain.job_states import DONE
from textor.errors import InvalidInput, NotFound, TooManyRequests, WrongState
from textor.extensions import db
from textor.features.accounts import minutes, spending
from textor.features.recordings import library
from textor.features.recordings.spools import Spool, room_needed
from textor.features.transcription import engines, naming
from textor.features.transcription.naming import Chosen
from textor.job_queue import background
from textor.models import Job, SegmentRow
from textor.models.jobs import JobState
from textor.toolbox import Toolbox

HERE, ELSEWHERE = "retranslate", "retranslate_remote"
"""The kinds of job: by engines on this machine, by providers."""
KINDS = (HERE, ELSEWHERE)
FIRST_CHOICE = "whisper-large-v3-turbo"
"""For those who name no model, where it can be had."""

LONGEST_SECONDS = 600.0
BEYOND_SECONDS = 1.0
"""So far behind the end of a recording its end may be said to be: lengths are rounded, and told differently by each program."""
MOST_OPEN = 4
"""Of one user's: others have a turn, too."""
AGAIN_SECONDS = 5
LONGEST_NUMBER = 9

NOT_HERE = "There is no such segment that was heard anew."
STANDING = (JobState.QUEUED, JobState.RUNNING, JobState.COMPLETED)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be heard anew, in seconds of the recording; None: from its start, or to its end. `segment_id` is the caller's
    own and comes back in the answer. Empty: the default model, detect the language."""

    segment_id: str | int
    start: float | None = None
    end: float | None = None
    model_name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class _Sound:
    """Where it is: a transcript's (`transcription_id`, `seq`), or a file of the job's own."""

    sha256: str
    seconds: float
    transcription_id: str | None = None
    seq: int | None = None
    spool: Spool | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A job, and whether the request has made it."""

    job_id: str
    is_new: bool


def of_file(tools: Toolbox, user_id: int, spool: Spool, wish: Wish) -> Begun:
    """A stretch of a file that was received. Raises NotMedia, InvalidInput, OverBudget, QuotaExceeded, TooManyRequests,
    Unavailable. Commits."""
    facts = probe.probe(spool.finish(), Limits(max_seconds=tools.settings.max_audio_hours * 3600))
    return _begin(tools, user_id, _Sound(spool.sha256, facts.seconds, spool=spool), wish)


def of_transcript(tools: Toolbox, user_id: int, transcription_id: str, wish: Wish) -> Begun:
    """A stretch of one's own transcript's recording. Raises NotFound, WrongState where nothing was heard yet, InvalidInput,
    OverBudget, QuotaExceeded, TooManyRequests. Commits."""
    row = library.find(user_id, transcription_id)
    if row.status not in DONE:
        raise WrongState("There is no text yet. Wait until the transcription is finished, or start it again.")
    of = row.recording
    if wish.start is None and wish.end is None:
        wish = _placed(row.seq, wish)
    return _begin(tools, user_id, _Sound(of.sha256, of.seconds, row.id, row.seq), wish)


def find(user_id: int, job_id: str) -> Job:
    """One's own job, as it is now. Raises NotFound."""
    job = background.find(user_id, job_id, *KINDS)
    if job is None:
        raise NotFound(NOT_HERE)
    return job


def is_heard(job: Job) -> bool:
    """Whether its result is there."""
    return job.state == JobState.COMPLETED


def is_open(job: Job) -> bool:
    """Whether something may still come of it."""
    return job.state in background.OPEN


def is_over(user_id: int, job_id: str) -> bool:
    """Whether there is nothing to wait for any more."""
    job = background.find(user_id, job_id, *KINDS)
    return job is None or not is_open(job)


def _placed(seq: int, wish: Wish) -> Wish:
    """Where the transcript has that segment, if it has."""
    number = str(wish.segment_id)
    n = int(number) if number.isdecimal() and len(number) < LONGEST_NUMBER else -1
    place = select(SegmentRow.start, SegmentRow.end).where(SegmentRow.transcription_seq == seq, SegmentRow.n == n)
    found = db.session.execute(place).first()
    return replace(wish, start=found.start, end=found.end) if found else wish


def _begin(tools: Toolbox, user_id: int, sound: _Sound, wish: Wish) -> Begun:
    payload = _asked(tools, sound, wish)
    key = _key(user_id, sound, payload)
    if (known := _known(key)) and known.state in STANDING:
        return Begun(known.id, is_new=False)
    if known:  # it has failed: whoever asks again means to try again
        db.session.execute(update(Job).where(Job.id == known.id).values(dedupe_key=None))
        db.session.commit()
    _check_open(user_id)
    job_id = str(uuid.uuid4())
    with ExitStack() as undo:
        if sound.spool:
            payload["storage_key"] = f"slices/{job_id}"
            with room_needed():
                tools.storage.put(payload["storage_key"], sound.spool.path)
            undo.callback(tools.storage.delete, payload["storage_key"])
        begun = _kept(tools, user_id, job_id, key, payload)
        if begun.is_new:
            undo.pop_all()
    background.hand_out(tools, begun.job_id)
    return begun


def _kept(tools: Toolbox, user_id: int, job_id: str, key: str, payload: dict[str, Any]) -> Begun:
    """The row; of two that ask at once the second gets the first one's."""
    seconds = payload["end"] - payload["start"]
    try:
        minutes.check(tools, user_id, seconds)
        spending.check(tools, user_id, payload["engine"], payload["model"], seconds)
        runs_here = tools.engines[payload["engine"]].can(payload["model"]).runs_locally
        background.begin(tools, HERE if runs_here else ELSEWHERE, user_id, payload, job_id=job_id, dedupe_key=key)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        if other := _known(key):
            return Begun(other.id, is_new=False)
        raise
    return Begun(job_id, is_new=True)


def _asked(tools: Toolbox, sound: _Sound, wish: Wish) -> dict[str, Any]:
    """What the worker is told. Raises InvalidInput."""
    chosen = _chosen(tools, wish.model_name)
    options = engines.check_choice(tools, chosen.engine, chosen.model, wish.language)
    start, end = _bounds(sound.seconds, wish)
    longest = tools.engines[chosen.engine].can(chosen.model).max_seconds
    if longest is not None and end - start > longest:
        raise InvalidInput(f"This model takes {longest:g} seconds at most. Choose a shorter stretch.", field="end_time")
    model = engines.model_heard_with(tools, chosen.engine, options.model)
    return {
        "segment_id": wish.segment_id,
        "start": start,
        "end": end,
        "engine": chosen.engine,
        "model": model,
        "language": options.language,
        "transcription_id": sound.transcription_id,
        "seq": sound.seq,
        "storage_key": "",
    }


def _chosen(tools: Toolbox, name: str) -> Chosen:
    """What is meant; where nothing is named, the first choice if it is here, else the default engine. Raises InvalidInput that
    lists what there is."""
    try:
        chosen = naming.chosen(tools, name or FIRST_CHOICE)
        naming.check_ready(tools, chosen)
    except InvalidInput as error:
        if name:
            raise InvalidInput(error.message, field="model_name") from error
        chosen = naming.chosen(tools, "")
        naming.check_ready(tools, chosen)
    return chosen


def _bounds(seconds: float, wish: Wish) -> tuple[float, float]:
    start, end = wish.start or 0.0, seconds if wish.end is None else wish.end
    if not 0 <= start < seconds:
        raise InvalidInput(f"start_time is not within the recording, which is {seconds:.3f} s long.", field="start_time")
    if not start < end:
        raise InvalidInput("end_time must be after start_time.", field="end_time")
    if end > seconds + BEYOND_SECONDS:
        raise InvalidInput(f"end_time is not within the recording, which is {seconds:.3f} s long.", field="end_time")
    end = min(end, seconds)
    if end - start > LONGEST_SECONDS:
        raise InvalidInput(f"At most {LONGEST_SECONDS / 60:.0f} minutes at once, please.", field="end_time")
    return start, end


def _check_open(user_id: int) -> None:
    mine = (Job.user_id == user_id, Job.kind.in_(KINDS), Job.state.in_(background.OPEN))
    if (db.session.scalar(select(func.count()).where(*mine)) or 0) >= MOST_OPEN:
        raise TooManyRequests(f"{MOST_OPEN} of your segments are being heard. Wait for one of them.", retry_after=AGAIN_SECONDS)


def _known(key: str) -> Job | None:
    statement = select(Job).where(Job.dedupe_key == key)
    return db.session.scalars(statement.execution_options(populate_existing=True)).first()


def _key(user_id: int, sound: _Sound, payload: dict[str, Any]) -> str:
    asked = (sound.sha256, sorted((name, repr(value)) for name, value in payload.items()))
    return f"{HERE}:{user_id}:{hashlib.sha256(repr(asked).encode('utf-8', 'replace')).hexdigest()}"
