"""What a chaos run starts: Textor as it is, with a quick engine, slices of seconds and short pauses.

python -m tests.chaos.launch QUEUE ... --scheduler      as worker.py
gunicorn "tests.chaos.launch:web()"                     as wsgi:app
"""

import os
import random
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from apiflask import APIFlask

import worker
from tests.chaos import sabotage
from textor import jobs, toolbox
from textor import settings as settings_module
from textor.adapters.stt.assemblyai import AssemblyAIEngine
from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Options, Progress, RemoteJob
from textor.app import create_app
from textor.domain.transcript import Segment, Transcript
from textor.job_queue import shift
from textor.job_queue import worker as workers
from textor.job_queue.crew import Terms
from textor.jobs import GuardedCrew, Handler
from textor.settings import Settings
from textor.toolbox import Toolbox

LONGEST_SLICE_SECONDS = 15
POLL_SECONDS = 0.5
TERMS = Terms(run_seconds=12, idle_seconds=3, callback_pause_seconds=3, retry_seconds=1, longest_retry_seconds=4)


class QuickEngine(Engine):
    """Hears in a moment or two. Every segment names the hearing that it is of, its place in it and their number."""

    name = "quick"
    title = "Quick"
    description = "For chaos runs."
    capabilities = Capabilities(languages=None, runs_locally=True)

    @classmethod
    def from_settings(cls, settings: Settings) -> "QuickEngine":
        return cls()

    def availability(self) -> Availability:
        return Availability(True)

    def start(self, audio: Audio, options: Options) -> Transcript:
        return Transcript(_spoken(audio.seconds), language="en")


def _spoken(seconds: float) -> Iterator[Segment]:
    hearing, dice = uuid.uuid4().hex[:12], random.Random()
    count = dice.randint(2, 6)
    pause = dice.choice((0.02, 0.1, 0.3, 0.5))
    for n in range(count):
        time.sleep(pause)
        begin = seconds * n / count
        yield Segment(begin, begin + seconds / count / 2, f"<{hearing}:{n}:{count}>")


class ShortAssemblyAI(AssemblyAIEngine):
    """The real one, which takes a few seconds of sound only, so that many recordings become several slices."""

    capabilities = replace(AssemblyAIEngine.capabilities, max_seconds=LONGEST_SLICE_SECONDS)

    def start(self, audio: Audio, options: Options) -> RemoteJob:
        return replace(super().start(audio, options), poll_seconds=POLL_SECONDS)

    def check(self, job: RemoteJob, options: Options) -> Transcript | Progress:
        answer = super().check(job, options)
        return replace(answer, poll_seconds=POLL_SECONDS) if isinstance(answer, Progress) else answer


def tools_of(settings: Settings) -> Toolbox:
    """The real tools with the engines of a chaos run."""
    engines: dict[str, Engine] = {"quick": QuickEngine(), "assemblyai": ShortAssemblyAI.from_settings(settings)}
    return replace(toolbox.build(settings), engines=engines)


def web() -> APIFlask:
    """The application as its settings in the environment say, and as broken as CHAOS_SABOTAGE says."""
    settings = settings_module.load(dict(os.environ))
    app = create_app(settings, tools_of(settings))
    sabotage.apply(os.environ.get("CHAOS_SABOTAGE", ""))
    return app


def _run_shift(tools: Toolbox) -> None:
    sabotage.before_shift()
    shift.run(tools, GuardedCrew(tools), TERMS)


def _registered(name: str, work: Callable[..., None]) -> Callable[..., None]:
    """Leaves a note of which process does what: whoever kills must find it."""

    def run(app: APIFlask, *rest: Any) -> None:
        queue = rest[0] if name == "queue" else name
        folder = Path(os.environ["CHAOS_CREW"])
        folder.mkdir(exist_ok=True)
        (folder / str(os.getpid())).write_text(str(queue), encoding="utf-8")
        work(app, *rest)

    return run


def main() -> int:
    """As worker.py."""
    jobs.HANDLERS["shift"] = Handler(_run_shift, jobs.HANDLERS["shift"].give_up)
    workers.run = _registered("queue", workers.run)
    jobs.run_scheduler = _registered("scheduler", jobs.run_scheduler)
    return worker.main(sys.argv[1:], web())


if __name__ == "__main__":
    sys.exit(main())
