"""Transcribe in a forked child, as RQ's workers do: `python -m tests.adapters.stt.forked ENGINE FILE`."""

import os
import sys
from pathlib import Path

from tests.adapters.stt.listening import hear
from tests.conftest import FIXTURES
from textor import settings
from textor.adapters import discovery


def main(name: str, file: str) -> int:
    """The parent does what a worker does before it forks: it builds all engines and asks them how they are."""
    chosen = settings.load({"DATA_DIR": os.environ["DATA_DIR"], "WHISPER_MODELS_DIR": str(FIXTURES / "tiny_whisper")})
    engines = {kind.name: kind.from_settings(chosen) for kind in discovery.engines()}
    for engine in engines.values():
        engine.availability()
        engine.models()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(hear(engines[name], Path(file)).text, flush=True)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
