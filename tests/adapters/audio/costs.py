"""Run as a program: what looking at each file costs a fresh process. Prints JSON: name -> [CPU seconds, MB of memory more]."""

import json
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path

from textor.adapters.audio import measure, probe
from textor.errors import TextorError

KILOBYTES = 1024 if sys.platform == "darwin" else 1


def main(step: str, paths: list[str]) -> None:
    costs = {}
    for path in map(Path, paths):
        memory, started = _peak_kilobytes(), time.process_time()
        with suppress(TextorError):
            if step == "probe":
                probe.probe(path, probe.Limits(max_seconds=12 * 3600))
            else:
                measure.measure(path, max_seconds=12 * 3600)
        costs[path.name] = [time.process_time() - started, (_peak_kilobytes() - memory) / 1000]
    print(json.dumps(costs))


def _peak_kilobytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
