"""Fakes at Textor's own ports."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Options, Progress, RemoteJob
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError
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
    """Takes a job on and finishes it after `polls` looks."""

    polls: int = 2
    away: EngineError | None = None
    asked: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    name = "fake_remote"
    title = "Fake remote"
    capabilities = Capabilities(languages=None, runs_locally=False)

    def start(self, audio: Audio, options: Options) -> Transcript | RemoteJob:
        super().start(audio, options)
        return RemoteJob(f"remote-{len(self.heard)}", poll_seconds=5)

    def check(self, job: RemoteJob, options: Options) -> Transcript | Progress:
        if self.away:
            raise self.away
        self.asked.append(job.id)
        if len(self.asked) < self.polls:
            return Progress(fraction=len(self.asked) / self.polls, poll_seconds=5)
        return Transcript(list(self.segments), language="en")

    def cancel(self, job: RemoteJob) -> None:
        self.cancelled.append(job.id)
