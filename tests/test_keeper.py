"""Children are started in order, labelled, started again, given up on, and stopped in the opposite order, in bounded time."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from textor.errors import ConfigurationError
from textor.keeper import Keeper, Program
from textor.processes import Child, execute

# each tells when it starts and when it stops, in a file that keeps the order
OBEDIENT = """
import signal, sys, time
def note(what):
    with open(sys.argv[2], "a") as file: file.write(f"{what} {sys.argv[1]}\\n")
def stop(*_):
    note("stopped"); sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note("started")
while True: time.sleep(0.05)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
Until = Callable[[], bool]


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """A keeper takes the signals of its process over; the suite's are put back."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    path = tmp_path / "diary"
    path.touch()
    return path


def python(name: str, code: str, *arguments: object, grace_seconds: float = 10.0) -> Program:
    command = [sys.executable, "-u", "-c", code, *map(str, arguments)]
    return Program(name, partial(execute, command), grace_seconds)


def obedient(name: str, diary: Path) -> Program:
    return python(name, OBEDIENT, name, diary)


def stop_when(happened: Until, number: int = signal.SIGTERM, *, seconds: float = 20) -> Callable[[], None]:
    """For each tick: send ourselves a signal once it has happened, or after a while whatever happened."""
    deadline = time.monotonic() + seconds

    def tick() -> None:
        if happened() or time.monotonic() > deadline:
            os.kill(os.getpid(), number)

    return tick


def lines(diary: Path, word: str) -> list[str]:
    return [line.split()[1] for line in diary.read_text(encoding="ascii").splitlines() if line.startswith(word)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_groups_stop_in_the_opposite_order(diary: Path, number: int) -> None:
    groups = [[obedient("redis", diary)], [obedient("worker", diary)], [obedient("web", diary)]]
    code = Keeper(groups).run(stop_when(lambda: len(lines(diary, "started")) == 3, number))
    assert code == 0
    assert lines(diary, "stopped") == ["web", "worker", "redis"]


def test_lines_carry_the_name_of_who_wrote_them(capfd: pytest.CaptureFixture[str]) -> None:
    talk = "import time, sys; print('one\\ntwo'); print('err', file=sys.stderr); print('no end', end=''); time.sleep(60)"
    keeper = Keeper([[python("web", talk)]])
    keeper.run(stop_when(lambda: b"no end" in keeper._partial.values()))
    said = capfd.readouterr().out.splitlines()
    assert said == ["web    | one", "web    | two", "web    | err", "web    | no end"]


def test_one_that_labels_its_lines_itself_is_left_alone(capfd: pytest.CaptureFixture[str]) -> None:
    program = Program(
        "worker", partial(execute, [sys.executable, "-c", "print('speech | hello')"]), is_labelled=False, is_once=True
    )
    keeper = Keeper([[program]])
    keeper.run(stop_when(lambda: keeper._groups[0][0].is_over))
    assert capfd.readouterr().out == "speech | hello\n"


def test_one_that_may_end_is_not_started_again(diary: Path) -> None:
    once = python("check", f"open({str(diary)!r}, 'a').write('ran check\\n')")
    keeper = Keeper([[Program("check", once.start, is_once=True), obedient("web", diary)]])
    assert keeper.run(stop_when(lambda: keeper._groups[0][0].is_over and bool(lines(diary, "started")))) == 0
    assert lines(diary, "ran") == ["check"]


def test_one_that_dies_is_started_again(diary: Path, capfd: pytest.CaptureFixture[str]) -> None:
    killed: list[int] = []
    keeper = Keeper([[obedient("web", diary)]])

    def tick() -> None:
        child = keeper._groups[0][0].child
        if len(lines(diary, "started")) == 1 and child and not killed:
            killed.append(child.pid)
            os.kill(child.pid, signal.SIGKILL)
        if len(lines(diary, "started")) == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    assert keeper.run(tick) == 0
    assert "web was ended by SIGKILL; it starts again in 0.5 s." in capfd.readouterr().out


def test_one_that_keeps_dying_ends_everything(diary: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = Keeper([[obedient("redis", diary)], [python("web", "print('no such module'); raise SystemExit(3)")]], patience=2).run()
    said = capfd.readouterr().out
    assert code == 1
    assert said.count("no such module") == 2
    assert "web ended with code 3, 2 times in a row. Its own lines above say why. Stopping." in said
    assert lines(diary, "stopped") == lines(diary, "started")


def test_a_long_life_is_forgiven(capfd: pytest.CaptureFixture[str]) -> None:
    deaths: list[str] = []

    def often() -> bool:
        deaths.append(capfd.readouterr().out)
        return "".join(deaths).count("starts again in 0.5 s") >= 3

    assert Keeper([[python("web", "pass")]], patience=2, quick_seconds=0.0).run(stop_when(often)) == 0


def test_one_that_cannot_be_started_again_says_why(capfd: pytest.CaptureFixture[str]) -> None:
    starts: list[int] = []

    def start() -> Child:
        starts.append(1)
        if len(starts) > 1:
            raise ConfigurationError("There is no Redis any more.")
        return execute([sys.executable, "-c", "pass"])

    assert Keeper([[Program("redis", start)]], patience=2).run() == 1
    assert "There is no Redis any more." in capfd.readouterr().out


def test_a_start_that_fails_stops_what_was_started(diary: Path) -> None:
    def start() -> Child:
        deadline = time.monotonic() + 20
        while not lines(diary, "started") and time.monotonic() < deadline:
            time.sleep(0.01)  # another process writes it
        raise ConfigurationError("No.")

    with pytest.raises(ConfigurationError):
        Keeper([[obedient("redis", diary)], [Program("web", start)]]).run()
    assert lines(diary, "stopped") == ["redis"]


def up(capfd: pytest.CaptureFixture[str]) -> Until:
    return lambda: "up" in capfd.readouterr().out


def test_one_that_does_not_stop_is_ended_after_its_grace(capfd: pytest.CaptureFixture[str]) -> None:
    began_at = time.monotonic()
    Keeper([[python("web", STUBBORN, grace_seconds=0.3)]]).run(stop_when(up(capfd)))
    assert time.monotonic() - began_at < 30
    assert "web did not stop in time and was ended." in capfd.readouterr().out


def test_a_second_ctrl_c_does_not_wait(capfd: pytest.CaptureFixture[str]) -> None:
    impatient = (
        "import signal, time, os; signal.signal(15, lambda *_: os.kill(os.getppid(), 2)); print('up', flush=True);"
        "[time.sleep(1) for _ in range(60)]"
    )
    began_at = time.monotonic()
    Keeper([[python("web", impatient, grace_seconds=50)]]).run(stop_when(up(capfd), signal.SIGINT))
    assert time.monotonic() - began_at < 40
    assert "web did not stop in time and was ended." in capfd.readouterr().out


def test_a_second_sigterm_is_no_impatience(capfd: pytest.CaptureFixture[str]) -> None:
    orderly = (
        "import signal, sys, time, os\n"
        "def stop(*_):\n    os.kill(os.getppid(), 15); time.sleep(1); print('ended well', flush=True); sys.exit()\n"
        "signal.signal(15, stop); print('up', flush=True)\n[time.sleep(1) for _ in range(60)]"
    )
    Keeper([[python("worker", orderly, grace_seconds=50)]]).run(stop_when(up(capfd)))
    assert "ended well" in capfd.readouterr().out


def test_what_a_dead_child_left_behind_is_ended(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    leave = "import pathlib, subprocess, sys; pathlib.Path(sys.argv[1]).write_text(str(subprocess.Popen(['sleep', '60']).pid))"
    keeper = Keeper([[Program("web", python("web", leave, note).start, is_once=True)]])
    keeper.run(stop_when(lambda: keeper._groups[0][0].is_over))
    with suppress(psutil.NoSuchProcess):
        left = psutil.Process(int(note.read_text(encoding="ascii")))
        psutil.wait_procs([left], timeout=10)
        assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE


def test_a_closed_terminal_does_not_end_it(diary: Path) -> None:
    terminal, (readable, writable) = os.dup(1), os.pipe()
    os.close(readable)
    os.dup2(writable, 1)
    chatty = python("web", "import time; print('hello', flush=True); time.sleep(60)")
    try:
        code = Keeper([[chatty], [obedient("worker", diary)]]).run(stop_when(lambda: bool(lines(diary, "started"))))
    finally:
        os.dup2(terminal, 1)
        os.close(terminal)
        os.close(writable)
    assert code == 0
