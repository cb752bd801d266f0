"""Makes .venv from the pinned, hashed requirements where it isn't there yet, then becomes the given program in it.

    environment.py runtime|dev PROGRAM [ARGUMENT ...]

Standard library only: it runs before anything is installed. A stamp in the environment says which requirements are in it and
for which Python; it is written last, so an install that was interrupted is never taken for a whole one.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = {"runtime": ("requirements.txt",), "dev": ("requirements.txt", "requirements-dev.txt")}
VERSIONS_WITH_WHEELS = ((3, 11), (3, 13))

NO_COMPILER_NEEDED = "With Python 3.11 or 3.13 none is needed: make PYTHON=python3.13 run"
NO_VENV = (
    "This Python can't make virtual environments: its venv module is missing. "
    "Install it (Debian, Ubuntu: sudo apt-get install python{0}.{1}-venv) and try again."
)

Stamp = dict[str, object]


class Problem(Exception):
    """Something the person at the keyboard has to mend; the message says what."""


def main(arguments: list[str]) -> int:
    """Returns only where the program can't be started; the exit code."""
    if len(arguments) < 2 or arguments[0] not in REQUIREMENTS:
        print(__doc__, file=sys.stderr)
        return 2
    kind, program, *rest = arguments
    folder = ROOT / (os.environ.get("VENV") or ".venv")
    try:
        with _alone():
            prepare(folder, kind)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    become(folder, program, rest)
    return 0


def become(folder: Path, program: str, arguments: list[str]) -> None:
    """Replace this process by `program`, which finds the environment first on its PATH."""
    os.environ["PATH"] = os.pathsep.join((str(folder / "bin"), os.environ.get("PATH", os.defpath)))
    os.environ["VIRTUAL_ENV"] = str(folder)
    os.execvp(program, [program, *arguments])  # noqa: S606 - the Makefile's own program


def prepare(folder: Path, kind: str, root: Path = ROOT) -> None:
    """Install what `kind` needs, unless the stamp says that it is there. Raises Problem."""
    files = [root / name for name in REQUIREMENTS[kind]]
    wanted = stamp(files)
    found = _read(folder)
    if _covers(found, wanted):
        return
    if not _is_usable(folder, found, wanted):
        _create(folder)
    _say_once_about_wheels()
    _stamp_path(folder).unlink(missing_ok=True)
    unfinished = folder / "textor-unfinished"
    unfinished.touch()
    _install(folder, files)
    unfinished.unlink()
    _write(folder, wanted)


def stamp(files: Sequence[Path]) -> Stamp:
    """What an environment made of these requirements holds: the Python it is for, and the hash of each file."""
    hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return {"python": sys.version, "files": hashes}


def _covers(found: Stamp, wanted: Stamp) -> bool:
    """A dev environment serves `make run`, too."""
    have, need = found.get("files"), wanted["files"]
    return (
        found.get("python") == wanted["python"]
        and isinstance(have, dict)
        and isinstance(need, dict)
        and need.items() <= have.items()
    )


def _is_usable(folder: Path, found: Stamp, wanted: Stamp) -> bool:
    """Whether to install into what is there: it works, is for this Python, and no install broke off in it."""
    if (folder / "textor-unfinished").exists() or (found and found.get("python") != wanted["python"]):
        return False
    python = folder / "bin" / "python"
    probe = "import pip, sys; print(sys.version)"
    try:
        answer = subprocess.run([python, "-c", probe], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return answer.strip() == sys.version.strip()


def _create(folder: Path) -> None:
    if folder.exists():
        _discard(folder)
    print(f"Making {folder.name} with Python {sys.version.split()[0]}.", flush=True)
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian ships Python without it
    except ImportError:
        raise Problem(NO_VENV.format(*sys.version_info)) from None
    made = subprocess.run([sys.executable, "-m", "venv", folder], check=False, capture_output=True, text=True)
    if made.returncode:
        _discard(folder)
        raise Problem(f"{NO_VENV.format(*sys.version_info)}\n{made.stdout}{made.stderr}".strip())


def _discard(folder: Path) -> None:
    """Gone at once under its own name, so that a half-deleted environment is never found there."""
    if not folder.exists():
        return
    discarded = folder.with_name(f"{folder.name}-discarded")
    shutil.rmtree(discarded, ignore_errors=True)
    folder.rename(discarded)
    shutil.rmtree(discarded, ignore_errors=True)


def _install(folder: Path, files: Sequence[Path]) -> None:
    print("Installing Textor's packages. The first time takes a minute or two.", flush=True)
    command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--require-hashes"]
    for file in files:
        command += ["-r", file]
    if subprocess.run([str(part) for part in command], check=False).returncode:
        hint = "" if _has_wheels() else f"PocketSphinx is built from source here and needs a C compiler. {NO_COMPILER_NEEDED}\n"
        raise Problem(f"{hint}The packages could not be installed; pip's lines above say why. Run the same command to try again.")


def _say_once_about_wheels() -> None:
    if not _has_wheels():
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"Python {version}: PocketSphinx has no ready-made package for it and needs a C compiler. {NO_COMPILER_NEEDED}")


def _has_wheels() -> bool:
    return sys.version_info[:2] in VERSIONS_WITH_WHEELS


def _stamp_path(folder: Path) -> Path:
    return folder / "textor-stamp.json"


def _read(folder: Path) -> Stamp:
    try:
        found = json.loads(_stamp_path(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    # the environment's own Python may have been uninstalled since
    return found if isinstance(found, dict) and (folder / "bin" / "python").exists() else {}


def _write(folder: Path, contents: Stamp) -> None:
    draft = _stamp_path(folder).with_suffix(".draft")
    draft.write_text(json.dumps(contents, indent=2), encoding="utf-8")
    draft.replace(_stamp_path(folder))


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time: `make run` and `make test` started together must not install over each other."""
    with Path(__file__).open("rb") as own:
        fcntl.flock(own, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
