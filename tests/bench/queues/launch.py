"""What the bench starts: Textor as it is, with an engine that takes a known time, and a plain RQ worker to compare with.

python -m tests.bench.queues.launch QUEUE ... [--scheduler]     as worker.py
python -m tests.bench.queues.launch --plain                     a plain RQ worker, the application loaded
gunicorn "tests.bench.queues.launch:web()"                      as wsgi:app
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from apiflask import APIFlask
from redis import Redis
from rq import Queue, Worker

import worker
from textor import settings as settings_module
from textor import toolbox
from textor.adapters.stt.assemblyai import AssemblyAIEngine
from textor.adapters.stt.port import Audio, Availability, Capabilities, Engine, Options
from textor.app import create_app
from textor.domain.transcript import Segment, Transcript
from textor.extensions import db
from textor.settings import Settings
from textor.toolbox import Toolbox

PLAIN = "plain"
PACE = "BENCH_CALLS_PER_SECOND"
"""How many calls the provider allows; unset: as many as the engine says, 0: any number."""
TIME = "BENCH_ENGINE_SECONDS"


class TimedEngine(Engine):
    """Hears two sentences in a known time, without any CPU."""

    name = "timed"
    title = "Timed"
    description = "For benches."
    capabilities = Capabilities(languages=None, runs_locally=True)

    @classmethod
    def from_settings(cls, settings: Settings) -> "TimedEngine":
        return cls()

    def availability(self) -> Availability:
        return Availability(True)

    def start(self, audio: Audio, options: Options) -> Transcript:
        return Transcript(self._spoken(audio.seconds), language="en")

    def _spoken(self, seconds: float) -> Iterator[Segment]:
        time.sleep(float(os.environ.get(TIME, "0")))
        yield Segment(0.0, seconds / 2, "The first sentence.")
        yield Segment(seconds / 2, seconds, "And the second one.")


class PacedAssemblyAI(AssemblyAIEngine):
    """The real one, with the bench's own number of calls."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "PacedAssemblyAI":
        made = super().from_settings(settings)
        pace = os.environ.get(PACE)
        if pace is not None:
            cls.capabilities = replace(AssemblyAIEngine.capabilities, calls_per_second=float(pace) or None)
        return cls(made.key, made.base_url, made.speech_models)


def tools_of(settings: Settings) -> Toolbox:
    """The real tools with the engines of the bench."""
    engines: dict[str, Engine] = {"timed": TimedEngine(), "assemblyai": PacedAssemblyAI.from_settings(settings)}
    return replace(toolbox.build(settings), engines=engines)


def web() -> APIFlask:
    """The application as its settings in the environment say."""
    settings = settings_module.load(dict(os.environ))
    return create_app(settings, tools_of(settings))


def work_plainly(app: APIFlask) -> None:
    """One queue, first come first served, a job until it is done."""
    with app.app_context():
        db.engine.dispose(close=False)
        connection = Redis.from_url(os.environ["REDIS_URL"])
        Worker([Queue(PLAIN, connection=connection)], connection=connection, log_job_description=False).work(
            logging_level="WARNING"
        )


def main() -> int:
    """As worker.py, or plainly."""
    app = web()
    if sys.argv[1:] == ["--plain"]:
        work_plainly(app)
        return 0
    return worker.main(sys.argv[1:], app)


if __name__ == "__main__":
    sys.exit(main())
