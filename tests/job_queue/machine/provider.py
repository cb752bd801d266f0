"""A provider that counts what it is asked for, and does as it is told."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.fakes import FakeRemoteEngine
from textor.adapters.storage.local import LocalStorage
from textor.adapters.stt.port import Audio, Options, Progress, RemoteJob
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError, JobLost, TooLong

Mood = Literal["well", "busy", "away", "refuses", "loses", "at once", "too long"]
MOODS: tuple[Mood, ...] = ("well", "well", "well", "busy", "away", "refuses", "loses", "at once", "too long")

WORD_SECONDS = 5
"""A word is said every five seconds: its number, from the recording's start, and who has heard it."""

PART_SECONDS = 4 * WORD_SECONDS
"""How long a slice is before it is cut up."""


@dataclass
class Job:
    """A piece of work that was paid for, the `number`-th; its id says no more than that. `key` is its transcription's id and its
    seconds in the recording."""

    number: int
    key: str
    is_deleted: bool = False
    is_lost: bool = False
    """The provider gave it up."""
    is_written_off: bool = False
    """It may be asked for again: its transcription was over meanwhile, or whoever asked was dead or late."""
    is_unknown: bool = False
    """Whoever asked died before they could write its id down: nobody can delete it."""

    @property
    def id(self) -> str:
        return f"job-{self.number}"

    @property
    def row_id(self) -> str:
        return self.key.partition("/")[0]

    @property
    def places(self) -> range:
        """The numbers of the words that are heard in it."""
        start, end = map(int, self.key.rpartition("/")[2].split("-"))
        return places(start, end)


def places(start: float, end: float) -> range:
    return range(int(start) // WORD_SECONDS, int(end) // WORD_SECONDS)


def words(places: Iterable[int], by: object) -> str:
    return " ".join(f"{place}@{by}" for place in places)


@dataclass
class Provider(FakeRemoteEngine):
    """Jobs by id, in the order of their start. A slice is known by the name of its sound."""

    mood: Mood = "well"
    jobs: dict[str, Job] = field(default_factory=dict)

    name = "fake_remote"

    def forget(self) -> None:
        self.jobs.clear()

    def start(self, audio: Audio, options: Options) -> Transcript | RemoteJob:
        self._complain()
        if self._is_too_much(audio.seconds):
            raise TooLong("It takes less.", seconds=math.inf)
        job = Job(len(self.jobs), "/".join(audio.path.readlink().with_suffix("").parts[-2:]))
        self.jobs[job.id] = job
        if self.mood == "at once":
            job.is_deleted = True  # nothing stays with it
            return _said(job)
        return RemoteJob(job.id)

    def check(self, job: RemoteJob, options: Options) -> Transcript | Progress:
        self._complain()
        if self.mood == "loses" or self.jobs[job.id].is_deleted:
            self.jobs[job.id].is_lost = True
            raise JobLost("It is gone.", retryable=True)
        if self._is_too_much(len(self.jobs[job.id].places) * WORD_SECONDS):
            self.jobs[job.id].is_lost = True
            raise TooLong("It takes less.", seconds=WORD_SECONDS)
        return Progress() if self.mood == "busy" else _said(self.jobs[job.id])

    def cancel(self, job: RemoteJob) -> None:
        if self.mood == "away":
            raise EngineError("It is away.", retryable=True)
        self.jobs[job.id].is_deleted = True

    def _is_too_much(self, seconds: float) -> bool:
        return self.mood == "too long" and seconds > WORD_SECONDS

    def _complain(self) -> None:
        if self.mood in {"away", "refuses"}:
            raise EngineError(f"It {self.mood}.", retryable=self.mood == "away")


class Cupboard(LocalStorage):
    """A store without files: a key is its path, of two parts."""

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        yield Path(key)

    def delete(self, key: str) -> None:
        pass


def _said(job: Job) -> Transcript:
    return Transcript([Segment(0.1, 0.9, words(job.places, job.id))], language="en")
