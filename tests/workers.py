"""Real worker processes in tests, on the suite's Redis and database, by the real clock."""

import os
import sys
from collections.abc import Callable, Iterator

import psutil
import pytest
from apiflask import APIFlask

from tests.laws import ROOT
from textor import toolbox
from textor.settings import Settings
from textor.toolbox import Toolbox

Start = Callable[..., psutil.Popen]


@pytest.fixture
def tools(settings: Settings) -> Toolbox:
    """The real tools and the real clock: other processes take part."""
    tools = toolbox.build(settings)
    tools.redis.flushdb()
    return tools


@pytest.fixture
def start(app: APIFlask, environ: dict[str, str]) -> Iterator[Start]:
    """Starts worker.py with the given arguments; what a test leaves is stopped."""
    started: list[psutil.Popen] = []

    def run(*arguments: str) -> psutil.Popen:
        started.append(psutil.Popen([sys.executable, "worker.py", *arguments], cwd=ROOT, env=dict(os.environ) | environ))
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            process.terminate()
    for process in started:
        process.wait(60)
