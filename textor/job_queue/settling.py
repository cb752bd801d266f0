"""What came of a shift's calls, written down: in one thread, every write under the slice's lease."""

import logging
import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from textor.adapters.stt.port import Capabilities, Progress, RemoteJob
from textor.domain.transcript import Transcript
from textor.errors import EngineError, Fenced
from textor.extensions import db
from textor.job_queue import breakers, discards, slices
from textor.job_queue.crew import Answer, Crew, Terms, Work
from textor.job_queue.discards import Due
from textor.job_queue.hands import Hands, Said
from textor.job_queue.slices import Taken
from textor.models.slices import SliceState
from textor.toolbox import Toolbox

log = logging.getLogger(__name__)


MOST_TRIES = 5
"""How often an answer is written that the database refuses, though it answers."""

BROKEN = "Something went wrong inside Textor while it talked to the provider. Try again; if it happens again, tell the operator."


@dataclass(slots=True)
class Desk:
    """Where answers are settled. `in_flight` is how many jobs each engine has, for the pace of the looks at them."""

    tools: Toolbox
    crew: Crew
    terms: Terms
    in_flight: Mapping[str, int] = field(default_factory=dict)

    def clear(self, hands: Hands) -> None:
        """Write all that was answered. Jobs that providers took on go first: until their ids are committed, a kill costs a call.
        Raises what the database raises while it is away; what isn't written yet stays unsettled."""
        looks: list[tuple[Taken, datetime]] = []
        hands.unsettled.sort(key=_rank)
        while hands.unsettled:
            if self._settle_together(hands):
                continue
            said = hands.unsettled[0]
            try:
                next_look = self.settle(said.work, said.answer)
            except (OperationalError, InterfaceError):
                db.session.rollback()
                if self._is_refused(said):
                    hands.put_down(hands.unsettled.pop(0).work)
                continue
            if next_look and isinstance(said.work, Taken):
                looks.append((said.work, next_look))
            hands.put_down(hands.unsettled.pop(0).work)
        slices.ask_again(looks)

    def tell_of_lost(self, hands: Hands) -> None:
        """Calls that outlast a stop. Who answers in the call itself is asked again: nobody could tell how it went."""
        answered = {said.work.id for said in hands.unsettled if isinstance(said.work, Taken)}
        for one in hands.held.values():
            engine = self.tools.engines.get(one.engine)
            if one.is_start and one.id not in answered and engine and engine.answers_at_once:
                length, patience = one.end - one.start, self.terms.drain_seconds
                log.warning(
                    "%s took longer over slice %s (%.0f s) than a stop waits (%g s)", one.engine, one.id, length, patience
                )
                log.warning("slice %s is asked for again, and may be charged twice; DRAIN_SECONDS sets a longer wait", one.id)

    def _settle_together(self, hands: Hands) -> bool:
        """Texts, or deletions, that are next: many in one transaction, since commits are what a shift spends its time on. What
        can't be written so is tried alone after that. False where nothing was written."""
        kind = _rank(hands.unsettled[0])
        if kind not in TOGETHER:
            return False
        chosen = list(takewhile(lambda said: _rank(said) == kind, hands.unsettled[: self.terms.most_texts_together]))
        for said in chosen:
            said.is_alone = True
        try:
            done = self._written(chosen)
        except SQLAlchemyError:
            db.session.rollback()
            return False
        for said in [said for said in chosen if said.work.id in done]:
            hands.unsettled.remove(said)
            hands.put_down(said.work)
        return bool(done)

    def _written(self, chosen: Sequence[Said]) -> Collection[int]:
        texts = [(one.work, one.answer) for one in chosen if isinstance(one.work, Taken) and isinstance(one.answer, Transcript)]
        if texts:
            return self.crew.heard_many(texts)
        gone = [one.work for one in chosen if isinstance(one.work, Due)]
        discards.done(gone)
        return [one.id for one in gone]

    def _is_refused(self, said: Said) -> bool:
        """Whether the database answers and will never take this. Raises what the database raises while it is away."""
        db.session.execute(select(1))
        db.session.commit()
        said.refusals += 1
        if said.refusals == MOST_TRIES:
            log.error("the database refuses the answer to slice %s", said.work.id)
            said.answer = EngineError(BROKEN)
        return said.refusals > MOST_TRIES

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
        self.crew.begun(one, job)

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


def _rank(said: Said) -> int:
    """Its place among what was answered in a round."""
    if isinstance(said.answer, RemoteJob):
        return 0
    if said.is_alone:
        return 1
    if isinstance(said.answer, Transcript):
        return 2
    return 3 if isinstance(said.work, Due) and said.answer is None else 4


TOGETHER = (2, 3)


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
