"""Calls to AssemblyAI through its SDK: one request each, answered by JSON or by an EngineError."""

import os
import re
import ssl
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textor.adapters.stt.assemblyai_answers import Answer, misunderstood, reason
from textor.errors import EngineError, JobLost

if TYPE_CHECKING:
    import assemblyai
    import httpx

REQUEST_SECONDS = 30.0
"""For connecting, for each piece sent and for each read: an upload may take longer, a silent server not."""
IDLE_SECONDS = 60.0
BUSY_SECONDS = 15.0
LISTED = 200  # the most that its list shows at once
ID = re.compile(r"[\w-]{1,255}", re.ASCII)
UNKNOWN_JOB = re.compile(r"not found|already (?:been )?deleted", re.IGNORECASE)
NO_CREDIT = re.compile(r"balance|credit|payment|billing", re.IGNORECASE)
LOST_UPLOAD = re.compile(r"uploaded file", re.IGNORECASE)
NOT_ITS_MODEL = (ValueError, KeyError, TypeError, AttributeError)  # ValueError: pydantic's and JSON's errors, too

Request = Callable[["httpx.Client"], object]


@dataclass
class _Line:
    """A client of the SDK in the hands of one thread: then the last response is the one to its request."""

    client: "assemblyai.Client"
    response: "httpx.Response | None" = None

    def keep(self, response: "httpx.Response") -> None:
        self.response = response


Lines = dict[int, list[_Line]]


@dataclass
class Calls:
    """Lends a client to each call. One for all threads costs twice the CPU: its pool looks at every connection each time."""

    key: str = field(repr=False)
    base_url: str
    seconds: float = REQUEST_SECONDS
    _idle: Lines = field(default_factory=dict, repr=False)
    """By process: a fork must not share connections."""

    def __post_init__(self) -> None:
        weakref.finalize(self, _close, self._idle)

    def upload(self, path: Path) -> str:
        """Send a file, piece by piece, and get the address under which AssemblyAI alone finds it."""
        _load()
        from assemblyai import api  # noqa: PLC0415 - on use

        with path.open("rb") as file:
            url = self._ask(lambda client: api.upload_file(client, file)).get("upload_url")
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise misunderstood()
        return url

    def submit(self, **wishes: Any) -> str:
        """Order a transcript and get its id. Where the answer is lost, the order may stand: then it is looked for in the list."""
        try:
            return self._submit(wishes)
        except EngineError as error:
            if _is_refusal(error):
                raise
            found = self._ordered(wishes["audio_url"])
            if found is None:
                raise
            return found

    def newest(self, count: int = LISTED) -> list[Answer]:
        """What AssemblyAI's list shows first: jobs of whoever has a key of this account."""
        _load()
        from assemblyai import types  # noqa: PLC0415 - on use
        from assemblyai.prerecorded.v2 import api  # noqa: PLC0415 - on use

        wanted = types.ListTranscriptParameters(limit=count)
        found = self._ask(lambda client: api.list_transcripts(client, wanted)).get("transcripts")
        if not isinstance(found, list):
            raise misunderstood()
        return [one for one in found if isinstance(one, dict) and ID.fullmatch(str(one.get("id")))]

    def _ordered(self, url: str) -> str | None:
        with suppress(EngineError):
            return next((str(one["id"]) for one in self.newest() if one.get("audio_url") == url), None)
        return None

    def _submit(self, wishes: dict[str, Any]) -> str:
        _load()
        from assemblyai import types  # noqa: PLC0415 - on use
        from assemblyai.prerecorded.v2 import api  # noqa: PLC0415 - on use

        wanted = types.TranscriptRequest(**wishes)
        id_ = self._ask(lambda client: api.create_transcript(client, wanted)).get("id")
        if not isinstance(id_, str) or not ID.fullmatch(id_):
            # It may have been ordered all the same, and to order again may be to pay again.
            raise EngineError("AssemblyAI took the recording, but did not say under which number.")
        return id_

    def job(self, id_: str) -> Answer:
        """How a job stands. Raises JobLost where AssemblyAI doesn't know it."""
        _load()
        from assemblyai.prerecorded.v2 import api  # noqa: PLC0415 - on use

        return self._ask(lambda client: api.get_transcript(client, id_))

    def delete(self, id_: str) -> None:
        """Delete a job with its upload. Raises JobLost where AssemblyAI doesn't know it."""
        _load()
        from assemblyai.prerecorded.v2 import api  # noqa: PLC0415 - on use

        self._ask(lambda client: api.delete_transcript(client, id_))

    def _ask(self, request: Request) -> Answer:
        """The JSON object that answers, as it came: the SDK's model refuses whatever it doesn't know, a new model's name even."""
        import httpx  # noqa: PLC0415 - comes with the SDK
        from assemblyai import AssemblyAIError  # noqa: PLC0415 - on use

        with self._line() as line:
            try:
                return _answer(request, line)
            except AssemblyAIError as error:
                raise _refused(error.status_code or 0, line.response, self.key) from error
            except httpx.LocalProtocolError as error:
                raise EngineError("ASSEMBLYAI_API_KEY has characters that no key has. Ask the operator to correct it.") from error
            except httpx.HTTPError as error:
                raise _unreachable(error) from error

    @contextmanager
    def _line(self) -> Iterator[_Line]:
        idle = self._idle.setdefault(os.getpid(), [])
        try:
            line = idle.pop()
        except IndexError:
            line = self._connect()
        try:
            yield line
        finally:
            line.response = None  # it may be hours of words
            idle.append(line)

    def _connect(self) -> _Line:
        import assemblyai  # noqa: PLC0415 - on use
        import httpx  # noqa: PLC0415 - on use

        settings = assemblyai.Settings(
            api_key=self.key, base_url=self.base_url, http_timeout=self.seconds, keepalive_expiry=IDLE_SECONDS
        )
        try:
            line = _Line(assemblyai.Client(settings=settings))
        except httpx.InvalidURL as error:
            raise EngineError("ASSEMBLYAI_BASE_URL is no address. Ask the operator to correct it.") from error
        line.client.http_client.event_hooks = {"response": [line.keep]}
        return line


