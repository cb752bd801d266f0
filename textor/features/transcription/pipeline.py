"""One transcription, one step forward. Called by RQ through jobs.HANDLERS; idempotent, every write fenced by the run's token.

An engine on this machine hears slice by slice: each is kept as it is done, and after each, others that wait go first. For a
provider the slices are made ready and handed over to the shift.
"""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from redis.exceptions import RedisError

from textor.adapters.stt.port import Engine, Options
from textor.domain.job_states import Status
from textor.domain.transcript import Transcript
from textor.errors import EngineError, Fenced, TextorError
from textor.extensions import db
from textor.features.accounts import minutes, spending
from textor.features.recordings import history
from textor.features.transcription import engines, failover, finishing, fitting, planning, segments, steps
from textor.features.transcription.segments import Writer
from textor.features.transcription.steps import Track
from textor.job_queue import runs, shift, tickets
from textor.job_queue.claims import Claim
from textor.models import Slice, Transcription
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

SORRY = "Something went wrong inside Textor while it transcribed this. Try again; if it happens again, tell the operator."


def advance(tools: Toolbox, transcription_id: str, token: int) -> None:
    """Take the ticket `token` and go as far as it leads. A stale or doubled ticket does nothing."""
    claim = runs.start(tools, transcription_id, token)
    if claim is None:
        log.info("ticket %s-%s is stale", transcription_id, token)
        return
    try:
        row = db.session.get_one(Transcription, claim.seq)
        engine = engines.engine(tools, row.engine)
        with steps.opened(tools, claim, row.recording) as path:
            if not any(row.recording.peaks or b""):
                finishing.finish_silent(tools, claim)
                return
            planning.plan(tools, claim, engine, path)
            minutes.check_claim(tools, claim)
            spending.check_claim(tools, claim)
            if engine.can(row.model).runs_locally:
                _hear(tools, claim, engine, path)
            else:
                _hand_over(tools, claim, engine, path)
    except Fenced:
        raise  # the run has no say any more
    except TextorError as error:
        _fail(tools, claim, error)


def give_up(tools: Toolbox, transcription_id: str, token: int) -> None:
    """The last word on a run that broke in a way nobody foresaw: it ends, with a sentence."""
    db.session.rollback()
    claim = runs.held(transcription_id, token)
    if claim:
        runs.finish(tools, claim, Status.FAILED, error=SORRY, message=None)


def _hear(tools: Toolbox, claim: Claim, engine: Engine, path: Path) -> None:
    row = db.session.get_one(Transcription, claim.seq)
    known = planning.slices_of(claim.seq)
    writer = _restart(tools, claim, known)
    left = [one for one in known if one.state == SliceState.WAITING]
    for place, one in enumerate(left):
        if place and _others_wait(tools, claim):
            runs.pass_on(tools, claim)
            return
        _hear_slice(tools, claim, _Work(engine, row, one, path), writer)
    finishing.finish_if_over(tools, claim)


@dataclass(frozen=True, slots=True)
class _Work:
    engine: Engine
    row: Transcription
    one: Slice
    path: Path


def _hear_slice(tools: Toolbox, claim: Claim, work: _Work, writer: Writer) -> None:
    row, one = work.row, work.one
    try:
        tracks = steps.tracks(tools, row, one, work.path)
        answers = [_heard(work, track) for track in tracks]
        transcript = steps.merged(tracks, answers, one.start)
        said = steps.write_live(tools, claim, writer, transcript.segments, row.recording.seconds)
    except EngineError as error:
        if not any(other.state == SliceState.COMPLETED for other in planning.slices_of(claim.seq)):
            raise  # nothing was heard so far: it is the engine, not this part of the recording
        db.session.rollback()
        finishing.lose(tools, claim, one, error.message)
    else:
        finishing.keep(tools, claim, one, replace(transcript, segments=said))


def _heard(work: _Work, track: Track) -> Transcript:
    answer = work.engine.start(track.audio, _options(work.row, track))
    if not isinstance(answer, Transcript):
        raise TypeError("an engine on this machine answers with a transcript")
    return fitting.timed(work.engine.can(work.row.model), answer, track.audio.seconds)


def _restart(tools: Toolbox, claim: Claim, known: list[Slice]) -> Writer:
    """The rows begin with what earlier runs have kept; what one left half done goes."""
    runs.write(tools, claim)
    for one in known:
        db.session.refresh(one, ["result"])
    writer = segments.replace_all(claim.seq, history.renewed(claim.seq, finishing.heard(known, is_local=True)))
    db.session.commit()
    return writer


def _others_wait(tools: Toolbox, claim: Claim) -> bool:
    try:
        return bool(tickets.waiting(tools, tickets.queue_for(tools, claim.engine)))
    except RedisError:
        return False


def _hand_over(tools: Toolbox, claim: Claim, engine: Engine, path: Path) -> None:
    planning.make_ready(tools, claim, engine, path)
    runs.hand_over(tools, claim)
    if not finishing.finish_if_over(tools, claim):  # an earlier run may have been cut off with all slices heard
        shift.ensure(tools)
        shift.wake(tools)


def _options(row: Transcription, track: Track) -> Options:
    """A side of a call has one speaker."""
    is_told_apart = row.diarize and track.speaker is None
    return Options(
        language=row.requested_language,
        model=row.model,
        diarize=is_told_apart,
        speaker_count=row.speaker_count if is_told_apart else None,
        vocabulary=tuple(row.vocabulary),
        translate=engines.hints_of(row).translate,
    )


def _fail(tools: Toolbox, claim: Claim, error: TextorError) -> None:
    """Goes on with another engine where one is set, else ends the run with the error's own sentence."""
    db.session.rollback()
    if isinstance(error, EngineError):
        log.warning("transcription %s failed at %s: %s", claim.id, claim.engine, error.message)
        if failover.switch(tools, claim, error):
            return
    runs.finish(tools, claim, Status.FAILED, error=failover.reason(claim.seq, error.message), message=None)
