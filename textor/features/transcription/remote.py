"""What the shift does for a slice: ask its engine in a thread, keep what it heard, decide what an error means."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import monotonic

from textor.adapters.audio import convert
from textor.adapters.stt.port import Audio, Callback, Engine, Options, Progress, RemoteJob
from textor.domain.transcript import Transcript
from textor.errors import EngineError, NotAsked, TextorError, TooLong, Unavailable
from textor.features.transcription import answering, bulk, checkpoints, failover, finishing, fitting, orphans, recutting
from textor.job_queue import shift
from textor.job_queue.crew import Answer
from textor.job_queue.discards import Due
from textor.job_queue.slices import Taken
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

LONGEST_WAIT = timedelta(hours=24)
LONGEST_ID = 255
MOST_LOSSES = 3  # jobs that a provider gave up, before the slice counts as failed
HEADER = "X-Textor-Secret"

TOO_LONG = "The provider did not finish within a day."


@dataclass(frozen=True, slots=True)
class RemoteCrew:
    """The verbs of job_queue.crew.Crew for transcriptions."""

    tools: Toolbox

    def ask(self, one: Taken) -> Answer:
        """Start the slice, or look once how it stands. No database here: it runs in a thread."""
        engine = self.tools.engines.get(one.engine)
        if engine is None:
            raise EngineError(f"This Textor has no engine {one.engine!r} any more. Choose another and try again.")
        try:
            return self._looked(engine, one) if one.remote_id and not one.is_start else self._started(engine, one)
        except EngineError:
            raise
        except Unavailable as error:
            raise NotAsked(error.message, retryable=True, retry_after=error.retry_after) from error
        except TextorError as error:  # the sound is gone, or can't be read
            raise EngineError(error.message) from error

    def _looked(self, engine: Engine, one: Taken) -> Answer:
        answer = engine.check(RemoteJob(one.remote_id or ""), self._options(one))
        if isinstance(answer, Transcript):
            return _realised(answer, one, engine)
        if not isinstance(answer, Progress):
            raise TypeError("an engine says how a job stands with a transcript or its progress")
        if one.started_at and self.tools.clock.now() - one.started_at > LONGEST_WAIT:
            raise EngineError(TOO_LONG)
        return answer

    def _started(self, engine: Engine, one: Taken) -> Answer:
        with self.tools.storage.local_path(one.storage_key) as path:
            answer = self._asked(engine, one, path)
            if isinstance(answer, Transcript):
                return _realised(answer, one, engine)
        if not isinstance(answer, RemoteJob) or not 0 < len(answer.id) <= LONGEST_ID or not answer.id.isprintable():
            raise TypeError("an engine takes work on with a transcript or a job whose id can be stored")
        return answer

    def _asked(self, engine: Engine, one: Taken, path: Path) -> Transcript | RemoteJob:
        limit = self.tools.settings.max_audio_hours * 3600
        name = fitting.ending(engine.can(one.model), one.endings) or one.endings[0]
        with fitting.named(path, name) as file:
            audio = Audio(file, one.end - one.start, one.channels, partial(convert.blocks, file, max_seconds=limit))
            began_at = monotonic()
            answer = engine.start(audio, replace(self._options(one), orders=orphans.orders(self.tools, one)))
            if isinstance(answer, Transcript):  # heard to its end while the file is here
                answer = replace(answer, segments=list(answer.segments))
                answering.heard(self.tools, one.engine, one.model, audio.seconds, monotonic() - began_at)
        return answer

    def discard(self, one: Due) -> EngineError | None:
        """Have the provider delete a job. An engine that is gone holds nothing we could reach."""
        engine = self.tools.engines.get(one.engine)
        if engine:
            engine.cancel(RemoteJob(one.remote_id))
        return None

    def begun(self, one: Taken, job: RemoteJob) -> None:
        """Its number is kept: nobody has to find the order any more."""
        orphans.settled(self.tools, one.engine, job.reference)

    def heard(self, one: Taken, transcript: Transcript) -> None:
        """Keep it; the last slice ends the transcription."""
        result = checkpoints.to_json(transcript, list(transcript.segments))
        finishing.settle(self.tools, one, transcript, state=SliceState.COMPLETED, result=result, error=None)

    def heard_many(self, found: Sequence[tuple[Taken, Transcript]]) -> set[int]:
        """Those that end their transcriptions, together."""
        return bulk.finish(self.tools, found)

    def failed(self, one: Taken, error: EngineError) -> bool:
        """Whether that was the last word about the slice."""
        if isinstance(error, TooLong) and recutting.shorten(self.tools, one, error):
            return True
        if failover.switch(self.tools, one.claim, error, one.attempts, but=one.id if one.is_start else None):
            return True
        if self._may_try_again(one, error):
            return False
        finishing.settle(self.tools, one, state=SliceState.FAILED, error=_last_word(one, error))
        return True

    def move_on(self, one: Taken, error: str) -> bool:
        """Begin with another engine what this one, which is away, hasn't begun."""
        return failover.switch(self.tools, one.claim, EngineError(error, retryable=True))

    def _may_try_again(self, one: Taken, error: EngineError) -> bool:
        if error.is_lost:
            return one.losses + 1 < MOST_LOSSES
        since = one.started_at or one.queued_at
        return error.retryable and self.tools.clock.now() - since < LONGEST_WAIT

    def _options(self, one: Taken) -> Options:
        # a slice of one channel has one speaker: nobody needs to be told apart
        is_told_apart = one.diarize and one.channel is None
        return Options(
            language=one.language,
            model=one.model,
            diarize=is_told_apart,
            speaker_count=one.speaker_count if is_told_apart else None,
            vocabulary=one.vocabulary,
            translate=one.translate,
            callback=self._callback(one),
        )

    def _callback(self, one: Taken) -> Callback | None:
        address = self.tools.settings.public_url.rstrip("/")
        if not address or not self.tools.engines[one.engine].can(one.model).callbacks:
            return None
        return Callback(f"{address}/hooks/{one.id}/{_proof(self.tools, one.id, 'path')}", HEADER, secret(self.tools, one.id))


def secret(tools: Toolbox, slice_id: int) -> str:
    """What a provider's callback must carry in its header."""
    return _proof(tools, slice_id, "header")


def called_back(tools: Toolbox, slice_id: int, proof: str, header: str) -> bool:
    """A provider says that a slice has news: it is asked at once. False for whoever can't know the slice's secrets."""
    fits = hmac.compare_digest(proof.encode(), _proof(tools, slice_id, "path").encode())
    fits &= hmac.compare_digest(header.encode(), secret(tools, slice_id).encode())
    if fits:
        shift.called_back(tools, slice_id)
    return fits


def _last_word(one: Taken, error: EngineError) -> str:
    """Why a slice has failed. A job that was asked after for a day says only what was wrong with the last call."""
    return TOO_LONG if one.remote_id and error.retryable and not error.is_lost else error.message


def _proof(tools: Toolbox, slice_id: int, purpose: str) -> str:
    text = f"textor callback {purpose} {slice_id}".encode()
    return hmac.new(tools.settings.secret_key.encode(), text, hashlib.sha256).hexdigest()


def _realised(answer: Transcript, one: Taken, engine: Engine) -> Transcript:
    """Heard to its end, in the recording's own time."""
    heard = fitting.timed(engine.can(one.model), answer, one.end - one.start).segments
    return replace(answer, segments=[checkpoints.moved(checkpoints.clean(segment), one.start) for segment in heard])
