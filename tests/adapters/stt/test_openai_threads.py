"""OpenAI's SDK in a process whose first calls come from several threads at once, as a shift's do."""

import subprocess
import sys

from tests.laws import ROOT

# The switch interval makes threads meet in the midst of an import, as they do on a busy machine.
PROGRAM = """
import sys, threading
from pathlib import Path
from textor.adapters.stt.openai_calls import Calls
from textor.adapters.stt.openai_uploads import Upload
from textor.errors import EngineError

calls, said, go = Calls("a-key", "http://127.0.0.1:1/v1"), set(), threading.Barrier(8)
verbs = [lambda: calls.transcribe(Upload(Path(sys.executable), "audio.wav", "audio/wav"), model="whisper-1"), calls.models]

def first(verb):
    go.wait()
    try:
        verb()
    except (EngineError, ImportError, AttributeError, RuntimeError) as error:
        said.add(str(error))

sys.setswitchinterval(1e-5)
threads = [threading.Thread(target=first, args=(verb,)) for verb in 4 * verbs]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*said, sep="\\n")
"""


def test_threads_that_make_the_first_calls_together_do_not_meet_half_an_sdk() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["OpenAI could not be reached."], done.stderr