def _answer(request: Request, line: _Line) -> Answer:
    try:
        request(line.client.http_client)
    except NOT_ITS_MODEL:
        if line.response is None:
            raise
    try:
        answer = line.response.json() if line.response else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise misunderstood() from None
    return answer


def _load() -> None:
    """The whole SDK before any part of it: the parts import each other in a circle, in which threads that begin at different
    ones would meet half-made modules."""
    import assemblyai  # noqa: F401, PLC0415 - on use


def _close(idle: Lines) -> None:
    """At the end of the engine or its process. What a forked child has inherited is its parent's."""
    for line in idle.pop(os.getpid(), []):
        line.client.http_client.close()


def _refused(status: int, response: "httpx.Response | None", key: str) -> EngineError:
    """Some servers repeat the `key` that they refuse."""
    said, method = _said(response).replace(key, ""), response.request.method if response is not None else ""
    if status in {401, 403} and not LOST_UPLOAD.search(said):
        return EngineError("The key for AssemblyAI was refused. Ask the operator to check ASSEMBLYAI_API_KEY.")
    if status == 402 or (status == 400 and NO_CREDIT.search(said)):
        return EngineError("The AssemblyAI account has no credit left. Ask the operator to top it up.")
    if status in {400, 404} and method in {"GET", "DELETE"} and UNKNOWN_JOB.search(said):
        return JobLost("AssemblyAI does not know this job any more.", retryable=True)
    if status == 400 and method == "DELETE":
        return EngineError("AssemblyAI can't delete this job yet.", retryable=True, retry_after=BUSY_SECONDS)
    if status == 429 or status >= 500 or status in {403, 408}:
        pause = _retry_after(response)
        return EngineError(_busy(status), retryable=True, retry_after=BUSY_SECONDS if status == 429 and pause is None else pause)
    return EngineError(f"AssemblyAI refused this recording: {reason(said) or f'its answer was {status}'}.")


def _is_refusal(error: EngineError) -> bool:
    """Whether AssemblyAI has certainly taken nothing on: it said no, or was never asked."""
    import httpx  # noqa: PLC0415 - comes with the SDK
    from assemblyai import AssemblyAIError  # noqa: PLC0415 - on use

    cause = error.__cause__
    if isinstance(cause, AssemblyAIError):
        return (cause.status_code or 0) < 500 and cause.status_code != 408
    return isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.LocalProtocolError | httpx.InvalidURL)


def _said(response: "httpx.Response | None") -> str:
    """What the provider gives as its reason; nothing where that isn't in its own words (a proxy's page)."""
    try:
        answer = response.json() if response is not None else None
    except ValueError:
        answer = None
    return str(answer.get("error") or "") if isinstance(answer, dict) else ""


def _busy(status: int) -> str:
    if status == 429:
        return "AssemblyAI takes no more requests for the moment."
    if status == 403:
        return "AssemblyAI has no access to the uploaded recording."
    return f"AssemblyAI is out of order for the moment (its answer was {status})."


def _retry_after(response: "httpx.Response | None") -> float | None:
    """Seconds; it sends no dates."""
    text = response.headers.get("Retry-After", "") if response is not None else ""
    return float(text) if text.isascii() and text.isdigit() else None


def _unreachable(error: Exception) -> EngineError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return EngineError("AssemblyAI's certificate could not be verified.", retryable=True)
        cause = cause.__cause__ or cause.__context__
    return EngineError("AssemblyAI could not be reached.", retryable=True)
