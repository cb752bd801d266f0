"""What came of a shift's calls, written down: in one thread, every write under the slice's lease."""

import logging
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from textor.adapters.stt.port import Capabilities, Progress, RemoteJob
from textor.domain.transcript import Transcript
from textor.errors import EngineError, Fenced
from textor.extensions import db
from textor.job_queue import breakers, discards, slices
from textor.job_queue.crew import Answer, Crew, Terms, Work
from textor.job_queue.discards import Due
from textor.job_queue.slices import Taken
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Desk:
    """Where answers are settled. `in_flight` is how many jobs each engine has, for the pace of the looks at them."""

    tools: Toolbox
    crew: Crew
    terms: Terms
    in_flight: Mapping[str, int] = field(default_factory=dict)

    def settle(self, work: Work, answer: Answer | None) -> datetime | None:
        """Write one answer; returns when a job that isn't done is to be looked at, which `slices.ask_again` writes for many."""
        if isinstance(work, Taken) and isinstance(answer, Progress):
            return self._next_look(work, answer.poll_seconds)
        try:
            self._settle(work, answer)
        except Fenced:
            db.session.rollback()
            log.info("slice %s is no longer ours", work.id)
        return None

    def _settle(self, work: Work, answer: Answer | None) -> None:
        if isinstance(work, Due):
            self._discarded(work, answer)
        elif isinstance(answer, RemoteJob):
            self._started(work, answer)
        elif isinstance(answer, Transcript):
            self.crew.heard(work, answer)
        elif isinstance(answer, EngineError) and not self.crew.failed(work, answer):
            self._again(work, answer)

    def _started(self, one: Taken, job: RemoteJob) -> None:
        """The id is committed before anyone waits. One that was cancelled meanwhile is deleted at the provider."""
        now, due_at = self.tools.clock.now(), self._next_look(one, job.poll_seconds)
        if not slices.change(one, state=SliceState.REMOTE, remote_id=job.id, started_at=now, due_at=due_at, error=None):
            discards.add(self.tools, [(one.engine, job.id)])
        db.session.commit()

    def _again(self, one: Taken, error: EngineError) -> None:
        if one.remote_id and error.is_lost:
            discards.add(self.tools, [(one.engine, one.remote_id)])
        if one.is_start or error.is_lost:
            slices.start_later(one, self._retry_at(one, error), error.message, is_lost=error.is_lost)
        else:
            slices.ask_again([(one, self._retry_at(one, error))])

    def _discarded(self, one: Due, answer: Answer | None) -> None:
        if not isinstance(answer, EngineError):
            discards.done([one])
        elif not discards.failed(self.tools, one, answer.retry_after):
            log.error("%s still holds job %s: it could not be deleted there", one.engine, one.remote_id)

    def _next_look(self, one: Taken, poll_seconds: float) -> datetime:
        """The older a job, the rarer; never more calls, over all jobs of the engine, than its provider allows."""
        now, engine = self.tools.clock.now(), self.tools.engines.get(one.engine)
        can = engine.can(one.model) if engine else Capabilities()
        age = (now - (one.started_at or now)).total_seconds()
        pause = max(poll_seconds, min(self.terms.longest_pause_seconds, age / 10))
        if can.callbacks and self.tools.settings.public_url:
            pause = max(pause, self.terms.callback_pause_seconds)
        if rate := can.calls_per_second:
            pause = max(pause, self.in_flight.get(one.engine, 0) / rate)
        return now + timedelta(seconds=pause * random.uniform(0.95, 1.05))  # noqa: S311 - jitter

    def _retry_at(self, one: Taken, error: EngineError) -> datetime:
        terms = self.terms
        pause = min(terms.longest_retry_seconds, terms.retry_seconds * 2 ** min(10, max(0, one.attempts - 1)))
        seconds = max(error.retry_after or 0.0, pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
        return self.tools.clock.now() + timedelta(seconds=seconds)


class Reports:
    """What the calls of a round say about their providers."""

    def __init__(self) -> None:
        self._worked: defaultdict[str, int] = defaultdict(int)
        self._failed: defaultdict[str, list[EngineError]] = defaultdict(list)

    def add(self, engine: str, answer: Answer | None) -> None:
        """A refusal is an answer, and so is a job that went wrong over there."""
        if not isinstance(answer, EngineError):
            self._worked[engine] += 1
        elif answer.retryable and not answer.is_lost and not answer.is_ours:
            self._failed[engine].append(answer)
        elif not answer.is_ours:
            self._worked[engine] += 1

    def send(self, tools: Toolbox) -> None:
        """A provider that answers most of the calls, and names no time, is not away."""
        for engine in {*self._worked, *self._failed}:
            worked, errors = self._worked[engine], self._failed[engine]
            asked = max((error.retry_after or 0.0 for error in errors), default=0.0)
            if errors and (asked or len(errors) >= worked):
                breakers.failed(tools, engine, len(errors), asked, errors[-1].message)
            elif not errors:
                breakers.worked(tools, engine, worked)
