"""The engine port: what Textor asks of a speech engine, and what it promises in return.

A new engine is one file in this folder with one subclass of `Engine`; form, API, CLI and docs pick it up from there.

    start(audio, options) -> Transcript | RemoteJob
    check(job, options)   -> Transcript | Progress

An engine that answers at once implements `start` alone; its transcript's `segments` may be a generator that yields each
segment as it is heard. One whose provider takes its time returns a `RemoteJob`; the pipeline commits its id before anyone
waits, and asks `check` later, perhaps from another process. An engine never sleeps for a provider, never slices to fit its
own limits (it declares them), never drops an option it can't honour (it declares that too, and `check_options` refuses).
What goes wrong leaves as `EngineError`, with a message fit for a user.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from textor.domain import languages
from textor.domain.transcript import Transcript
from textor.errors import EngineError, InvalidInput
from textor.settings import Settings

Pcm = npt.NDArray[np.int16]
"""Mono samples at 16 kHz, shape (n,)."""

PCM_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Audio:
    """A recording as an engine gets it.

    `blocks()` decodes it from the start, as 16 kHz mono int16 blocks of any length, at flat memory; it may be called again.
    `path` is the original file, for engines that upload it. `seconds` is the decoded length.
    """

    path: Path
    seconds: float
    channels: int
    blocks: Callable[[], Iterator[Pcm]]


@dataclass(frozen=True, slots=True)
class Callback:
    """Where a provider may say that a job is over, and the header that proves it. What it says is not believed: it only shortens
    the wait until `check`."""

    url: str
    header: str
    secret: str = field(repr=False)


class Orders(Protocol):
    """Remembers what a piece of sound was ordered by until its job's number is kept: a crash or a lost answer in between would
    leave a job that nobody knows, and the next start would pay again. May be called from any thread."""

    def unanswered(self) -> Collection[str]:
        """The references of earlier orders for the same piece whose jobs nobody has."""

    def add(self, reference: str) -> None:
        """Something is ordered now that the provider's own list will show by this reference."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for. `language` None means: detect it. `callback` is for engines that take one."""

    language: str | None = None
    model: str | None = None
    diarize: bool = False
    speaker_count: int | None = None
    """How many people speak; None: find out."""
    vocabulary: tuple[str, ...] = ()
    translate: bool = False
    """Write in English what is said, whatever the language."""
    callback: Callback | None = None
    orders: Orders | None = None
    """For engines whose providers list their jobs; None: nothing is remembered."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do, said before it is chosen. None as a limit means: none known."""

    languages: frozenset[str] | None = None
    """ISO 639-1 codes it understands; None: any."""
    detects_language: bool = False
    segment_times: bool = True
    """False: it gives text alone. Then Textor sends it slices so short that their own times will do."""
    word_times: bool = False
    speakers: bool = False
    speaker_count: bool = False
    """Can be told how many people speak."""
    vocabulary: bool = False
    translates: bool = False
    """Can write in English what is said in another language."""
    channels: bool = False
    """Hears the channels of a call apart in one job; the others get a job per channel."""
    callbacks: bool = False
    formats: frozenset[str] | None = None
    """Endings of the files it takes, such as mp3; anything else is converted before it is sent. None: whatever there is."""
    max_bytes: int | None = None
    max_seconds: float | None = None
    max_in_flight: int | None = None
    """Jobs at once, over all of Textor; the operator can set another number (PROVIDER_CONCURRENCY)."""
    calls_per_second: float | None = None
    """What the provider allows an account; polls are spread so that they stay below it."""
    runs_locally: bool = False
    usd_per_hour: float | None = None
    """What the provider charges for an hour of sound, in US dollars; None: not known. ENGINE_PRICES sets another."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model of an engine. `size_mb` and `is_downloaded` only where the model is a file on this machine."""

    name: str
    full_name: str
    description: str = ""
    size_mb: float | None = None
    is_downloaded: bool | None = None
    shutdown_date: str | None = None


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether an engine can be used now; `reason` is a sentence that says what to do where it can't."""

    ready: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How a provider answered when it was asked just now. `credit` is what is left there, in words: "3 h 20 min", "12.50 USD"."""

    reachable: bool
    reason: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """Work that a provider has taken on. `id` is the provider's (255 characters at most); it is asked again after `poll_seconds`,
    and the less often the older it gets."""

    id: str
    poll_seconds: float = 5.0
    reference: str = ""
    """What it was ordered by (Orders.add)."""


@dataclass(frozen=True, slots=True)
class Held:
    """A job as the provider's list shows it. `reference` is what it was ordered by, perhaps by somebody else."""

    id: str
    reference: str
    is_failed: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """A remote job that isn't done. `fraction` is 0..1 where the provider tells."""

    fraction: float | None = None
    message: str | None = None
    poll_seconds: float = 5.0


