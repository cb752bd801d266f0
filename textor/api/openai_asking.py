"""What a request to OpenAI's audio API asks for, in Textor's words: read from its form, and begun unless it is known already."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from flask import request
from pydantic import ValidationError
from werkzeug.datastructures import FileStorage, MultiDict

from textor import bootstrap
from textor.api import auth, counting, errors, receiving
from textor.api.schemas.openai_compatible import SpeechIn, TranscriptionIn, TranslationIn
from textor.doorstep import uploads
from textor.errors import InvalidInput, NotFound, Unavailable
from textor.features.recordings.intake import Choice
from textor.features.transcription import engines, familiar, hinting, naming
from textor.features.transcription.engines import Hints
from textor.features.transcription.naming import Chosen

LISTS = ("languages", "timestamp_granularities", "keywords", "include", "known_speaker_names", "known_speaker_references")
SEGMENTS = frozenset({"segment"})
STREAMED = ("json", "text", "diarized_json")
NO_PLACE = "Too many requests wait for their texts just now. Send this one again in a moment."
NO_PLACE_SECONDS = 5
SDK_HEADER, RAW_HEADER = "X-Stainless-Lang", "X-Stainless-Raw-Response"


Form = TypeVar("Form", bound=SpeechIn)


class ModelNotFound(NotFound):
    """A model that isn't known or can't be used here: OpenAI's clients expect a 404."""

    field = "model"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be heard, and how the answer is to be written."""

    choice: Choice
    response_format: str
    times: frozenset[str]
    is_streamed: bool
    is_held: bool
    """Whoever asks sees no status, only a text: they are kept waiting until there is one."""

    @property
    def needs_seat(self) -> bool:
        return self.is_streamed or self.is_held


def transcription(parts: MultiDict[str, str]) -> Wish:
    """Read the form of a transcription. Raises InvalidInput, ModelNotFound."""
    form = _read(TranscriptionIn, parts)
    _check(form)
    return Wish(
        choice=_choice(form),
        response_format=form.response_format,
        times=frozenset(form.timestamp_granularities) or SEGMENTS,
        is_streamed=form.stream,
        is_held=_is_held(),
    )


def translation(parts: MultiDict[str, str]) -> Wish:
    """Read the form of a translation into English. Raises InvalidInput, ModelNotFound."""
    form, tools = _read(TranslationIn, parts), bootstrap.tools()
    chosen = _chosen(form)
    hints = replace(hinting.hints(tools, chosen, "", form.prompt), translate=True)
    choice = Choice(engine=chosen.engine, model=chosen.model or "", hints=hints, is_remembered=False)
    return Wish(choice, form.response_format, SEGMENTS, is_streamed=False, is_held=_is_held())


def begun(file: FileStorage, wish: Wish) -> str:
    """The id of the transcription: one that is there or on its way, which costs nothing, or a new one."""
    tools, user_id = bootstrap.tools(), auth.me().user_id
    sha256 = uploads.sha256(file)
    with familiar.one_by_one(tools, user_id, sha256):
        known = familiar.find(tools, user_id, sha256, wish.choice)
        if known is None:
            made = str(receiving.keep(file, wish.choice).transcription.id)
            counting.begun()
            return made
    counting.give_back()
    return known


def check_seat(wish: Wish, *, is_taken: bool) -> None:
    """Refuse, before anything is begun, those who can only wait where there is no place to wait. Raises Unavailable."""
    if wish.needs_seat and not is_taken:
        raise Unavailable(NO_PLACE, retry_after=NO_PLACE_SECONDS)


def _is_held() -> bool:
    """The official clients take any answer below 300 for a text. Who asks them for the raw answer, or prefers not to be kept
    waiting (RFC 7240), sees the status."""
    is_raw = RAW_HEADER in request.headers or "respond-async" in request.headers.get("Prefer", "").lower()
    return SDK_HEADER in request.headers and not is_raw


def _read(schema: type[Form], parts: MultiDict[str, str]) -> Form:
    try:
        return schema.model_validate(_fields(parts))
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]).removesuffix("[]") if first["loc"] else None
        raise InvalidInput(f"{field}: {errors.plain(first['msg'])}.", field=field) from error


def _fields(parts: MultiDict[str, str]) -> Mapping[str, object]:
    """Lists come as `name` or `name[]`, an object as `name[key]`. Empty fields say nothing."""
    found: dict[str, object] = {name: value for name, value in parts.items() if value.strip()}
    for name in LISTS:
        both = [*parts.getlist(f"{name}[]"), *parts.getlist(name)]
        found[f"{name}[]"] = [value.strip() for value in both if value.strip()]
    if strategy := parts.get("chunking_strategy[type]"):
        found["chunking_strategy"] = strategy if strategy == "auto" else json.dumps({"type": strategy})
    return found


def _check(form: TranscriptionIn) -> None:
    """What can't be honoured is refused aloud."""
    if form.timestamp_granularities and form.response_format != "verbose_json":
        raise InvalidInput("Timestamp granularities need response_format verbose_json.", field="timestamp_granularities")
    if form.stream and form.response_format not in STREAMED:
        raise InvalidInput(f"A stream is of {', '.join(STREAMED)}, not of {form.response_format}.", field="stream")
    if form.include:
        raise InvalidInput("Textor has no log probabilities. Leave include out.", field="include")
    if form.known_speaker_names or form.known_speaker_references:
        raise InvalidInput("Textor knows no voices by samples. Leave known speakers out.", field="known_speaker_names")
    if form.language and form.languages:
        raise InvalidInput("Send language or languages, not both.", field="languages")


def _choice(form: TranscriptionIn) -> Choice:
    tools, chosen = bootstrap.tools(), _chosen(form)
    language = form.language or (form.languages[0] if len(form.languages) == 1 else "")
    hints = Hints(tuple(form.keywords)) if form.keywords else hinting.hints(tools, chosen, language, form.prompt)
    if "word" in form.timestamp_granularities and not engines.engine(tools, chosen.engine).can(chosen.model).word_times:
        raise InvalidInput("This model does not tell when each word is said.", field="timestamp_granularities")
    return Choice(
        engine=chosen.engine,
        model=chosen.model or "",
        language=language,
        diarize=form.response_format == "diarized_json",
        hints=hints,
        is_remembered=False,
    )


def _chosen(form: SpeechIn) -> Chosen:
    tools = bootstrap.tools()
    try:
        chosen = naming.chosen(tools, form.model)
        naming.check_ready(tools, chosen)
    except InvalidInput as error:
        raise ModelNotFound(error.message) from error
    return chosen
