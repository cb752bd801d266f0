"""OpenAI's text models, and those of every host that speaks its language (Groq, vLLM, Ollama, LocalAI, Metis, gateways); through
the official SDK."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from time import monotonic

from textor.adapters import openai_sdk
from textor.adapters.openai_sdk import Host
from textor.adapters.text_models import marks, openai_calls, openai_models, openai_refusals, prompting, scene_answers
from textor.adapters.text_models.citing import Citing
from textor.adapters.text_models.marks import Reader, Said
from textor.adapters.text_models.openai_calls import Calls, Request, Written
from textor.adapters.text_models.port import (
    Answer,
    Availability,
    Brief,
    Capabilities,
    Conversation,
    Hear,
    Imagined,
    Passage,
    Summary,
    TextModel,
    Usage,
    Wanted,
    unheard,
)
from textor.adapters.text_models.prompting import Sent
from textor.adapters.text_models.scene_answers import Misshapen
from textor.adapters.text_models.sheet import Sheet
from textor.errors import InvalidInput, TextModelError
from textor.settings import Settings

NOT_INSTALLED = "OpenAI's library is not installed here. Install it with `pip install openai`."
NO_KEY = "Set TEXT_API_KEY or OPENAI_API_KEY to use OpenAI."
NO_MODEL = "Set TEXT_MODEL to the name of a model that this server has."
ELSEWHERE = "the OpenAI-compatible server"
NOT_FOUND = "NOT_FOUND"
"""What a model is told to write where the transcript has no answer."""

TOKENS_PER_WORD = 3
"""Of what is written, marks included, in any language."""
TOKENS_PER_TOPIC, TOKENS_PER_SCENE = 20, 300
SPARE_TOKENS = 200
REASONING_TOKENS = 4_000
"""What a model may think before it answers; it is not part of what it says."""
LEAST_TOKENS = 200
"""That must be left for the answer."""
MESSAGE_TOKENS = 4
STEADY, LIVELY = 0.2, 0.7  # temperatures
TRIES = 2
LONGEST_REPEATED = 4_000
"""Letters of a bad answer that are shown to the model once more."""


@dataclass(eq=False)
class OpenAITextModel(TextModel):
    """Writes, with the passages that each sentence rests on. One of `model`; it has no name where the operator named none."""

    calls: Calls
    capabilities: Capabilities
    call_seconds: float = openai_calls.CALL_SECONDS
    library: str = "openai"

    name = "openai"
    title = "OpenAI"
    order = 40

    def __post_init__(self) -> None:
        self.name = self.calls.model or type(self).name
        self.title = self.calls.model or "OpenAI-compatible server"
        self._who = self.calls.who
        self.description = f"A model at {self._who}. What was said is sent there; whoever runs it may charge for it."

    @classmethod
    def from_settings(cls, settings: Settings) -> Sequence[TextModel]:
        base_url = settings.text_base_url or settings.openai_base_url
        is_openai = openai_sdk.is_own(base_url)
        host = Host(settings.text_api_key or settings.openai_api_key, base_url, openai_calls.READ_SECONDS)
        names = openai_models.names(settings, is_openai=is_openai) or ("",)
        return tuple(_model(cls, host, name, settings, is_openai=is_openai) for name in names)

    def availability(self) -> Availability:
        """A compatible host may ask for no key."""
        if find_spec(self.library) is None:
            return Availability(False, NOT_INSTALLED)
        if not self.calls.model:
            return Availability(False, NO_MODEL)
        return Availability(True) if self.calls.host.key or not self.calls.is_openai else Availability(False, NO_KEY)

    def summarize(self, passages: Sequence[Passage], wanted: Wanted, hear: Hear = unheard) -> Summary:
        if not _anything(passages) or wanted.max_words < 1:
            return Summary("")
        room = wanted.max_words * TOKENS_PER_WORD + wanted.max_topics * TOKENS_PER_TOPIC + SPARE_TOKENS
        request = self._request(prompting.summary(passages, wanted), room, STEADY)
        reader, sheet = Reader(is_summary=True), Sheet(wanted.max_words, hear, wanted.format)
        citing = Citing(passages, wanted.language)
        usage = self._shown(request, reader, sheet, citing)
        return Summary(sheet.text, marks.topics(reader.topics, wanted.max_topics), tuple(citing.citations), usage)

    def answer(self, conversation: Conversation, passages: Sequence[Passage], hear: Hear = unheard) -> Answer:
        messages = conversation.messages
        if not messages or messages[-1].role != "user" or not messages[-1].text.strip():
            raise InvalidInput("There is no question to answer.", field="messages")
        if not _anything(passages):
            return Answer("")
        request = self._request(prompting.answer(passages, conversation), conversation.max_tokens, conversation.temperature)
        sheet, citing = Sheet(conversation.max_tokens, hear), Citing(passages, conversation.language)
        usage = self._shown(request, Reader(), sheet, citing)
        return Answer(sheet.text, tuple(citing.citations), usage)

    def imagine(self, passages: Sequence[Passage], brief: Brief) -> Imagined:
        if not _anything(passages):
            raise InvalidInput("Nothing is said here that could be pictured.", field="passages")
        room = brief.max_scenes * TOKENS_PER_SCENE + SPARE_TOKENS
        request = replace(self._request(prompting.scenes(passages, brief), room, LIVELY), schema=scene_answers.SCHEMA)
        usage, reason = Usage(), ""
        for _ in range(TRIES):
            pieces: list[str] = []
            written = self.calls.write(request, pieces.append)
            usage = _sum(usage, self._usage(request, written))
            try:
                return Imagined(scene_answers.read(_whole(pieces, written), list(passages), brief.max_scenes), usage)
            except Misshapen as error:
                reason = str(error)
                request = replace(request, messages=_once_more(request.messages, "".join(pieces) or written.refusal, reason))
        raise _charged(openai_refusals.final(f"{self._who} gave an answer that could not be used, twice: {reason}."), usage)

    def _request(self, messages: Sent, writing: int, temperature: float) -> Request:
        """What fits the window. Raises TextModelError for what doesn't: nothing is cut off in silence."""
        state = self.availability()
        if state.reason:
            raise TextModelError(state.reason)
        window = self.capabilities.window_tokens or openai_models.UNKNOWN_TOKENS
        left = window - self._counted(messages)
        if left < LEAST_TOKENS:
            told = f"about {window - left + LEAST_TOKENS:,} tokens, and its window has {window:,}"
            raise TextModelError(f"This is more than {self.title} can read at once: {told}.")
        most = min(writing + (REASONING_TOKENS if self.calls.reasons else 0), left)
        return Request(messages, most, temperature, monotonic() + self.call_seconds)

    def _shown(self, request: Request, reader: Reader, sheet: Sheet, citing: Citing) -> Usage:
        """What the model writes, put on the sheet sentence by sentence, with what it cites."""
        told: list[str] = []

        def show(sentences: Iterable[Said]) -> None:
            for said in sentences:
                told.append(said.text)
                if told[0].strip(" .") != NOT_FOUND and sheet.put(said):
                    citing.add(said)

        written = self.calls.write(request, lambda piece: show(reader.read(prompting.visible(piece))))
        left = list(reader.end())
        is_cut = written.finish == "length"
        show(one for one in left if one.is_whole or not is_cut or not sheet.text)
        if is_cut and sheet.format is None:
            sheet.break_off()
        usage = self._usage(request, written)
        if not told:
            raise _charged(self._silent(written), usage)
        return usage

    def _silent(self, written: Written) -> TextModelError:
        """An answer of nothing is none."""
        if written.refusal:
            return openai_refusals.declined(self._who, written.refusal)
        if written.finish == "length":
            return openai_refusals.final(f"{self._who}'s model came to the end of its tokens before it said anything.")
        return openai_refusals.misunderstood(self._who)

    def _usage(self, request: Request, written: Written) -> Usage:
        """As the host counts, else as we do, rather too many than too few."""
        reading = self._counted(request.messages)
        return written.usage or Usage(reading, self.tokens("x" * written.letters), is_estimated=True)

    def _counted(self, messages: Iterable[dict[str, str]]) -> int:
        return sum(self.tokens(one["content"]) + MESSAGE_TOKENS for one in messages)


