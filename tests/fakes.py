"""Fakes at Textor's own ports."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from textor.adapters.storage.port import Storage, StoredFile
from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Options, Progress, RemoteJob
from textor.adapters.text_models.port import (
    Answer,
    Brief,
    Citation,
    Conversation,
    Hear,
    Imagined,
    Passage,
    Prices,
    Scene,
    Summary,
    TextModel,
    Usage,
    Wanted,
    unheard,
)
from textor.adapters.text_models.port import Availability as TextAvailability
from textor.adapters.text_models.port import Capabilities as TextCapabilities
from textor.domain.transcript import Segment, Transcript
from textor.errors import EngineError, JobLost, TextModelError, Unavailable
from textor.settings import Settings
from textor.toolbox import Toolbox


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


@dataclass
class FakeTextModel(TextModel):
    """Says what it is told to, in pieces, and cites the first passage of each call; refuses what its window doesn't hold.

    `says` is the text itself, or makes it of the passages and what was asked (Wanted, Conversation, Brief). `before_call` runs
    before every call and may raise or wait; it gets the verb and the passages. `cites` gives the ids that are cited, a tuple for
    each citation, and `lies` are cited as well; `error` is raised by every call.
    """

    says: str | Callable[[Sequence[Passage], Any], str] = "What was said."
    topics: tuple[str, ...] = ("the sea", "a ship")
    cites: Callable[[Sequence[Passage]], Sequence[tuple[int, ...]]] = lambda passages: [(passages[0].id,)] if passages else []
    lies: tuple[Citation, ...] = ()
    usage: Usage = field(default_factory=lambda: Usage(100, 10))
    window_tokens: int | None = None
    prices: Prices | None = None
    takes_instructions: bool = True
    is_ready: bool = True
    error: Exception | None = None
    before_call: Callable[[str, Sequence[Passage]], None] = lambda verb, passages: None
    piece_letters: int = 8
    name: str = "fake-text"
    calls: list[tuple[str, Sequence[Passage], Any]] = field(default_factory=list)
    """(verb, passages, what was asked) of each call, those that failed too."""

    title = "Fake text"
    description = "Says what it is told to."

    @classmethod
    def from_settings(cls, settings: Settings) -> Sequence[TextModel]:
        return (cls(),)

    @property
    def capabilities(self) -> TextCapabilities:  # type: ignore[override]  # what a test changes, it changes
        return TextCapabilities(
            window_tokens=self.window_tokens, streams=True, instructions=self.takes_instructions, prices=self.prices
        )

    def availability(self) -> TextAvailability:
        return TextAvailability(self.is_ready, None if self.is_ready else "Set its key.")

    def summarize(self, passages: Sequence[Passage], wanted: Wanted, hear: Hear = unheard) -> Summary:
        text = self._called("summarize", passages, wanted, hear)
        return Summary(text, self.topics[: wanted.max_topics], self._cited(passages), self.usage)

    def answer(self, conversation: Conversation, passages: Sequence[Passage], hear: Hear = unheard) -> Answer:
        text = self._called("answer", passages, conversation, hear)
        return Answer(text, self._cited(passages), self.usage)

    def imagine(self, passages: Sequence[Passage], brief: Brief) -> Imagined:
        text = self._called("imagine", passages, brief, unheard)
        scenes = [Scene(text, one.start, one.end, one.text, one.ids) for one in self._cited(passages)]
        return Imagined(tuple(scenes[: brief.max_scenes]), self.usage)

    def _called(self, verb: str, passages: Sequence[Passage], asked: Any, hear: Hear) -> str:
        self.calls.append((verb, list(passages), asked))
        self.before_call(verb, passages)
        if self.error:
            raise self.error
        if self.window_tokens and sum(self.tokens(one.text) for one in passages) > self.window_tokens:
            raise TextModelError("This is more than the model can read.")
        text = self.says if isinstance(self.says, str) else self.says(passages, asked)
        for start in range(0, len(text), self.piece_letters):
            hear(text[start : start + self.piece_letters])
        return text

    def _cited(self, passages: Sequence[Passage]) -> tuple[Citation, ...]:
        """Only what was given: a citation of a passage that wasn't there is a mistake of the test."""
        given = {one.id: one for one in passages}
        quoted = ([given[n] for n in ids] for ids in self.cites(passages))
        true = (
            Citation(held[0].start, held[-1].end, " ".join(one.text for one in held), tuple(one.id for one in held))
            for held in quoted
        )
        return (*true, *self.lies)


def with_text_models(tools: Toolbox, *models: TextModel) -> Toolbox:
    """The same tools with these text models before the built-in one, the first of them the one that is chosen by itself."""
    return replace(tools, text_models={**{one.name: one for one in models}, **tools.text_models})


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
