"""Deepgram: the recording goes out and the transcript comes back in one request, which may take minutes.

Through Textor's own HTTP and not Deepgram's SDK: 957 files, and websockets besides, for the one request that is used here, whose
answer would have to be read with care all the same. Deepgram's callback carries the transcript itself, which nobody could ask for
again: it isn't used.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from textor.adapters.http_client import HttpClient
from textor.adapters.stt import deepgram_answers as answers
from textor.adapters.stt import sending
from textor.adapters.stt.deepgram_models import MODELS, NOVA_2, NOVA_3, theirs
from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Health, Model, Options
from textor.domain.transcript import Transcript
from textor.errors import EngineError, InvalidInput
from textor.settings import Settings

NO_KEY = "Set DEEPGRAM_API_KEY to use Deepgram."
REQUEST_SECONDS = 30.0
"""For connecting and for each piece sent."""
THINKING_SECONDS = 660.0
"""For the answer to a recording: Deepgram gives itself ten minutes."""
MOST_HINTS = 100
PROJECT = re.compile(r"[\w-]{1,64}", re.ASCII)

Query = Sequence[tuple[str, str]]


@dataclass
class DeepgramEngine(Engine):
    """Answers at once: there is no job to wait for, and nothing to delete."""

    key: str = field(repr=False)
    base_url: str
    request_seconds: float = REQUEST_SECONDS
    thinking_seconds: float = THINKING_SECONDS

    name = "deepgram"
    title = "Deepgram"
    description = (
        "Some fifty languages, Persian among them, in seconds; tells speakers apart. "
        "Recordings go to Deepgram, which charges for them."
    )
    capabilities = Capabilities(
        languages=MODELS[NOVA_3].languages,
        detects_language=True,
        word_times=True,
        speakers=True,
        vocabulary=True,
        channels=True,
        max_bytes=2_000_000_000,
        max_seconds=4 * 3600,  # none is named, but ten minutes must do for all of it
        max_in_flight=50,  # of a hundred requests at once
        usd_per_hour=MODELS[NOVA_3].usd_per_hour,
    )
    order = 40

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Token {self.key}"}
        self._http = HttpClient("Deepgram", self.base_url, headers, self.request_seconds, self.thinking_seconds, secret=self.key)

    @classmethod
    def from_settings(cls, settings: Settings) -> "DeepgramEngine":
        return cls(settings.deepgram_api_key, settings.deepgram_base_url)

    def availability(self) -> Availability:
        return Availability(True) if self.key else Availability(False, NO_KEY)

    def models(self) -> Sequence[Model]:
        return [Model(name, one.full_name, one.description) for name, one in MODELS.items()]

    def can(self, model: str | None = None) -> Capabilities:
        one = MODELS.get(model or NOVA_3, MODELS[NOVA_3])
        return replace(self.capabilities, languages=one.languages, usd_per_hour=one.usd_per_hour)

    def check_options(self, options: Options) -> None:
        """Refuse what Deepgram can't honour, hints that it would take for something else among it."""
        super().check_options(options)
        if len(options.vocabulary) > MOST_HINTS:
            raise InvalidInput(f"Deepgram takes at most {MOST_HINTS} vocabulary hints.", field="vocabulary")
        if options.model == NOVA_2 and any(len(hint.split()) > 1 or ":" in hint for hint in options.vocabulary):
            raise InvalidInput("With this model, Deepgram takes single words as vocabulary hints.", field="vocabulary")

    def health(self) -> Health:
        """Projects cost nothing to look at; a key that may not see its project's balance is fine."""
        try:
            found = self._said("GET", "/v1/projects").get("projects")
            projects = [one.get("project_id") for one in found] if isinstance(found, list) else []
            return Health(True, credit=self._credit(str(next(iter(projects), ""))))
        except (EngineError, AttributeError) as error:
            return Health(False, error.message if isinstance(error, EngineError) else answers.misunderstood().message)

    def start(self, audio: Audio, options: Options) -> Transcript:
        """Send the file, piece by piece, and wait for its transcript."""
        self.check_options(options)
        with audio.path.open("rb") as file:
            said = self._said(
                "POST",
                "/v1/listen",
                params=_query(audio, options),
                content=file,
                headers={"Content-Type": "application/octet-stream"},
                timeout=(self.request_seconds, self.thinking_seconds, self.request_seconds, self.request_seconds),
            )
        return answers.read(said, options.language)

    def _credit(self, project: str) -> str | None:
        if not PROJECT.fullmatch(project):
            return None
        try:
            return answers.credit(self._said("GET", f"/v1/projects/{project}/balances"))
        except EngineError:
            return None

    def _said(self, method: str, path: str, **request: Any) -> Mapping[str, Any]:
        """The JSON object that answers. Raises EngineError."""
        answer = sending.sent(self, self._http, method, path, **request)
        if answer.status != 200:
            raise answers.refused(answer)
        said = answer.json()
        if not isinstance(said, dict):
            raise answers.misunderstood()
        return said


def _query(audio: Audio, options: Options) -> Query:
    """The channels of a call are its speakers: nothing has to be guessed then. Nova-3's `multi` finds the language out and hears
    Persian; `detect_language` does not."""
    model = options.model or NOVA_3
    query = [("model", model), ("smart_format", "true"), ("punctuate", "true"), ("utterances", "true")]
    if options.language:
        query.append(("language", theirs(options.language)))
    else:
        query.append(("language", "multi") if model == NOVA_3 else ("detect_language", "true"))
    if options.diarize:
        query.append(("multichannel", "true") if audio.channels == 2 else ("diarize_model", "latest"))
    query += [("keyterm" if model == NOVA_3 else "keywords", hint) for hint in options.vocabulary]
    return query
