"""MetisAI on loopback: a store for uploads, jobs that take a chosen time, a balance that counts down, texts to fetch.

There is no official specification of `/api/v2/generate`. What several programs and MetisAI's own SDK agree on (shared
providers.md, 6.2) is kept: paths, the Bearer key, the part `files`, `files[{objectName,url,size,contentType}]`, the statuses, the
shape of `generations`, errors as `message` and `errorCode`, 402 and 429. Unknown there and made up here: which of the arguments
names the recording (any that is known will do), what a job's `error` looks like (an object with `message`), the unit of `cost`.

Faults may also be `on` "job": it ends with the fault's `error`.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from aiohttp import web

from tests.emulators import forms, speech
from tests.emulators.forms import Sent
from tests.emulators.provider import Provider
from tests.emulators.speech import Spoken

NAMES = ("url", "audio_url", "file", "audio", "source", "file_url")
QUEUE_SHARE, WAITING_SHARE = 0.1, 0.3
COST = 0.25


@dataclass
class Job:
    """One text. It waits from `began`, runs, and is over at `ends` (time.monotonic)."""

    id: str
    data: bytes
    asked: dict[str, Any]
    began: float
    ends: float
    error: str | None = None
    is_cancelled: bool = False

    @property
    def status(self) -> str:
        share = (time.monotonic() - self.began) / max(1e-9, self.ends - self.began)
        if self.is_cancelled:
            return "CANCELLED"
        if share >= 1:
            return "ERROR" if self.error is not None else "COMPLETED"
        return "QUEUE" if share < QUEUE_SHARE else "WAITING" if share < WAITING_SHARE else "RUNNING"


@dataclass
class Scribe(Provider):
    """`delivers` says where a text is: "content", "text" or "raw" in the answer, as "object" (ElevenLabs' own JSON, with words),
    or at an address as "plain", "quoted" or "json". `said` has an upload's words by its SHA-256; else `script` makes them up."""

    seconds: float = 0.0
    balance: float = 100.0
    delivers: str = "content"
    said: dict[str, Sequence[Spoken]] = field(default_factory=dict)
    script: Callable[[bytes], Sequence[Spoken]] = speech.made_up
    speakers: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.uploads: dict[str, bytes] = {}
        self.jobs: dict[str, Job] = {}
        self.fetched_with: list[dict[str, str]] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/v1/storage", self._upload, name="upload"),
            web.post("/api/v2/generate", self._order, name="submit"),
            web.get("/api/v2/generate/{id}", self._check, name="check", allow_head=False),
            web.get("/api/v1/credit/statement", self._credit, name="credit", allow_head=False),
            web.get("/results/{id}", self._result, name="result", allow_head=False),
        ]

    def refusal(self, request: web.Request) -> web.Response | None:
        is_open = request.match_info.route.name == "result"
        if is_open or request.headers.get("Authorization") == f"Bearer {self.key}":
            return None
        return self.error(401, "Unauthorized")

    def error(self, status: int, message: str) -> web.Response:
        codes = {402: "INSUFFICIENT_CREDITS", 404: "RESOURCE_NOT_FOUND", 429: "RATE_LIMIT_EXCEEDED"}
        return web.json_response({"message": message, **({"errorCode": codes[status]} if status in codes else {})}, status=status)

    def finish(self, *ids: str) -> None:
        """End these jobs now; without ids all of them."""
        for id_ in ids or tuple(self.jobs):
            self.jobs[id_].ends = self.jobs[id_].began

    def lose(self, id_: str) -> None:
        """Forget a job, as if it had never been."""
        del self.jobs[id_]

    def submits(self) -> Counter[str]:
        """How often each upload was ordered, by the SHA-256 of its bytes."""
        return Counter(sha256(job.data).hexdigest() for job in self.jobs.values())

    async def _upload(self, request: web.Request) -> web.Response:
        file = (await forms.read(request)).get("files")
        if not isinstance(file, Sent):
            return self.error(400, "Required part 'files' is not present.")
        name = f"{uuid4()}-{file.filename}"
        url = f"{self.url}/storage/{name}"
        self.uploads[url] = file.data
        about = {"objectName": name, "url": url, "size": len(self.uploads[url]), "contentType": file.content_type}
        return web.json_response({"files": [about]}, status=201)

    async def _order(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked.get("model") != {"name": "elevenlabs", "model": "scribe_v1"} or asked.get("operation") != "STT":
            return self.error(400, "The model does not support this operation.")
        url = next((asked["args"][name] for name in NAMES if name in asked["args"]), None)
        if url not in self.uploads:
            return self.error(400, "The file is missing.")
        if self.balance < COST:
            return self.error(402, "Insufficient credits")
        self.balance -= COST
        fault, now = self.faults.take("job", is_request=False), time.monotonic()
        job = Job(str(uuid4()), self.uploads[url], asked, now, now + self.seconds, fault.error if fault else None)
        self.jobs[job.id] = job
        return web.json_response({"id": job.id, "status": "WAITING"})

    async def _check(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.match_info["id"])
        return web.json_response(self._view(job)) if job else self.error(404, "The task was not found.")

    async def _credit(self, request: web.Request) -> web.Response:
        return web.json_response({"userId": "1", "balance": self.balance, "transactions": []})

    async def _result(self, request: web.Request) -> web.Response:
        self.fetched_with.append(dict(request.headers))
        text = " ".join(word.text for word in self._spoken(self.jobs[request.match_info["id"]]))
        bodies = {"plain": text, "quoted": json.dumps(text), "json": json.dumps({"text": text, "duration": 5.0})}
        return web.Response(text=bodies[self.delivers])

    def _view(self, job: Job) -> dict[str, Any]:
        status = job.status
        answer: dict[str, Any] = {"id": job.id, "status": status, "generations": []}
        if status == "RUNNING":
            answer["percentage"] = 40
        if status == "ERROR":
            answer["error"] = {"message": job.error}
        if status == "COMPLETED":
            answer.update(self._delivered(job), usage={"cost": COST})
        return answer

    def _delivered(self, job: Job) -> dict[str, Any]:
        words = self._spoken(job)
        text = " ".join(word.text for word in words)
        if self.delivers in {"content", "text"}:
            return {"generations": [{"url": None, "contentType": "text/plain", self.delivers: text}]}
        if self.delivers == "raw":
            return {"generations": [], "rawResponse": json.dumps(self._object(words, text))}
        if self.delivers == "object":
            return {"generations": [{"contentType": "application/json", "content": json.dumps(self._object(words, text))}]}
        return {"generations": [{"url": f"{self.url}/results/{job.id}", "contentType": "text/plain", "content": None}]}

    def _spoken(self, job: Job) -> Sequence[Spoken]:
        words = self.said.get(sha256(job.data).hexdigest())
        return self.script(job.data) if words is None else words

    def _object(self, words: Sequence[Spoken], text: str) -> dict[str, Any]:
        """As ElevenLabs answers: the blanks between words are items, too."""
        items: list[dict[str, Any]] = []
        for place, word in enumerate(words):
            who = {"speaker_id": f"speaker_{place // 8 % self.speakers}"}
            blank = [{"text": " ", "start": words[place - 1].end, "end": word.start, "type": "spacing", **who}] if place else []
            items += [*blank, {"text": word.text, "start": word.start, "end": word.end, "type": "word", "logprob": -0.1, **who}]
        return {"language_code": "eng", "language_probability": 0.97, "text": text, "words": items}