class Engine(ABC):
    """A speech engine. Subclasses set the class attributes and implement `start` (and `check` if they return a RemoteJob)."""

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    order: ClassVar[int] = 100
    """Place in lists; lower comes first."""

    @property
    def answers_at_once(self) -> bool:
        """Whether `start` does it all. Where a provider does, nobody can ask for the answer again: Textor sends it pieces so
        short that a stop can wait for each."""
        return type(self).check is Engine.check

    @classmethod
    @abstractmethod
    def from_settings(cls, settings: Settings) -> "Engine":
        """Build the engine from Textor's settings. Must be cheap: no network, no heavy import."""

    @abstractmethod
    def availability(self) -> Availability:
        """Whether a transcription started now could run. Cheap (milliseconds): pages ask it."""

    def models(self) -> Sequence[Model]:
        """The models to choose from, best default first; empty where the engine has just one way to work."""
        return ()

    def can(self, model: str | None = None) -> Capabilities:
        """What it can do with one of its models (None: the default). Pages, API and pipeline ask this, not `capabilities`."""
        return self.capabilities

    def health(self) -> Health:
        """Ask the provider whether it is there, takes the key and has credit left: one cheap call that costs nothing. Local
        engines answer by their availability. Never raises for what the provider does."""
        state = self.availability()
        return Health(state.ready, state.reason)

    @abstractmethod
    def start(self, audio: Audio, options: Options) -> Transcript | RemoteJob:
        """Transcribe, or hand the work to the provider. Raises EngineError."""

    def check(self, job: RemoteJob, options: Options) -> Transcript | Progress:
        """Ask the provider once how a job stands. Raises EngineError when it failed there."""
        raise EngineError(f"{self.title} has no jobs to wait for.")

    def cancel(self, job: RemoteJob) -> None:
        """Delete a job and its data at the provider, finished or not; one that is gone already is fine. Raises EngineError where
        the provider could not be asked."""

    def held(self) -> Sequence[Held]:
        """The newest jobs at the provider, those of others who share the account among them: one call. Empty without a list.
        Raises EngineError."""
        return ()

    def download(self, model: str, report: Callable[[float], None]) -> None:
        """Fetch a model's files; `report` gets 0..1. Raises EngineError."""
        raise EngineError(f"{self.title} has no models to download.")

    def delete(self, model: str) -> None:
        """Remove a downloaded model's files. Raises EngineError where there are none that Textor fetched."""
        raise EngineError(f"{self.title} has no models to delete.")

    def check_options(self, options: Options) -> None:
        """Refuse aloud what this engine can't honour. Raises InvalidInput naming the field. `en_us` is fine where `en` is."""
        can = self.can(options.model)
        asked = {options.language, languages.base(options.language)} if options.language else set()
        if asked and can.languages is not None and not asked & can.languages:
            spoken = ", ".join(sorted(can.languages))
            raise InvalidInput(f"{self.title} does not understand this language. It knows: {spoken}.", field="language")
        if options.vocabulary and not can.vocabulary:
            raise InvalidInput(f"{self.title} takes no vocabulary hints.", field="vocabulary")
        if options.speaker_count and not can.speaker_count:
            raise InvalidInput(f"{self.title} can't be told how many people speak.", field="speaker_count")
        if options.translate and not can.translates:
            raise InvalidInput(f"{self.title} does not translate, or this model of its does not.", field="model")
        names = {model.name for model in self.models()}
        if options.model and options.model not in names:
            known = ", ".join(sorted(names)) or "none"
            raise InvalidInput(f"{self.title} has no model {options.model!r}. Available: {known}.", field="model")
