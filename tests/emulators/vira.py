"""Vira (Avanegar) on loopback: answers a recording at once or takes it on as a job, checks its length, draws on a credit.

There is no specification; answers are as the programs that use Vira expect them. Kinds of calls: request, result.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from aiohttp import web

from tests.emulators import forms, provider, speech
from tests.emulators.forms import Sent
from tests.emulators.provider import Provider
from tests.emulators.speech import Spoken

NO_CREDIT = "balanceError: the credit is below the set threshold"


@dataclass
class Job:
    """A recording that was taken; over at `ends` (time.monotonic)."""

    id: str
    sha256: str
    seconds: float
    asked: Mapping[str, Sequence[str]]
    filename: str
    words: Sequence[Spoken]
    ends: float

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends


@dataclass
class Vira(Provider):
    """`seconds` is how long a job takes; those that take none are answered at once. Longer recordings than `longest_seconds` are
    refused. `said` has the words of a recording by its SHA-256; for all others `script` makes them up. `extra` is put over
    every aiResponse as it stands."""

    seconds: float = 0.0
    longest_seconds: float = 300.0
    credit_seconds: float = 360_000.0
    tells_times: bool = True
    said: dict[str, Sequence[Spoken]] = field(default_factory=dict)
    script: Callable[[bytes], Sequence[Spoken]] = speech.made_up
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.jobs: dict[str, Job] = {}
        self.refused_seconds: list[float] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/avanegar/v2/avanegar/request", self._request, name="request"),
            web.get("/avanegar/v2/avanegar-large/getResult", self._result, name="result", allow_head=False),
        ]

    def refusal(self, request: web.Request) -> web.Response | None:
        return None if request.headers.get("gateway-token") == self.key else self.error(401, "The token is invalid")

    def error(self, status: int, message: str) -> web.Response:
        data = {"status": "fail", "traceId": str(uuid4()), "message": message}
        return web.json_response({"message": message, "data": data}, status=status)

    def finish(self, *ids: str) -> None:
        """End these jobs now; without ids all of them."""
        for id_ in ids or tuple(self.jobs):
            self.jobs[id_].ends = time.monotonic()

    def lose(self, *ids: str) -> None:
        """Forget jobs, as if they had never been."""
        for id_ in ids:
            del self.jobs[id_]

    def statistics(self) -> dict[str, Any]:
        taken = Counter(job.sha256 for job in list(self.jobs.values()))
        return {**super().statistics(), "jobs": len(self.jobs), "doubled": {sha: n for sha, n in taken.items() if n > 1}}

    async def _request(self, request: web.Request) -> web.Response:
        form = await forms.pairs(request)
        file = dict(form).get("audio")
        if not isinstance(file, Sent):
            return self.error(400, "Input file content is unexpected")
        data = file.data
        if not data:
            return self.error(400, "Empty Audio file")
        seconds = speech.seconds(data)
        if seconds > self.longest_seconds:
            self.refused_seconds.append(seconds)
            return _too_long(seconds)
        if self.credit_seconds < seconds:
            return self.error(403, NO_CREDIT)
        self.credit_seconds -= seconds
        asked: dict[str, list[str]] = {}
        for name, value in form:
            if isinstance(value, str):
                asked.setdefault(name, []).append(value)
        job = self._taken(data, seconds, asked, file.filename)
        return web.json_response(self._told(job), status=200)

    def _taken(self, data: bytes, seconds: float, asked: Mapping[str, Sequence[str]], filename: str) -> Job:
        digest = sha256(data).hexdigest()
        words = self.said.get(digest)
        spoken = self.script(data) if words is None else words
        job = Job(str(uuid4()), digest, seconds, asked, filename, spoken, time.monotonic() + self.seconds)
        self.jobs[job.id] = job
        return job

    async def _result(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.query.get("id", ""))
        return web.json_response(self._told(job)) if job else self.error(404, "Not found")

    def _told(self, job: Job) -> dict[str, Any]:
        if not job.is_over:
            return {"data": {"status": "processing", "id": job.id, "traceId": str(uuid4())}}
        response = {
            "status": "success",
            "message": "",
            "result": {"text": " ".join(word.text for word in job.words), "rtf": 0.05},
            "segments": self._segments(job),
            "meta": {"units": round(job.seconds), "traceId": str(uuid4())},
        }
        answer = {"status": "success", "requestId": job.id, "data": {"aiResponse": response | self.extra}}
        return {"data": answer, "meta": {"requestId": job.id}}

    def _segments(self, job: Job) -> list[dict[str, Any]]:
        """Sentences, two speakers in turns where speakers were asked for."""
        turns = speech.turns(speech.as_words(job.words), channels=False, speakers=True) or []
        found = [{"text": turn["text"], "start": turn["start"] / 1000, "end": turn["end"] / 1000} for turn in turns]
        if not self.tells_times:
            found = [{"text": one["text"]} for one in found]
        if job.asked.get("diarize") != ["true"]:
            return found
        return [one | {"speaker": place % 2} for place, one in enumerate(found)]


def _too_long(seconds: float) -> web.Response:
    checked = {
        "validationResults": [{"field": "format", "passed": True}, {"field": "duration", "passed": False, "value": seconds}]
    }
    data = {"status": "fail", "message": "Validation failed", "additionalInfo": {"additionalInfo": checked}}
    return web.json_response({"data": data, "message": "Bad Request"}, status=400)


def main() -> None:
    wishes = argparse.ArgumentParser(description=__doc__)
    wishes.add_argument("--port", type=int, default=0)
    wishes.add_argument("--key", default="emulator-key")
    wishes.add_argument("--seconds", type=float, default=0.0, help="how long a job takes")
    wishes.add_argument("--longest", type=float, default=300.0, help="seconds of sound that it takes at once")
    wishes.add_argument("--faults", default="[]", help="a JSON list of faults that are on from the start")
    given = wishes.parse_args()
    provider.run(Vira(given.key, given.port, seconds=given.seconds, longest_seconds=given.longest), given.faults)


if __name__ == "__main__":
    main()
