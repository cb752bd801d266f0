"""AssemblyAI on loopback: transcribes uploads in a chosen time into words derived from the bytes, calls back, forgets.

Answers are as its OpenAPI document and guides say (shared specs); a test holds them to it. Kinds of calls: upload, submit, check,
delete, list. Faults may also be `on` "job" (it ends with the fault's `error`) and "webhook" (it is lost).
"""

import argparse
import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from tests.emulators import assemblyai_jobs as jobs
from tests.emulators import provider, speech
from tests.emulators.assemblyai_jobs import Job, Upload
from tests.emulators.provider import Provider
from tests.emulators.speech import Spoken

UNKNOWN = "Transcript lookup error, transcript id not found"
NO_SPEECH = "language_detection cannot be performed on files with no spoken audio"
WEBHOOK_SECONDS, WEBHOOK_TRIES = 10, 10


@dataclass
class AssemblyAI(Provider):
    """`seconds` is how long a job takes, from and to. `said` has the words of an upload by its SHA-256; for all others `script`
    makes them up of the bytes. `extra` is added to every completed transcript as it stands."""

    seconds: tuple[float, float] = (0.0, 0.0)
    said: dict[str, Sequence[Spoken]] = field(default_factory=dict)
    script: Callable[[bytes], Sequence[Spoken]] = speech.made_up
    extra: dict[str, Any] = field(default_factory=dict)
    webhook_pause_seconds: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.uploads: dict[str, Upload] = {}
        self.jobs: dict[str, Job] = {}
        self.deleted: list[str] = []
        self._dice = random.Random(7)
        self._calling: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v2/upload", self._upload, name="upload"),
            web.post("/v2/transcript", self._submit, name="submit"),
            web.get("/v2/transcript", self._list, name="list", allow_head=False),
            web.get("/v2/transcript/{id}", self._check, name="check", allow_head=False),
            web.delete("/v2/transcript/{id}", self._delete, name="delete"),
        ]

    def refusal(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == self.key:
            return None
        return self.error(401, "Authentication error, API token missing/invalid")

    def error(self, status: int, message: str) -> web.Response:
        return web.json_response({"error": message}, status=status)

    def finish(self, *ids: str) -> None:
        """End these jobs now; without ids all of them."""
        for id_ in ids or tuple(self.jobs):
            self.jobs[id_].ends = time.monotonic()
            self._loop.call_soon_threadsafe(self.jobs[id_].finished.set)

    def lose(self, *ids: str) -> None:
        """Forget jobs, as if they had never been."""
        for id_ in ids:
            del self.jobs[id_]

    @property
    def in_flight(self) -> int:
        return sum(not job.is_over and not job.is_deleted for job in list(self.jobs.values()))

    def submits(self) -> Counter[str]:
        """How often each upload was submitted, by the SHA-256 of its bytes."""
        return Counter(job.upload.sha256 for job in list(self.jobs.values()))

    def statistics(self) -> dict[str, Any]:
        submits = self.submits()
        return {
            **super().statistics(),
            "uploads": len(self.uploads),
            "jobs": len(self.jobs),
            "in_flight": self.in_flight,
            "submits": submits,
            "doubled": {sha: count for sha, count in submits.items() if count > 1},
            "deleted": self.deleted,
        }

    async def opened(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._session = ClientSession(timeout=ClientTimeout(total=WEBHOOK_SECONDS))

    async def closed(self) -> None:
        for task in self._calling:
            task.cancel()
        await asyncio.gather(*self._calling, return_exceptions=True)
        await self._session.close()

    async def _upload(self, request: web.Request) -> web.Response:
        data = b"".join([chunk async for chunk in request.content.iter_any()])
        digest = sha256(data).hexdigest()
        words = self.said.get(digest)
        seconds = speech.seconds(data)
        url = f"https://cdn.assemblyai.com/upload/{uuid4()}"
        self.uploads[url] = Upload(digest, seconds, self.script(data) if words is None else words)
        return web.json_response({"upload_url": url})

    async def _submit(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if refusal := self._fault_of(asked):
            return refusal
        now = time.monotonic()
        job = Job(
            id=str(uuid4()),
            upload=self.uploads[asked["audio_url"]],
            audio_url=asked["audio_url"],
            asked=asked,
            began=now,
            ends=now + self._dice.uniform(*self.seconds),
            created=datetime.now(UTC).replace(tzinfo=None),
        )
        job.error = self._ill_fate(job)
        self.jobs[job.id] = job
        if asked.get("webhook_url"):
            task = asyncio.create_task(self._call_back(job))
            self._calling.add(task)
            task.add_done_callback(self._calling.discard)
        return web.json_response({**jobs.view(job, self.extra), "status": "queued"})

    def _fault_of(self, asked: Mapping[str, Any]) -> web.Response | None:
        if not asked.get("speech_models"):
            return self.error(400, "speech_models is required")
        if asked["audio_url"] not in self.uploads:
            return self.error(403, "Cannot access uploaded file")
        if len(asked.get("keyterms_prompt") or ()) > 200:
            return self.error(400, "keyterms_prompt must have at most 200 items")
        return None

    def _ill_fate(self, job: Job) -> str | None:
        fault = self.faults.take("job", is_request=False)
        if fault:
            return fault.error
        return NO_SPEECH if job.asked.get("language_detection") and not job.upload.words else None

    async def _check(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.match_info["id"])
        return web.json_response(jobs.view(job, self.extra)) if job else self.error(400, UNKNOWN)

    async def _delete(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            return self.error(400, UNKNOWN)
        if not job.is_over:
            return self.error(400, "Transcript is still being processed, it can't be deleted yet")
        if not job.is_deleted:
            job.is_deleted = True
            self.uploads.pop(job.audio_url, None)
            self.deleted.append(job.id)
        return web.json_response(jobs.view(job, self.extra))

    async def _list(self, request: web.Request) -> web.Response:
        limit = int(request.query.get("limit", 10))
        found = [job for job in reversed(self.jobs.values()) if request.query.get("status") in (None, job.status)]
        before = request.query.get("before_id")
        first = next((place + 1 for place, job in enumerate(found) if job.id == before), 0)
        page = found[first : first + limit]
        address = f"{self.url}/v2/transcript"
        older = f"{address}?limit={limit}&before_id={page[-1].id}" if page and found[first + limit :] else None
        details = {
            "limit": limit,
            "result_count": len(page),
            "current_url": str(request.url),
            "prev_url": older,
            "next_url": None,
        }
        return web.json_response({"page_details": details, "transcripts": [jobs.item(job, address) for job in page]})

    async def _call_back(self, job: Job) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(job.finished.wait(), max(0.0, job.ends - time.monotonic()))
        for _ in range(WEBHOOK_TRIES):
            if self.faults.take("webhook", is_request=False):
                self.note("webhook", 0, job.id)
                return
            job.webhook_status = await self._post(job)
            self.note("webhook", job.webhook_status, job.id)
            if 200 <= job.webhook_status < 300 or 400 <= job.webhook_status < 500:
                return
            await asyncio.sleep(self.webhook_pause_seconds)

    async def _post(self, job: Job) -> int:
        asked = job.asked
        headers = {name: asked["webhook_auth_header_value"] for name in [asked.get("webhook_auth_header_name")] if name}
        try:
            news = {"transcript_id": job.id, "status": job.status}
            async with self._session.post(asked["webhook_url"], json=news, headers=headers) as answer:
                return answer.status
        except (ClientError, TimeoutError):
            return 599


def main() -> None:
    wishes = argparse.ArgumentParser(description=__doc__)
    wishes.add_argument("--port", type=int, default=0)
    wishes.add_argument("--key", default="emulator-key")
    wishes.add_argument("--seconds", default="0:0", help="how long a job takes, from:to")
    wishes.add_argument("--faults", default="[]", help="a JSON list of faults that are on from the start")
    given = wishes.parse_args()
    low, _, high = given.seconds.partition(":")
    provider.run(AssemblyAI(given.key, given.port, seconds=(float(low), float(high or low))), given.faults)


if __name__ == "__main__":
    main()
