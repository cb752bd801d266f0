"""EBOO: Persian speech as text without times. One address takes every command; the token is a field of the request's body.

EBOO publishes no specification. It answers nearly all errors with HTTP 200 and a word in `Status`.
"""

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from textor.adapters.http_client import REQUEST_SECONDS, Answer, HttpClient
from textor.adapters.stt import eboo_answers as answers
from textor.adapters.stt import sending
from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Health, Options, Progress, RemoteJob
from textor.domain.transcript import Transcript
from textor.errors import EngineError, JobLost, TooLong
from textor.settings import Settings

PATH = "/api/ocr/getway"  # theirs, spelling and all
BUSY_SECONDS = 15.0
FILE_TOKEN = re.compile(r"[!-~]{1,255}")
NO_TOKEN = "Set EBOO_TOKEN to use EBOO."  # noqa: S105 - a sentence

File = tuple[str, BinaryIO]


@dataclass
class EbooEngine(Engine):
    """Uploads a file and has it converted; the file's token there is the job's id."""

    token: str = field(repr=False)
    base_url: str
    request_seconds: float = REQUEST_SECONDS

    name = "eboo"
    title = "EBOO"
    description = "Persian only; text without the times of words. Recordings go to EBOO, which charges for them."
    capabilities = Capabilities(
        languages=frozenset({"fa"}),
        segment_times=False,
        formats=frozenset({"mp3", "wav"}),
        max_seconds=answers.LONGEST_SECONDS,
    )
    order = 70

    def __post_init__(self) -> None:
        self._http = HttpClient("EBOO", self.base_url, seconds=self.request_seconds, secret=self.token)

    @classmethod
    def from_settings(cls, settings: Settings) -> "EbooEngine":
        return cls(settings.eboo_token, settings.eboo_base_url)

    def availability(self) -> Availability:
        return Availability(True) if self.token else Availability(False, NO_TOKEN)

    def health(self) -> Health:
        try:
            return Health(True, credit=answers.credit(self._command("checkcredit")))
        except EngineError as error:
            return Health(False, error.message)

    def start(self, audio: Audio, options: Options) -> RemoteJob:
        """Upload the recording and have it converted. Where no answer tells whether that has begun, EBOO is asked: what has
        begun is not begun, and paid, a second time; nor is what an earlier start has left there."""
        self.check_options(options)
        if left := self._left(options):
            return RemoteJob(left, answers.POLL_SECONDS, left)
        file_token = self._upload(audio.path)
        if options.orders:
            options.orders.add(file_token)
        try:
            self._convert(file_token)
        except EngineError as error:
            is_unclear = error.retryable and not error.is_lost
            if not (is_unclear and self._has_begun(file_token)):
                self._drop(file_token)
                raise
        return RemoteJob(file_token, answers.POLL_SECONDS, file_token)

    def check(self, job: RemoteJob, options: Options) -> Transcript | Progress:
        return answers.read(self._command("checkconvert", filetoken=job.id))

    def cancel(self, job: RemoteJob) -> None:
        with suppress(JobLost):
            self._delete(job.id)

    def _upload(self, path: Path) -> str:
        with path.open("rb") as file:
            answer = self._command("addfile", (f"recording{path.suffix}", file))
        if not answers.is_done(answer):
            raise answers.refused(answer)
        file_token = answer.get("FileToken")
        if not isinstance(file_token, str) or not FILE_TOKEN.fullmatch(file_token):
            raise answers.misunderstood()
        return file_token

    def _convert(self, file_token: str) -> None:
        answer = self._command("convert", filetoken=file_token, language="fa")
        if not answers.has_begun(answer):
            raise answers.refused(answer)

    def _left(self, options: Options) -> str | None:
        """A conversion that an earlier start of the same piece has begun; files that were only uploaded go. Raises EngineError
        where EBOO can't be asked: to begin anew might be to pay twice."""
        for file_token in options.orders.unanswered() if options.orders else ():
            answer = self._command("checkconvert", filetoken=file_token)
            with suppress(EngineError):
                if answers.has_begun(answer):
                    return file_token
            self._drop(file_token)
        return None

    def _has_begun(self, file_token: str) -> bool:
        try:
            return answers.has_begun(self._command("checkconvert", filetoken=file_token))
        except EngineError:
            return False

    def _drop(self, file_token: str) -> None:
        with suppress(EngineError):
            self._delete(file_token)

    def _delete(self, file_token: str) -> None:
        if not answers.is_gone(answer := self._command("deletefile", filetoken=file_token)):
            raise answers.refused(answer)

    def _command(self, command: str, file: File | None = None, **fields: str) -> Mapping[str, Any]:
        """The JSON object that EBOO answers with, whatever its status says. Raises EngineError where there is none."""
        data = {"token": self.token, "command": command, **fields}
        files = {"filehandle": file} if file else None
        answer = sending.sent(self, self._http, "POST", PATH, data=data, files=files)
        said = answer.json()
        if isinstance(said, dict) and (answer.status == 200 or answers.is_known(said)):
            return said
        raise answers.misunderstood() if answer.status == 200 else _out_of_order(answer)


def _out_of_order(answer: Answer) -> EngineError:
    """An answer that is the web server's rather than EBOO's own."""
    status = answer.status
    if status in {401, 403}:
        return EngineError(answers.BAD_TOKEN)
    if status == 402:
        return EngineError(answers.NO_CREDIT)
    if status == 413:
        return TooLong("The recording is too large for EBOO.", seconds=math.inf)
    if status == 429:
        pause = BUSY_SECONDS if answer.retry_after is None else answer.retry_after
        return EngineError("EBOO takes no more requests for the moment.", retryable=True, retry_after=pause)
    if status >= 500 or status == 408:
        return EngineError(f"EBOO is out of order for the moment (its answer was {status}).", retryable=True)
    return EngineError(f"EBOO refused the request (its answer was {status}). Ask the operator to check EBOO_BASE_URL.")
