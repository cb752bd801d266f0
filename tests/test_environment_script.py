"""scripts/environment.py: an environment that is whole or not there, made once."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.laws import ROOT

WITH_PYTHON = ROOT / "scripts" / "with-python"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("environment", ROOT / "scripts" / "environment.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that needs no packages."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text("# nothing\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def folder(project: Path) -> Path:
    return project / ".venv"


def runtime(environment: ModuleType, project: Path) -> dict[str, object]:
    """The stamp of an environment for `make run`."""
    stamp: dict[str, object] = environment.stamp([project / "requirements.txt"])
    return stamp


def test_it_is_made_once_and_serves_until_something_changes(
    environment: ModuleType, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    environment.prepare(folder, "runtime", folder.parent)
    assert "Making .venv" in capfd.readouterr().out
    assert subprocess.run([folder / "bin" / "python", "-c", "import pip"], check=True).returncode == 0
    environment.prepare(folder, "runtime", folder.parent)
    assert capfd.readouterr().out == ""

    environment.prepare(folder, "dev", folder.parent)  # adds to what is there
    assert "Making" not in (said := capfd.readouterr().out)
    assert "Installing" in said
    environment.prepare(folder, "runtime", folder.parent)  # has all of it already
    assert capfd.readouterr().out == ""

    (folder.parent / "requirements.txt").write_text("# something else\n", encoding="utf-8")
    environment.prepare(folder, "runtime", folder.parent)
    assert "Installing" in capfd.readouterr().out


def test_an_install_that_breaks_is_never_taken_for_a_whole_one(
    environment: ModuleType, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder.parent / "requirements.txt").write_text("flask\n", encoding="utf-8")  # not to be had here
    with pytest.raises(environment.Problem, match="could not be installed"):
        environment.prepare(folder, "runtime", folder.parent)
    assert not (folder / "textor-stamp.json").exists()
    assert "No matching distribution found for flask" in capfd.readouterr().err

    (folder.parent / "requirements.txt").write_text("# mended\n", encoding="utf-8")
    environment.prepare(folder, "runtime", folder.parent)
    assert "Making .venv" in capfd.readouterr().out  # anew: who knows what pip had written
    assert not (folder / "textor-unfinished").exists()


def test_an_environment_of_another_python_is_made_anew(environment: ModuleType, folder: Path) -> None:
    wanted = runtime(environment, folder.parent)
    other = {**wanted, "python": "2.7.18"}
    assert not environment._covers(other, wanted)
    assert not environment._is_usable(folder, other, wanted)


@pytest.mark.parametrize("stamp", ["", "{", "[]", '{"python": 3}', '{"files": []}'])
def test_a_stamp_that_makes_no_sense_is_none(environment: ModuleType, folder: Path, stamp: str) -> None:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    (folder / "textor-stamp.json").write_text(stamp, encoding="utf-8")
    assert not environment._covers(environment._read(folder), runtime(environment, folder.parent))


def test_a_stamp_whose_python_is_gone_is_none(environment: ModuleType, folder: Path) -> None:
    folder.mkdir()
    (folder / "textor-stamp.json").write_text(json.dumps(runtime(environment, folder.parent)), encoding="utf-8")
    assert environment._read(folder) == {}


def test_a_python_without_venv_is_told_the_command(
    environment: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(environment.Problem) as caught:
        environment.prepare(folder, "runtime", folder.parent)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert f"apt-get install python{version}-venv" in str(caught.value)
    assert not folder.exists()


def found_by(path: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """What with-python does with this PATH, on a project of its own."""
    environ = {"PATH": path} | more
    return subprocess.run(["/bin/sh", WITH_PYTHON], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def pretend(folder: Path, name: str, body: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def test_a_python_that_only_pretends_to_be_there_is_passed_over(tmp_path: Path) -> None:
    pretend(tmp_path, "python3.13", "echo no such version >&2; exit 127")
    pretend(tmp_path, "python3.11", f'exec {sys.executable} "$@"')
    done = found_by(str(tmp_path))
    assert done.returncode == 2  # environment.py ran, and wants to know what for
    assert "runtime|dev" in done.stderr


def test_no_python_at_all_is_one_sentence(tmp_path: Path) -> None:
    pretend(tmp_path, "python3", "exit 0")  # older than 3.11: says nothing
    done = found_by(str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("Textor needs Python 3.11 or newer and found none.")


def test_a_chosen_python_that_does_not_fit_is_named(tmp_path: Path) -> None:
    done = found_by(os.environ["PATH"], PYTHON="/no/such/python")
    assert done.returncode == 1
    assert done.stderr.startswith("PYTHON=/no/such/python is not a Python 3.11 or newer that runs.")


def test_make_tells_what_it_can_do() -> None:
    done = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        "run",
        "test",
        "check",
        "bench",
        "bench-queue",
        "bench-api",
        "chaos",
        "fuzz",
        "engine-table",
        "lock",
    ]
