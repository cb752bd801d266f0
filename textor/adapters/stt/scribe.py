"""Scribe, ElevenLabs' model, at MetisAI: upload, order, ask. MetisAI has no command that deletes: none is promised."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from textor.adapters.http_client import REQUEST_SECONDS, Answer, HttpClient
from textor.adapters.stt import scribe_answers as answers
from textor.adapters.stt import scribe_languages, sending
from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Health, Options, Progress, RemoteJob
from textor.domain.transcript import Transcript
from textor.errors import EngineError, JobLost, TooLong
from textor.settings import Settings

STORAGE, JOBS, CREDIT = "/api/v1/storage", "/api/v2/generate", "/api/v1/credit/statement"
MODEL = {"name": "elevenlabs", "model": "scribe_v1"}
# MetisAI documents no name for the recording's address: these are the ones that programs use.
ADDRESS_NAMES = ("url", "audio_url", "file", "audio", "source", "file_url")
LANGUAGE_NAMES = ("language", "language_code")  # MetisAI's for Whisper, ElevenLabs' own
BUSY_SECONDS = 15.0
MAX_ANSWER_BYTES = 32_000_000
ID = re.compile(r"[\w-]{1,255}", re.ASCII)
NO_KEY = "Set SCRIBE_TOKEN to use Scribe."


@dataclass
class ScribeEngine(Engine):
    """Uploads a recording and orders its text; asks once each time it is asked."""

    key: str = field(repr=False)
    base_url: str
    request_seconds: float = REQUEST_SECONDS

    name = "scribe"
    title = "Scribe"
    description = (
        "ElevenLabs' model at MetisAI: about eighty languages, Persian among them; text without the times of words. Recordings "
        "go to MetisAI, which charges for them, and can't be deleted there by Textor."
    )
    capabilities = Capabilities(
        languages=scribe_languages.KNOWN,
        detects_language=True,
        segment_times=False,
        formats=frozenset({"flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "ogg", "wav", "webm"}),
        max_bytes=25_000_000,
    )
    order = 60

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        self._http = HttpClient(
            "MetisAI", self.base_url, headers, seconds=self.request_seconds, max_bytes=MAX_ANSWER_BYTES, secret=self.key
        )

    @classmethod
    def from_settings(cls, settings: Settings) -> "ScribeEngine":
        return cls(settings.scribe_token, settings.scribe_base_url)

    def availability(self) -> Availability:
        return Availability(True) if self.key else Availability(False, NO_KEY)

    def health(self) -> Health:
        try:
            balance = self._asked("GET", CREDIT).get("balance")
        except EngineError as error:
            return Health(False, error.message)
        if isinstance(balance, bool) or not isinstance(balance, int | float) or not math.isfinite(balance):
            return Health(False, answers.misunderstood().message)
        return Health(True, credit=f"a balance of {balance:,.2f}")

    def start(self, audio: Audio, options: Options) -> RemoteJob:
        """Upload the recording and order its text: two requests."""
        self.check_options(options)
        wishes = dict.fromkeys(ADDRESS_NAMES, self._upload(audio.path))
        if options.language:
            wishes |= dict.fromkeys(LANGUAGE_NAMES, scribe_languages.theirs(options.language))
        return RemoteJob(self._order(wishes), answers.POLL_SECONDS)

    def check(self, job: RemoteJob, options: Options) -> Transcript | Progress:
        if not ID.fullmatch(job.id):
            raise _lost()
        answer = self._asked("GET", f"{JOBS}/{job.id}")
        progress = answers.progress(answer)
        if progress:
            return progress
        found = answers.text_of(answer) or answers.downloaded(self._fetched(answers.address(answer)))
        return answers.transcript(found, answer)

    def _upload(self, path: Path) -> str:
        with path.open("rb") as file:
            answer = self._asked("POST", STORAGE, files={"files": (f"recording{path.suffix}", file)})
        files = answer.get("files")
        first = files[0] if isinstance(files, list) and files else None
        url = first.get("url") if isinstance(first, dict) else None
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise answers.misunderstood()
        return url

    def _order(self, wishes: Mapping[str, str]) -> str:
        answer = self._sent("POST", JOBS, json={"model": MODEL, "operation": "STT", "args": wishes})
        said = answer.json()
        id_ = said.get("id") if isinstance(said, dict) else None
        if not isinstance(id_, str) or not ID.fullmatch(id_):
            # It may have been ordered all the same, and to order again may be to pay again.
            raise EngineError("MetisAI took the recording, but did not say under which number.")
        return id_

    def _fetched(self, url: str) -> bytes:
        """A text from where MetisAI says that it is, which gets to know no key of ours."""
        if not _may_be_asked(url, self.base_url):
            raise answers.misunderstood()
        answer = sending.sent(self, self._http, "GET", url)
        if answer.status != 200:
            raise EngineError(f"The text could not be fetched from MetisAI (the answer was {answer.status}).", retryable=True)
        return answer.body

    def _asked(self, method: str, path: str, **request: Any) -> Mapping[str, Any]:
        said = self._sent(method, path, **request).json()
        if not isinstance(said, dict):
            raise answers.misunderstood()
        return said

    def _sent(self, method: str, path: str, **request: Any) -> Answer:
        """The answer to a request that MetisAI took. Raises EngineError where it did not."""
        answer = sending.sent(self, self._http, method, path, **request)
        if answer.status in {200, 201, 202}:
            return answer
        raise _lost() if answer.status == 404 and method == "GET" and path.startswith(JOBS) else _refused(answer)


def _lost() -> JobLost:
    return JobLost("MetisAI does not know this job any more.", retryable=True)


def _refused(answer: Answer) -> EngineError:
    said, status = answer.json(), answer.status
    code = said.get("errorCode") if isinstance(said, dict) else None
    if status in {401, 403}:
        return EngineError("The key for MetisAI was refused. Ask the operator to check SCRIBE_TOKEN.")
    if status == 402 or code == "INSUFFICIENT_CREDITS":
        return EngineError(answers.NO_CREDIT)
    if status == 413:
        return TooLong("The recording is too large for MetisAI.", seconds=math.inf)
    if status == 429 or code == "RATE_LIMIT_EXCEEDED":
        pause = BUSY_SECONDS if answer.retry_after is None else answer.retry_after
        return EngineError("MetisAI takes no more requests for the moment.", retryable=True, retry_after=pause)
    if status >= 500 or status == 408:
        sentence = f"MetisAI is out of order for the moment (its answer was {status})."
        return EngineError(sentence, retryable=True, retry_after=answer.retry_after)
    return EngineError(f"MetisAI refused this recording: {answers.reason(said) or f'its answer was {status}'}.")


def _may_be_asked(url: str, base_url: str) -> bool:
    """Whether an address is MetisAI's own or one of the open internet, known by its certificate: no answer of a provider's
    shall make Textor ask what is in the operator's network."""
    try:
        wanted, own = urlsplit(url), urlsplit(base_url)
        if (wanted.scheme, wanted.hostname, wanted.port) == (own.scheme, own.hostname, own.port):
            return True
        return wanted.scheme == "https" and _is_public(wanted.hostname or "")
    except ValueError:
        return False


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host
