"""Vira (Avanegar): Persian speech, in one request or, where that takes long, in a job to be asked after.

Its maker publishes no specification. What is said here agrees in several programs that use it. How long a piece it takes nobody
knows for sure: a refusal for length has shorter pieces sent.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from textor.adapters.http_client import HttpClient
from textor.adapters.stt import sending
from textor.adapters.stt import vira_answers as answers
from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Health, Model, Options, Progress, RemoteJob
from textor.domain.transcript import Transcript
from textor.errors import EngineError, InvalidInput, JobLost
from textor.settings import Settings

log = logging.getLogger(__name__)

REQUEST_PATH = "/avanegar/v2/avanegar/request"
RESULT_PATH = "/avanegar/v2/avanegar-large/getResult"
NO_TOKEN = "Set VIRA_TOKEN to use Vira."  # noqa: S105 - a sentence
REQUEST_SECONDS = 30.0
"""For connecting and for each piece sent."""
THINKING_SECONDS = 600.0
"""For the answer to a recording."""
MODELS = (
    Model("default", "Avanegar", "For recordings of any kind."),
    Model("telephony", "Avanegar Telephony", "For telephone calls."),
)
NOBODYS_JOB = "0"
LONGEST_HINT = 100


@dataclass
class ViraEngine(Engine):
    """Nothing can be deleted there: Vira has no call for it."""

    token: str = field(repr=False)
    base_url: str
    request_seconds: float = REQUEST_SECONDS
    thinking_seconds: float = THINKING_SECONDS

    name = "vira"
    title = "Vira"
    description = "Persian only; tells speakers apart. Recordings go to Avanegar, which charges for them."
    capabilities = Capabilities(
        languages=frozenset({"fa"}),
        speakers=True,
        speaker_count=True,
        vocabulary=True,
        formats=frozenset({"mp3", "wav"}),
        max_seconds=answers.LONGEST_SECONDS,
    )
    order = 60

    def __post_init__(self) -> None:
        headers = {"gateway-token": self.token, "Accept": "application/json"}
        self._http = HttpClient("Vira", self.base_url, headers, self.request_seconds, self.thinking_seconds, secret=self.token)

    @classmethod
    def from_settings(cls, settings: Settings) -> "ViraEngine":
        return cls(settings.vira_token, settings.vira_base_url)

    def availability(self) -> Availability:
        return Availability(True) if self.token else Availability(False, NO_TOKEN)

    def models(self) -> Sequence[Model]:
        return MODELS

    def check_options(self, options: Options) -> None:
        """Refuse what Vira can't honour, sentences for hints among it."""
        super().check_options(options)
        if any(len(hint) > LONGEST_HINT for hint in options.vocabulary):
            raise InvalidInput(f"A vocabulary hint has at most {LONGEST_HINT} letters at Vira.", field="vocabulary")

    def health(self) -> Health:
        """Asks after a job that nobody has: whoever has no good token isn't told so much as that."""
        try:
            answer = sending.sent(self, self._http, "GET", RESULT_PATH, params={"id": NOBODYS_JOB})
        except EngineError as error:
            return Health(False, error.message)
        reason = answers.ailment(answer)
        return Health(reason is None, reason)

    def start(self, audio: Audio, options: Options) -> Transcript | RemoteJob:
        """Send the file, piece by piece, and read what comes back. Raises TooLong where shorter pieces are wanted."""
        self.check_options(options)
        with audio.path.open("rb") as file:
            said = self._said(
                "POST",
                REQUEST_PATH,
                data=_wishes(options),
                files={"audio": (f"audio{audio.path.suffix}", file)},
                timeout=(self.request_seconds, self.thinking_seconds, self.request_seconds, self.request_seconds),
            )
        return answers.read(said) or RemoteJob(answers.job_id(said), answers.POLL_SECONDS)

    def check(self, job: RemoteJob, options: Options) -> Transcript | Progress:
        said = self._said("GET", RESULT_PATH, params={"id": job.id})
        return answers.read(said) or Progress(poll_seconds=answers.POLL_SECONDS)

    def _said(self, method: str, path: str, **request: Any) -> Mapping[str, Any]:
        """The JSON object that answers. Raises EngineError where it is an error, JobLost where a job is unknown."""
        answer = sending.sent(self, self._http, method, path, **request)
        log.debug("Vira answered %s; its trace: %s", answer.status, answers.trace(answer))
        if answer.status == 404 and method == "GET":
            raise JobLost("Vira does not know this job any more.", retryable=True)
        if answer.status not in {200, 201}:
            raise answers.refused(answer)
        said = answer.json()
        if not isinstance(said, dict):
            raise answers.misunderstood()
        return said


def _wishes(options: Options) -> dict[str, Any]:
    """The request's fields, which are all text."""
    wishes: dict[str, Any] = {
        "model": options.model or MODELS[0].name,
        "language": "fa",
        "srt": "false",
        "timestamp": "true",
        "inverseNormalizer": "false",
        "spokenPunctuation": "false",
        "punctuation": "true",
        "diarize": "true" if options.diarize else "false",
        "numSpeakers": str((options.diarize and options.speaker_count) or 0),
    }
    return {**wishes, "hotwords[]": list(options.vocabulary)} if options.vocabulary else wishes
