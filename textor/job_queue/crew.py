"""What a shift is made of: the verbs that are done for a slice, and how patiently."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from textor.adapters.stt.port import Progress, RemoteJob
from textor.domain import stopping
from textor.domain.transcript import Transcript
from textor.errors import EngineError
from textor.job_queue.discards import Due
from textor.job_queue.slices import Taken

Answer = Transcript | RemoteJob | Progress | EngineError
Work = Taken | Due


@dataclass(frozen=True, slots=True)
class Terms:
    """How a shift works. Times are in seconds."""

    run_seconds: float = 50
    longest_seconds: float = 3600
    """When a shift that never came to rest begins nothing more."""
    idle_seconds: float = 5
    drain_seconds: float = stopping.DRAIN_SECONDS
    """How long a stop waits for calls under way (DRAIN_SECONDS)."""
    tick_seconds: float = 0.25
    """How often it looks for what is due while nothing happens."""
    beat_seconds: float = 0.05
    """How often at most, however much is answered."""
    poll_threads: int = 64
    start_threads: int = 64
    most_of_one: int = 48
    """Polls, and starts, of one engine at once: one that hangs leaves threads to the others."""
    most_discards_in_hand: int = 24
    most_texts_together: int = 32
    """Texts written in one transaction: its locks are held while they are."""
    longest_pause_seconds: float = 30
    callback_pause_seconds: float = 20
    """Between two looks at a job whose provider calls back."""
    retry_seconds: float = 5
    """The first pause after a call that failed for now; each doubles it."""
    longest_retry_seconds: float = 300


DEFAULT = Terms()


class Crew(Protocol):
    """What is done for a slice. The verbs of the first group run in threads and see no database."""

    def ask(self, one: Taken) -> Answer:
        """Start a slice at its engine, or ask how it stands."""

    def discard(self, one: Due) -> EngineError | None:
        """Have a provider delete a job."""

    def begun(self, one: Taken, job: RemoteJob) -> None:
        """The number of a job that an engine has taken on is committed, or is in `discards` where nobody wants it any more."""

    def heard(self, one: Taken, transcript: Transcript) -> None:
        """Keep what was heard. Raises Fenced."""

    def heard_many(self, found: Sequence[tuple[Taken, Transcript]]) -> Collection[int]:
        """Keep as many as can be kept in one go; returns the ids of those slices. The others come to `heard`."""

    def failed(self, one: Taken, error: EngineError) -> bool:
        """An error that `error.retryable` or the number of attempts makes final: True if the slice is over, or begun elsewhere;
        False if it shall be tried again. Raises Fenced."""

    def move_on(self, one: Taken, error: str) -> bool:
        """A provider is away, `error` says how: begin elsewhere what it hasn't begun. False where there is no other. Raises
        Fenced."""