def _charged(error: TextModelError, usage: Usage) -> TextModelError:
    error.tokens = (usage.prompt, usage.completion)
    return error


def _model(kind: type[OpenAITextModel], host: Host, name: str, settings: Settings, *, is_openai: bool) -> OpenAITextModel:
    family = openai_models.family(name)
    can = Capabilities(
        window_tokens=settings.text_window_tokens or family.window_tokens,
        streams=True,
        structured_output=True,
        instructions=True,
        thinking_tokens=REASONING_TOKENS if family.reasons else 0,
        prices=openai_models.prices(name, settings, is_openai=is_openai),
    )
    return kind(Calls(host, name, "OpenAI" if is_openai else ELSEWHERE, is_openai, family.reasons), can)


def _anything(passages: Sequence[Passage]) -> bool:
    return any(one.text.strip() for one in passages)


def _whole(pieces: Sequence[str], written: Written) -> str:
    if written.refusal:
        raise Misshapen(f"the model refused: {openai_sdk.said(written.refusal)}")
    if written.finish == "length":
        raise Misshapen("it was cut off, since it is too long")
    return "".join(pieces)


def _once_more(messages: Sequence[dict[str, str]], answer: str, reason: str) -> Sent:
    said = [
        ("assistant", answer[:LONGEST_REPEATED] or "{}"),
        ("user", f"That can't be used: {reason}. Answer again, with JSON alone."),
    ]
    return [*messages, *({"role": role, "content": content} for role, content in said)]


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(one.prompt + other.prompt, one.completion + other.completion, one.is_estimated or other.is_estimated)
