"""Slices with a provider: two shifts take what is due, ask, and write the answers down, late or never."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import update

from tests.job_queue.machine.faults import Death
from tests.job_queue.machine.moves import Hitch, Moves
from tests.job_queue.machine.provider import Mood
from textor.adapters.stt.port import RemoteJob
from textor.errors import EngineError
from textor.extensions import db
from textor.features.transcription import finishing, planning, recutting
from textor.features.transcription.remote import RemoteCrew
from textor.job_queue import attention, discards, runs, slices
from textor.job_queue.claims import Claim
from textor.job_queue.crew import DEFAULT, Answer
from textor.job_queue.hands import Hands, Said
from textor.job_queue.settling import Desk
from textor.job_queue.slices import Taken
from textor.models import Slice
from textor.models.slices import SliceState

MANY = 8
NO_SOUND = Path()


@dataclass
class Call:
    """A slice in the hands of a shift, what its engine has answered, and the job that this began."""

    one: Taken
    answer: Answer | None
    job_id: str | None


@dataclass
class Shift:
    """What is in one shift's hands."""

    calls: list[Call] = field(default_factory=list)


class RemoteMoves(Moves):
    """The engine is a provider."""

    engine = "fake_remote"
    queue = "remote"

    def __init__(self) -> None:
        super().__init__()
        self.shifts = (Shift(), Shift())
        self.crew = RemoteCrew(self.tools)
        self.desk = Desk(self.tools, self.crew, DEFAULT)

    def begin(self, claim: Claim) -> None:
        """The sound of each slice is made ready, then the shift has them, as pipeline.advance does it."""
        self.plan(claim)
        recutting.recut(self.tools, claim, NO_SOUND, planning.slices_of(claim.seq))
        self._make_ready(claim)
        runs.hand_over(self.tools, claim)
        finishing.finish_if_over(self.tools, claim)

    def _make_ready(self, claim: Claim) -> None:
        for one_id, start, end in [(one.id, one.start, one.end) for one in planning.slices_of(claim.seq)]:
            runs.write(self.tools, claim)
            ready = {"storage_key": f"{claim.id}/{start:.0f}-{end:.0f}.flac", "due_at": self.tools.clock.now()}
            waiting = (Slice.id == one_id, Slice.state == SliceState.WAITING)
            db.session.execute(update(Slice).where(*waiting, Slice.storage_key.is_(None)).values(ready))
            db.session.commit()

    def take_on(self, shift: Shift, mood: Mood) -> None:
        """What is due, and its engine asked. The answers are on their way afterwards."""
        for starts in (False, True):
            held = {call.one.id for call in shift.calls}
            found = attention.due(self.tools, self.engine, MANY, starts=starts, without=held)
            self._ask(shift, slices.take(self.tools, found), mood)

    def _ask(self, shift: Shift, taken: Sequence[Taken], mood: Mood) -> None:
        self.provider.mood = mood
        for one in taken:
            known = len(self.provider.jobs)
            answer = _answer(partial(self.crew.ask, one))
            begun = list(self.provider.jobs)[known:]
            self.story.in_hand |= dict.fromkeys(begun, one.until)
            shift.calls.append(Call(one, answer, begun[0] if begun else None))

    def keep(self, shift: Shift) -> None:
        """The leases of calls that take long."""
        for call, kept in zip(shift.calls, slices.keep(self.tools, [call.one for call in shift.calls]), strict=True):
            call.one = kept
            if call.job_id:
                self.story.in_hand[call.job_id] = kept.until

    def settle(self, shift: Shift, call: Call, hitch: Hitch) -> None:
        """An answer has come: one that comes after its lease was lost changes nothing, and a job's id is committed at once."""
        shift.calls.remove(call)
        one, before = call.one, self.story.now
        part = before.parts.get(one.id)
        is_held = part is not None and part.lease == one.lease
        self.act(lambda: self.write_down(call), hitch)
        if self.story.is_disturbed or self.world.has_died:
            return
        if not is_held:
            is_same = before.all_of(one.claim.id) == self.story.now.all_of(one.claim.id)
            self.story.insist(is_same, f"an answer to slice {one.id} came too late and changed it")
        elif isinstance(call.answer, RemoteJob):
            self.story.insist(self.story.now.parts[one.id].remote_id == call.job_id, f"nobody remembers {call.job_id}")

    def settle_all(self, shift: Shift, hitch: Hitch) -> None:
        """All answers have come, and are written down in one go."""
        calls = list(shift.calls)
        shift.calls.clear()
        self.act(lambda: self.write_down(*calls), hitch)

    def write_down(self, *calls: Call) -> None:
        try:
            self.desk.clear(Hands(unsettled=[Said(call.one, call.answer) for call in calls]))
        except Death:
            for call in calls:
                self._lose(call)
            raise
        finally:
            for call in calls:
                self.story.in_hand.pop(call.job_id or "", None)

    def drop(self, shift: Shift) -> None:
        """A shift is killed with all it has in hand."""
        for call in shift.calls:
            self._lose(call)
        shift.calls.clear()

    def _lose(self, call: Call) -> None:
        self.story.in_hand.pop(call.job_id or "", None)
        if job := self.provider.jobs.get(call.job_id or ""):
            job.is_unknown = job.is_written_off = True

    def clear(self, mood: Mood) -> None:
        """What providers are to delete."""
        self.provider.mood = mood
        for one in discards.take(self.tools, discards.due(self.tools, MANY)):
            self.desk.clear(Hands(unsettled=[Said(one, _answer(partial(self.crew.discard, one)))]))

    def wake(self, which: int) -> None:
        """A provider says that it has news of a slice."""
        parts = list(self.story.now.parts)
        if parts:
            slices.wake([parts[which % len(parts)]])

    def other_shift(self, which: int) -> None:
        """The other shift comes between."""
        self.take_on(self.shifts[which % 2], "well")


def _answer(ask: Callable[[], Answer | None]) -> Answer | None:
    try:
        return ask()
    except EngineError as error:
        return error
