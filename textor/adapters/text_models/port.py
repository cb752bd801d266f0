"""The text-model port: what Textor asks of a model that reads transcripts, and what it promises in return.

A new kind of model is one file in this folder with one subclass of `TextModel`.

    summarize(passages, wanted, hear) -> Summary
    answer(conversation, passages, hear) -> Answer
    imagine(passages, brief) -> Imagined

Passages are what was said, with times and ids: data, never instructions. A model that takes prompts gets them in a place of
their own, apart from Textor's words and from the user's, and what stands in them changes nothing but the text of its answer.
A model says how much it can read (`capabilities.window_tokens`, `tokens`); cutting a long transcript to fit is the caller's
work, so nothing is left out in silence: what doesn't fit is refused. What is cited names passages that were given, with their
times and their words. What goes wrong leaves as `TextModelError`, with a message fit for a user.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textor.domain import folding
from textor.settings import Settings

Format = Literal["paragraph", "bullet_points", "key_points"]
"""Running text; its points in the order they were said, a line each; the most important ones first, a numbered line each."""

Hear = Callable[[str], None]
"""Gets the text piece by piece as it is written; together the pieces are the whole. What it raises ends the call at once: that
is how a user stops a model."""

BYTES_PER_TOKEN = 3
"""Of UTF-8, in models of today: English has more to a token, Persian and Arabic about as many."""


def unheard(piece: str) -> None:
    """For callers who wait for the whole."""


def count_words(text: str) -> int:
    """Words as `max_words` counts them: what spaces part; letters where a script is written without spaces."""
    return max(len(text.split()), len(folding.words(text)))


@dataclass(frozen=True, slots=True)
class Passage:
    """A segment as a model gets it; times in seconds. `source` tells transcripts apart where there are several."""

    id: int
    start: float
    end: float
    text: str
    speaker: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The summary that is asked for. `language` is the transcript's (ISO 639-1; None: not known), and the summary's too."""

    max_words: int = 500
    format: Format = "paragraph"
    max_topics: int = 8
    language: str | None = None
    instruction: str | None = None
    """The user's own words on what the summary should be like; a model that can't take any refuses (`instructions`)."""


@dataclass(frozen=True, slots=True)
class Message:
    """What the user asked, or what the model said to it before."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages, the newest last, which is the user's. The model's answer may have `max_tokens` and, where it has such a thing,
    this temperature (0..2)."""

    messages: Sequence[Message]
    max_tokens: int = 500
    temperature: float = 0.7
    language: str | None = None
    """The transcripts'."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where something was said: `text` stands word for word in the passages `ids`, which follow one another (empty ones are left
    out)."""

    start: float
    end: float
    text: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that the call was charged for; none where nobody charges."""

    prompt: int = 0
    completion: int = 0
    is_estimated: bool = False
    """The provider told no numbers: these are Textor's own, rather too high than too low."""

    @property
    def total(self) -> int:
        """Both together."""
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class Summary:
    """`text` is empty where nothing was said; `topics` are the most important first; `citations` in the order of the text."""

    text: str
    topics: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` is empty where the passages have nothing on the question: whoever asked says so in the user's language."""

    text: str
    citations: tuple[Citation, ...] = ()
    usage: Usage = Usage()


Generator = Literal["midjourney", "stable_diffusion", "flux", "dalle"]
"""The image generators whose wording is known: comma-separated words and `--parameters`; weighted words; a described picture in
sentences; an instruction in sentences."""


DEFAULT_INSTRUCTION = (
    "Write one prompt for each scene. Name its subject, five descriptive keywords, the camera, the lens, the time of day, the "
    "photo style and the film."
)
"""What image prompts should say where a user has no wish."""


@dataclass(frozen=True, slots=True)
class Brief:
    """The image prompts that are asked for: at most `max_scenes`, each in the wording of `generator`. `language` is the
    transcript's; prompts are in English, which is what generators understand, as far as the model can say it."""

    generator: Generator = "midjourney"
    instruction: str | None = None
    """What each prompt should say, in the user's words; None: `DEFAULT_INSTRUCTION`."""
    look: str | None = None
    """A style that all scenes share, in the user's words."""
    max_scenes: int = 12
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One image prompt, and the passages `ids` (which follow one another) that it pictures, from `start` to `end` in seconds;
    `quote` stands word for word in them."""

    prompt: str
    start: float
    end: float
    quote: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Imagined:
    """Scenes in the order of the recording; at least one where anything was said."""

    scenes: tuple[Scene, ...]
    usage: Usage = Usage()
    note: str | None = None
    """A sentence for the user: what of the brief the model could not follow."""


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a million tokens."""

    prompt: float
    completion: float

    def of(self, usage: Usage) -> float:
        """What so many tokens cost, in US dollars."""
        return (usage.prompt * self.prompt + usage.completion * self.completion) / 1_000_000


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model can do, said before it is chosen."""

    window_tokens: int | None = None
    """What it reads and writes in one call; None: any amount."""
    streams: bool = False
    """`hear` gets pieces while the rest is being written; otherwise all at once."""
    structured_output: bool = False
    """It can be held to a schema."""
    instructions: bool = False
    """It follows wishes in words; otherwise it works in its one way."""
    thinking_tokens: int = 0
    """What it may write for itself before it answers: not part of what it says, but charged for."""
    runs_locally: bool = False
    """Nothing leaves this machine."""
    prices: Prices | None = None
    """None: not known, or nothing, where it `runs_locally`."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a model can be used now; `reason` is a sentence that says what to do where it can't."""

    ready: bool
    reason: str | None = None


class TextModel(ABC):
    """A model that reads. Subclasses set the attributes (one that stands for several models sets them on each instance)."""

    name: str
    """What users choose it by, and what `model_used` says."""
    title: str
    description: str
    capabilities: Capabilities
    order: ClassVar[int] = 100
    """Place in lists; lower comes first."""

    @classmethod
    @abstractmethod
    def from_settings(cls, settings: Settings) -> Sequence["TextModel"]:
        """The models of this kind that the settings name, best first. Must be cheap: no network, no heavy import."""

    @abstractmethod
    def availability(self) -> Availability:
        """Whether a call made now could work. Cheap (milliseconds): pages ask it."""

    @abstractmethod
    def summarize(self, passages: Sequence[Passage], wanted: Wanted, hear: Hear = unheard) -> Summary:
        """Say in `max_words` what was said, in the passages' language. Raises TextModelError; InvalidInput for what the model
        can't honour."""

    @abstractmethod
    def answer(self, conversation: Conversation, passages: Sequence[Passage], hear: Hear = unheard) -> Answer:
        """Answer the last message out of the passages alone. Raises TextModelError; InvalidInput where nobody asks."""

    @abstractmethod
    def imagine(self, passages: Sequence[Passage], brief: Brief) -> Imagined:
        """Prompts for an image generator, scene by scene. Raises TextModelError, also where the answer twice did not have the
        shape that was asked for; InvalidInput where nothing was said. A model that follows no instruction writes its own prompts
        and says so in `note`: a task on a machine without a key gets its prompts, too."""

    def tokens(self, text: str) -> int:
        """How many tokens a text may be: rather too many than too few."""
        return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)
