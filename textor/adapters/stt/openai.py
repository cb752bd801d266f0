"""OpenAI's transcription models, and those of every host that speaks its language (Groq, vLLM, speaches, LocalAI, Metis); through
the official SDK."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from importlib.util import find_spec
from typing import Any

from textor.adapters import openai_sdk
from textor.adapters.stt import openai_answers as answers
from textor.adapters.stt import openai_models as catalogue
from textor.adapters.stt import openai_refusals as refusals
from textor.adapters.stt import openai_uploads as uploads
from textor.adapters.stt.openai_answers import Asked
from textor.adapters.stt.openai_calls import HEAR_SECONDS, Calls
from textor.adapters.stt.openai_models import Entry, Wish
from textor.adapters.stt.openai_refusals import Refused
from textor.adapters.stt.openai_uploads import Upload
from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Health, Model, Options
from textor.domain import languages
from textor.domain.transcript import Transcript
from textor.errors import EngineError, InvalidInput, TooLong
from textor.settings import Settings

NO_KEY = "Set OPENAI_API_KEY to use OpenAI."
NOT_INSTALLED = "OpenAI's library is not installed here. Install it with `pip install openai`."
ELSEWHERE = "the OpenAI-compatible server"
NOT_IN_A_KEYWORD = frozenset("<>\r\n")
LONGEST_PROMPT_BYTES = 224  # it heeds 224 tokens, and a token is a byte at least


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass
class OpenAIEngine(Engine):
    """Sends a recording and waits for its text: one call. `is_openai` tells whether the host is OpenAI's own; `model` is what the
    operator chose as the default."""

    key: str = field(repr=False)
    base_url: str
    model: str = ""
    is_openai: bool = True
    hear_seconds: float = HEAR_SECONDS
    library: str = "openai"
    today: Callable[[], date] = _today
    _left: dict[str, Sequence[Wish]] = field(default_factory=dict, repr=False)
    """The ways to ask a model that its host has not refused yet, where it has refused any."""

    name = "openai"
    title = "OpenAI"
    description = "OpenAI's models, or those of a compatible server. Recordings go to whoever runs it, who may charge for them."
    capabilities = catalogue.BEST.capabilities()
    order = 40

    def __post_init__(self) -> None:
        self._who = "OpenAI" if self.is_openai else ELSEWHERE
        self._calls = Calls(self.key, self.base_url, self._who, self.hear_seconds)

    @classmethod
    def from_settings(cls, settings: Settings) -> "OpenAIEngine":
        is_openai = openai_sdk.is_own(settings.openai_base_url)
        return cls(settings.openai_api_key, settings.openai_base_url, settings.openai_transcribe_model, is_openai)

    def availability(self) -> Availability:
        """A compatible host may ask for no key."""
        if find_spec(self.library) is None:
            return Availability(False, NOT_INSTALLED)
        return Availability(True) if self.key or not self.is_openai else Availability(False, NO_KEY)

    def models(self) -> Sequence[Model]:
        return [entry.model() for entry in self._entries()]

    def can(self, model: str | None = None) -> Capabilities:
        can = self._entry(model).capabilities()
        return can if self.is_openai else replace(can, max_in_flight=catalogue.ELSEWHERE_AT_ONCE)

    def health(self) -> Health:
        """Whether the host lists its models; a small one of one's own may have no such list."""
        state = self.availability()
        if not state.ready:
            return Health(False, state.reason)
        try:
            answer = self._calls.models()
        except Refused as error:
            is_there = error.to_address and not self.is_openai
            return Health(is_there, None if is_there else error.message)
        except EngineError as error:
            return Health(False, error.message)
        is_list = isinstance(answer, dict) and isinstance(answer.get("data"), list)
        return Health(True) if is_list else Health(False, refusals.misunderstood(self._who).message)

    def check_options(self, options: Options) -> None:
        """Refuse what the model can't honour, hints that its field does not carry among it."""
        super().check_options(options)
        hints = self._entry(options.model).hints
        if hints == "keywords" and any(NOT_IN_A_KEYWORD & set(hint) for hint in options.vocabulary):
            raise InvalidInput("A vocabulary hint has no line breaks and no < or > at OpenAI.", field="vocabulary")
        if hints == "prompt" and len(_prompt(options).encode()) > LONGEST_PROMPT_BYTES:
            raise InvalidInput("These are more vocabulary hints than this model heeds. Leave some out.", field="vocabulary")

    def start(self, audio: Audio, options: Options) -> Transcript:
        """Send the recording and read what comes back."""
        self.check_options(options)
        state = self.availability()
        if state.reason:
            raise EngineError(state.reason)
        upload = uploads.upload(audio.path)
        if upload is None:
            raise EngineError(refusals.sentence(f"{self._who} takes no recordings of this format."))
        answer, wish = self._heard(upload, audio.seconds, options)
        entry = self._entry(options.model)
        needs_times = entry.is_known and wish != catalogue.TEXT
        transcript = answers.read(answer, Asked(self._who, audio.seconds, needs_times, options.diarize))
        if wish != catalogue.TEXT and answers.is_text_alone(answer):
            self._left[entry.name] = (catalogue.TEXT,)
        return transcript

    def _heard(self, upload: Upload, seconds: float, options: Options) -> tuple[object, Wish]:
        """What the host answers to the first wish that it doesn't refuse. A refusal costs a call, no money, and is remembered."""
        entry = self._entry(options.model)
        wish = entry.wishes[0]
        if wish == catalogue.TEXT and entry.name in self._left and seconds > catalogue.TEXT_SECONDS:
            raise TooLong(refusals.sentence(f"{self._who} gives text without times."), seconds=catalogue.TEXT_SECONDS)
        try:
            return self._calls.transcribe(upload, **_fields(entry, options), **_asked_for(wish)), wish
        except Refused as error:
            left = _plainer(entry.wishes, error)
            if not left:
                raise
            self._left[entry.name] = min(left, self._left.get(entry.name, left), key=len)
        return self._heard(upload, seconds, options)

    def _entries(self) -> list[Entry]:
        return catalogue.at_openai(self.model, self.today()) if self.is_openai else catalogue.elsewhere(self.model)

    def _entry(self, model: str | None) -> Entry:
        """Of a model that isn't offered: of the default. What its host was found not to give is left out."""
        entries = self._entries()
        entry = next((entry for entry in entries if entry.name == model), entries[0])
        return replace(entry, wishes=self._left.get(entry.name, entry.wishes))


