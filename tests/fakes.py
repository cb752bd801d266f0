"""Fakes at Textor's own ports."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from textor.adapters.storage.port import Storage, StoredFile
from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Options, Progress, RemoteJob
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError, JobLost, Unavailable
from textor.settings import Settings


@dataclass
class FakeClock:
    """Stands still until told."""

    time: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class FakeEngine(Engine):
    """Says what it is told to, at once. `before_each` runs before every segment."""

    segments: Sequence[Segment] = (Segment(0.0, 1.0, "hello there"), Segment(1.0, 2.0, "general"))
    error: EngineError | Exception | None = None
    before_each: Callable[[int], None] = lambda n: None
    heard: list[Options] = field(default_factory=list)

    name = "fake"
    title = "Fake"
    description = "Says what it is told to."
    capabilities = Capabilities(languages=None, detects_language=True, runs_locally=True)

    @classmethod
    def from_settings(cls, settings: Settings) -> "FakeEngine":
        return cls()

    def availability(self) -> Availability:
        return Availability(True)

    def start(self, audio: Audio, options: Options) -> Transcript | RemoteJob:
        self.heard.append(options)
        if self.error:
            raise self.error
        return Transcript(self._spoken(), language="en", language_confidence=0.9)

    def _spoken(self) -> Iterator[Segment]:
        for n, segment in enumerate(self.segments):
            self.before_each(n)
            yield segment


@dataclass
class FakeRemoteEngine(FakeEngine):
    """Takes a job on and finishes it after `polls` looks, or once it is in `finished` where that is a set.

    `before_call` runs before every call and may raise or wait; it gets the verb and, but for a start, the job's id. `says` is
    what the n-th job (from 1) hears. `lost` are jobs that it has given up.
    """

    polls: int = 2
    away: EngineError | None = None
    finished: set[str] | None = None
    lost: set[str] = field(default_factory=set)
    before_call: Callable[[str, str], None] = lambda verb, job: None
    says: Callable[[int], Sequence[Segment]] | None = None
    poll_seconds: float = 5
    calls: list[str] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    name = "fake_remote"
    title = "Fake remote"
    capabilities = Capabilities(languages=None, runs_locally=False)

    def start(self, audio: Audio, options: Options) -> Transcript | RemoteJob:
        self.paths.append(audio.path)
        self._called("start", "")
        super().start(audio, options)
        return RemoteJob(f"remote-{len(self.heard)}", poll_seconds=self.poll_seconds)

    def check(self, job: RemoteJob, options: Options) -> Transcript | Progress:
        self._called("check", job.id)
        if self.away:
            raise self.away
        self.asked.append(job.id)
        if job.id in self.lost:
            raise JobLost("The provider gave the job up.", retryable=True)
        is_done = len(self.asked) >= self.polls if self.finished is None else job.id in self.finished
        if not is_done:
            return Progress(poll_seconds=self.poll_seconds)
        said = self.says(int(job.id.rpartition("-")[2])) if self.says else self.segments
        return Transcript(list(said), language="en")

    def cancel(self, job: RemoteJob) -> None:
        self._called("cancel", job.id)
        self.cancelled.append(job.id)

    def _called(self, verb: str, job: str) -> None:
        self.calls.append(verb)
        self.before_call(verb, job)


def remote_engine(name: str = "fake_remote", *, local: bool = False, **can: Any) -> FakeRemoteEngine:
    """A provider of that name with other capabilities."""
    members = {"name": name, "capabilities": Capabilities(runs_locally=local, **can)}
    made = type(f"Fake_{name}", (FakeRemoteEngine,), members)()
    assert isinstance(made, FakeRemoteEngine)
    return made


def prompt_engine(name: str = "prompt", **can: Any) -> FakeEngine:
    """A provider that answers in the call itself."""
    made = type(f"Fake_{name}", (FakeEngine,), {"name": name, "capabilities": Capabilities(**can)})()
    assert isinstance(made, FakeEngine)
    return made


class AwayStorage(Storage):
    """A store that does not answer."""

    def put(self, key: str, source: Path) -> None:
        raise Unavailable("The store does not answer.")

    def size(self, key: str) -> int:
        raise Unavailable("The store does not answer.")

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        raise Unavailable("The store does not answer.")

    def local_path(self, key: str) -> AbstractContextManager[Path]:
        raise Unavailable("The store does not answer.")

    def delete(self, key: str) -> None:
        raise Unavailable("The store does not answer.")

    def check(self) -> None:
        raise Unavailable("The store does not answer.")

    def files(self, prefix: str) -> Iterator[StoredFile]:
        raise Unavailable("The store does not answer.")

    def drop_unfinished(self, prefix: str, before: datetime) -> int:
        raise Unavailable("The store does not answer.")
