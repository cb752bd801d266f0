"""What looking at each shared file costs a fresh process: this one, run as a program."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.adapters.audio import manifest
from textor.adapters.audio import looking, measure
from textor.adapters.audio.opening import opened
from textor.errors import TextorError

ROOT = Path(__file__).parents[3]
KILOBYTES = 1024 if sys.platform == "darwin" else 1


def _decode(path: Path) -> None:
    """The least that hearing the whole file can cost."""
    with opened(path) as source:
        for _ in source.container.decode(source.stream):
            pass


STEPS: dict[str, Callable[[Path], object]] = {
    "look": lambda path: looking.look(path, 12 * 3600),
    "measure": lambda path: measure.measure(path, max_seconds=12 * 3600),
    "decode": _decode,
}


def of(step: str, only: str = "") -> dict[str, tuple[float, float]]:
    """What each shared file (whose name begins with `only`) costs a fresh process: CPU seconds, MB of memory more."""
    paths = [str(path) for path in manifest.files() if path.name.startswith(only)]
    command = [sys.executable, "-m", "tests.adapters.audio.costs", step, *paths]
    # Without a coverage tracer, which would be most of what is measured.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    answer = subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environ, text=True)
    found: dict[str, tuple[float, float]] = json.loads(answer.stdout)
    return found


def main(step: str, paths: list[str]) -> None:
    costs = {}
    for path in map(Path, paths):
        memory, started = _peak_kilobytes(), time.process_time()
        with suppress(TextorError):
            STEPS[step](path)
        costs[path.name] = [time.process_time() - started, (_peak_kilobytes() - memory) / 1000]
    print(json.dumps(costs))


def _peak_kilobytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