def _fields(entry: Entry, options: Options) -> dict[str, Any]:
    """The request's fields but for its format."""
    fields: dict[str, Any] = {"model": entry.name}
    if options.language and entry.takes_several_languages:
        fields["languages"] = [languages.base(options.language)]
    elif options.language:
        fields["language"] = languages.base(options.language)
    if options.vocabulary and entry.hints == "keywords":
        fields["keywords"] = list(options.vocabulary)
    elif options.vocabulary and entry.hints == "prompt":
        fields["prompt"] = _prompt(options)
    return fields


def _asked_for(wish: Wish) -> dict[str, Any]:
    """A conversation of more than 30 seconds is refused unless it is cut into chunks there."""
    fields: dict[str, Any] = {"response_format": wish.response_format}
    if wish.times:
        fields["timestamp_granularities"] = list(wish.times)
    return fields | ({"chunking_strategy": "auto"} if wish == catalogue.SPEAKERS else {})


def _plainer(wishes: Sequence[Wish], error: Refused) -> Sequence[Wish]:
    """The ways to ask that are left after the first was refused; none where that was no matter of how it was asked."""
    if error.to_times:
        return wishes[1:]
    return wishes[1:][-1:] if error.to_format else ()


def _prompt(options: Options) -> str:
    return ", ".join(options.vocabulary)
