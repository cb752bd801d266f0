"""OpenAI's SDK in the hands of many threads, as in a shift, and of a process that was forked."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.adapters.stt.test_openai import engine, heard, provider, segments
from tests.emulators.openai import OpenAI
from tests.laws import ROOT
from textor.adapters.stt.openai import OpenAIEngine

__all__ = ["engine", "provider"]

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


def test_many_threads_share_one_client(provider: OpenAI, engine: OpenAIEngine) -> None:
    provider.seconds = (0.05, 0.1)
    with ThreadPoolExecutor(16) as pool:
        texts = set(pool.map(lambda _: segments(heard(engine))[0].text, range(64)))
    assert (len(texts), provider.count("transcribe"), len(engine._calls.host._clients)) == (1, 64, 1)
    assert provider.most_in_flight > 4


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # Python warns since 3.12; RQ forks all the same
def test_a_forked_child_makes_its_own_client(provider: OpenAI, engine: OpenAIEngine) -> None:
    heard(engine)
    child = os.fork()
    if child == 0:
        with suppress(BaseException):  # a child that goes on would run the rest of the suite
            os._exit(0 if segments(heard(engine)) and len(engine._calls.host._clients) == 2 else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert segments(heard(engine))


def test_calls_one_after_another_use_one_connection(provider: OpenAI, engine: OpenAIEngine) -> None:
    for _ in range(4):
        heard(engine)
    assert provider.connections == 1
