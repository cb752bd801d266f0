"""A worker of the text queue whose model answers once the file `answer` is in the folder; each call leaves its number there."""

import sys
from functools import partial
from pathlib import Path

import worker
from tests.waiting import until
from textor import jobs
from textor.extensions import db
from textor.features.insights import working
from textor.job_queue import background
from textor.job_queue.background import Run
from textor.models import Job
from textor.toolbox import Toolbox


def carry(tools: Toolbox, run: Run, folder: Path) -> None:
    """A call that takes its time."""
    (folder / f"call.{run.attempts}").touch()
    until((folder / "answer").exists, "somebody lets it answer")
    background.finish(tools, run, {"text": "Answered."})
    db.session.commit()


def failed(tools: Toolbox, job: Job, reason: str) -> None:
    """It has no rows."""


def main(folder: str) -> int:
    """Until SIGTERM."""
    own = working.handler(partial(carry, folder=Path(folder)), failed)
    jobs.HANDLERS["summary"] = jobs.Handler(*own, is_resumed=True, is_owned=background.held)
    return worker.main([background.QUEUE, "--count", "1"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
