"""One transcription, one step forward. Called by RQ through jobs.HANDLERS; idempotent, every write fenced by the run's token."""

import logging
from datetime import timedelta

from textor.adapters.stt.port import Options, Progress, RemoteJob
from textor.domain.job_states import Status
from textor.domain.transcript import Transcript
from textor.errors import EngineError, Fenced, TextorError
from textor.extensions import db
from textor.features.transcription import engines, steps
from textor.job_queue import runs
from textor.job_queue.claims import Claim
from textor.models import Transcription
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(hours=24)
RETRY_SECONDS = 30.0

SORRY = "Something went wrong inside Textor while it transcribed this. Try again; if it happens again, tell the operator."


def advance(tools: Toolbox, transcription_id: str, token: int) -> None:
    """Take the ticket `token`: prepare the audio, start the engine, store what comes. A stale or doubled ticket does nothing."""
    claim = runs.start(tools, transcription_id, token)
    if claim is None:
        log.info("ticket %s-%s is stale", transcription_id, token)
        return
    try:
        row = db.session.get_one(Transcription, claim.seq)
        engine = engines.engine(tools, row.engine)
        with steps.prepared_audio(tools, claim, row) as tracks:
            answers = [engine.start(track.audio, _options(row)) for track in tracks]
            if answers and isinstance(answers[0], RemoteJob):
                _wait_for(tools, claim, answers[0])
            else:
                _store(tools, claim, steps.merged(tracks, [answer for answer in answers if isinstance(answer, Transcript)]))
    except Fenced:
        raise  # the run has no say any more
    except TextorError as error:
        _fail(tools, claim, error)


def poll(tools: Toolbox, transcription_id: str, token: int) -> None:
    """Ask a provider once how a remote job stands."""
    claim = runs.held(transcription_id, token)
    row = db.session.get(Transcription, claim.seq) if claim else None
    if claim is None or row is None or row.remote_id is None:
        return
    try:
        answer = engines.engine(tools, row.engine).check(RemoteJob(row.remote_id), _options(row))
        if isinstance(answer, Progress):
            _wait_on(tools, claim, answer)
        else:
            _store(tools, claim, answer)
    except Fenced:
        raise  # the run has no say any more
    except TextorError as error:
        if not _asks_again(tools, claim, row, error):
            _fail(tools, claim, error)


def give_up(tools: Toolbox, transcription_id: str, token: int) -> None:
    """The last word on a run that broke in a way nobody foresaw: it ends, with a sentence."""
    db.session.rollback()
    claim = runs.held(transcription_id, token)
    if claim:
        runs.finish(tools, claim, Status.FAILED, error=SORRY)


def _options(row: Transcription) -> Options:
    return Options(language=row.requested_language, model=row.model, diarize=row.diarize)


def _wait_for(tools: Toolbox, claim: Claim, job: RemoteJob) -> None:
    """The provider's id is committed before anyone waits: a worker that dies now neither pays twice nor forgets."""
    next_poll_at = tools.clock.now() + timedelta(seconds=job.poll_seconds)
    runs.write(tools, claim, remote_id=job.id, next_poll_at=next_poll_at)
    db.session.commit()


def _wait_on(tools: Toolbox, claim: Claim, progress: Progress) -> None:
    values: dict[str, object] = {"next_poll_at": tools.clock.now() + timedelta(seconds=progress.poll_seconds)}
    if progress.fraction is not None:
        values["progress"] = min(99.0, max(0.0, progress.fraction * 100))
    runs.write(tools, claim, message=progress.message, **values)
    db.session.commit()


def _asks_again(tools: Toolbox, claim: Claim, row: Transcription, error: TextorError) -> bool:
    """A provider that can't be reached for now doesn't lose a job it has been paid for; one that can't for a day does."""
    if not isinstance(error, EngineError) or not error.retryable or row.started_at is None:
        return False
    db.session.rollback()
    if tools.clock.now() - row.started_at > LONGEST_WAIT:
        return False
    _wait_on(tools, claim, Progress(poll_seconds=error.retry_after or RETRY_SECONDS))
    return True


def _store(tools: Toolbox, claim: Claim, transcript: Transcript) -> None:
    heard = steps.store_segments(tools, claim, transcript)
    runs.finish(
        tools,
        claim,
        Status.COMPLETED,
        progress=100.0,
        message=None,
        error=None,
        language=transcript.language,
        language_confidence=transcript.language_confidence,
        details=dict(transcript.details),
        text=heard.text,
        confidence=heard.confidence,
    )


def _fail(tools: Toolbox, claim: Claim, error: TextorError) -> None:
    """Ends the run with the error's own sentence."""
    db.session.rollback()
    if isinstance(error, EngineError):
        log.warning("transcription %s failed at %s: %s", claim.id, claim.engine, error.message)
    runs.finish(tools, claim, Status.FAILED, error=error.message, message=None)
