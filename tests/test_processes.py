"""A child that is another program or a copy of this one; neither outlives its parent."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from textor.processes import bound, execute

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part in it is Linux's")

FORK = """
import os, sys, time
from textor.processes import fork
def work():
    {work}
child = fork(work)
print(child.pid, flush=True)
while child.poll() is None: time.sleep(0.01)
os.set_blocking(child.output, False)
print(child.code, os.read(child.output, 100000).decode())
"""


def forked(work: str) -> tuple[int, str]:
    """Exit code and output of a copy at work; in a process of its own, since the suite has threads."""
    done = subprocess.run([sys.executable, "-c", FORK.format(work=work)], capture_output=True, text=True, check=True)
    _, _, rest = done.stdout.partition("\n")
    code, _, said = rest.partition(" ")
    return int(code), said


def test_a_copy_does_its_work_and_says_so() -> None:
    code, said = forked("print('out'); print('err', file=sys.stderr)")
    assert code == 0
    assert sorted(said.split()) == ["err", "out"]


def test_a_copy_that_breaks_tells_why() -> None:
    code, said = forked("raise ValueError('no good')")
    assert code == 1
    assert said.strip().endswith("ValueError: no good")


@pytest.mark.parametrize(("ending", "expected"), [("sys.exit(4)", 4), ("sys.exit()", 1), ("sys.exit('why')", 1)])
def test_a_copy_may_choose_its_code(ending: str, expected: int) -> None:
    assert forked(ending)[0] == expected


def test_a_copy_that_was_killed_tells_the_signal() -> None:
    assert forked("import signal; os.kill(os.getpid(), signal.SIGKILL)")[0] == -9


def test_a_program_tells_what_it_says_and_how_it_ended() -> None:
    child = execute([sys.executable, "-c", "import sys; print('hello'); sys.exit(5)"])
    assert child.process.wait(timeout=30) == 5
    assert child.poll() == 5
    assert child.output is not None
    assert os.read(child.output, 100) == b"hello\n"
    os.close(child.output)


def test_a_program_leads_a_group_of_its_own() -> None:
    child = execute([sys.executable, "-c", "import time; time.sleep(60)"])
    assert os.getpgid(child.pid) == child.pid
    child.kill()
    assert child.process.wait(timeout=10) == -9
    child.kill()  # a second time harms nothing
    assert child.output is not None
    os.close(child.output)


def ends_with_its_parent(parent: "subprocess.Popen[bytes]") -> bool:
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    return not psutil.wait_procs([child], timeout=10)[1]


@ON_LINUX
def test_a_copy_ends_with_its_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", FORK.format(work="time.sleep(60)")], stdout=subprocess.PIPE) as parent:
        assert ends_with_its_parent(parent)


@ON_LINUX
def test_a_program_ends_with_its_parent() -> None:
    code = (
        "import sys, time; from textor.processes import execute;"
        "print(execute([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert ends_with_its_parent(parent)


@ON_LINUX
def test_a_program_whose_parent_died_first_is_not_started(tmp_path: Path) -> None:
    command = bound([sys.executable, "-c", f"open({str(tmp_path / 'ran')!r}, 'w')"])
    command[command.index(str(os.getpid()))] = "1"
    assert subprocess.run(command, check=False).returncode == 0
    assert not (tmp_path / "ran").exists()
