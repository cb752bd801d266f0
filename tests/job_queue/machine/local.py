"""Runs on this machine: slice by slice, passed on or not, by workers that die, thaw and give back."""

from collections.abc import Callable
from functools import partial
from typing import Literal

from sqlalchemy import select

from tests.job_queue.machine.moves import Hitch, Moves
from tests.job_queue.machine.provider import places, words
from textor.domain.job_states import Status
from textor.domain.transcript import Segment, Transcript
from textor.extensions import db
from textor.features.transcription import finishing
from textor.job_queue import runs
from textor.job_queue.claims import Claim
from textor.models import Slice
from textor.models.slices import SliceState

Deed = Literal["hear", "lose", "pass_on", "finish", "fail", "beat", "hand_back", "die"]
DEEDS: tuple[Deed, ...] = ("hear", "hear", "lose", "pass_on", "finish", "finish", "fail", "beat", "hand_back", "die")
LAST_WORDS = {"pass_on", "finish", "fail", "hand_back", "die"}


class LocalMoves(Moves):
    """The engine is on this machine."""

    def begin(self, claim: Claim) -> None:
        self.running.append(claim)
        self.plan(claim)

    def do(self, claim: Claim, deed: Deed, hitch: Hitch) -> None:
        """One step of a run, which may have lost its claim long ago."""
        if deed in LAST_WORDS:
            self.running.remove(claim)
        work: dict[Deed, Callable[[], object]] = {
            "hear": lambda: self._hear(claim),
            "lose": lambda: self._hear(claim, is_lost=True),
            "pass_on": lambda: runs.pass_on(self.tools, claim),
            "finish": lambda: self.finish(claim),
            "fail": lambda: runs.finish(self.tools, claim, Status.FAILED, error="It broke."),
            "beat": lambda: runs.heartbeat(self.tools, claim.id, claim.token),
            "hand_back": lambda: runs.hand_back(self.tools, claim.id, claim.token),
        }
        if deed in work:
            self.fenced(claim, work[deed], hitch)

    def finish(self, claim: Claim) -> None:
        """All that is left is heard, and put together."""
        while self._hear(claim):
            pass
        finishing.finish_if_over(self.tools, claim)

    def _hear(self, claim: Claim, *, is_lost: bool = False) -> bool:
        left = select(Slice).where(Slice.transcription_seq == claim.seq, Slice.state == SliceState.WAITING).order_by(Slice.n)
        one = db.session.scalars(left.limit(1)).first()
        if one is None:
            return False
        said = Transcript([Segment(one.start + 0.1, one.end - 0.1, words(places(one.start, one.end), claim.token))])
        keep = partial(finishing.lose, error="It broke.") if is_lost else partial(finishing.keep, transcript=said)
        keep(self.tools, claim, one)
        return True
